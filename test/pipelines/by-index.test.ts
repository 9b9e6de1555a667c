import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.js';
import { Rig } from './rig.js';

/** What a worker reads and that grows with the people. */
const TABLES = ['attempts', 'changes_0', 'deliveries', 'intents'];
const ROUNDS = 12;

let rig: Rig;
let event: string;
let registered = 0;

beforeAll(async () => {
  rig = await Rig.start();
  event = await rig.people.event('summit');
  await rig.startWorker({ lingerMs: 0 });
});

afterAll(() => rig.stop());

async function deliver(many: number): Promise<void> {
  const emails = Array.from({ length: many }, () => `p${(registered += 1)}@example.com`);
  await rig.people.register(event, emails);
  // Not by the ledger, which reads whole tables itself.
  await waitFor(
    () => rig.pool.query<{ settled: number }>('select sum(settled)::int as settled from lanes'),
    ({ rows }) => rows[0]!.settled >= registered,
  );
}

/** How often each table was read whole, and one of them by index, as far as the connections have told. */
async function reads(): Promise<{ whole: Record<string, number>; byIndex: number }> {
  const { rows } = await rig.pool.query<{ relname: string; whole: number; by_index: number }>(
    `select relname, seq_scan::int as whole, idx_scan::int as by_index from pg_stat_user_tables
      where relname = any($1) order by relname`,
    [TABLES],
  );
  return {
    whole: Object.fromEntries(rows.map(({ relname, whole }) => [relname, whole])),
    byIndex: rows.find(({ relname }) => relname === 'deliveries')!.by_index,
  };
}

describe('What a worker reads of tables that grow', () => {
  it('is found by an index, also where it was planned while they were small', async () => {
    await deliver(20);
    await rig.pool.query(`analyze ${TABLES.join()}`);
    const before = await reads();
    for (let round = 0; round < ROUNDS; round++) await deliver(20);
    // Each connection tells what it read once it has been idle for a moment.
    const after = await waitFor(reads, ({ byIndex }) => byIndex >= before.byIndex + ROUNDS * 20);
    expect(after.whole).toEqual(before.whole);
  });
});
