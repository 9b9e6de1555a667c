import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Run } from '../../src/reconciliation/read-runs.js';
import type { Twin } from '../../sandbox/twin.js';
import { call, hubspotTwin } from '../sandbox/twins.js';
import { freshDatabase } from '../support/database.js';
import { destinationsFor } from '../support/destinations.js';
import { NO_END } from '../support/no-days-end.js';
import { People } from '../support/people.js';
import { type RunningProgram, startProgram } from '../support/program.js';
import { freshRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';

const KEY = 'fk_schedules-schedules-schedules-schedules';
const MAPPING = 'hubspot.contact';
const PEOPLE = 12;

let pool: pg.Pool;
let twin: Twin;
let api: RunningProgram;
let start: (role: 'api' | 'worker') => Promise<RunningProgram>;
const programs: RunningProgram[] = [];

beforeAll(async () => {
  twin = await hubspotTwin({ dailyMax: NO_END });
  const databaseUrl = await freshDatabase();
  pool = new pg.Pool({ connectionString: databaseUrl });
  const env = {
    FOYER_OPERATOR_KEY: KEY,
    FOYER_PIPELINES_DESTINATIONS_FILE: destinationsFor({ hubspot: twin.url }),
  };
  const redisUrl = await freshRedis();
  start = async (role) => {
    const program = await startProgram({ role, databaseUrl, redisUrl, env });
    programs.push(program);
    return program;
  };
  api = await start('api');
  const people = new People(pool);
  await people.register(
    await people.event('compared'),
    Array.from({ length: PEOPLE }, (_, i) => `person${i}@example.com`),
  );
});

afterAll(async () => {
  for (const program of programs) program.kill();
  await Promise.all(programs.map(({ stopped }) => stopped));
  await pool.end();
});

async function read<T>(where: string): Promise<T> {
  return (await call<T>('GET', `${api.url}${where}`, undefined, { authorization: `Bearer ${KEY}` })).body;
}

async function runs(mapping = MAPPING): Promise<Run[]> {
  const { items } = await read<{ items: Run[] }>('/v1/reconciliations');
  return items.filter((run) => run.mapping === mapping);
}

async function verified(): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    `select count(*)::int as n from deliveries where mapping = $1 and state = 'verified'`,
    [MAPPING],
  );
  return rows[0]!.n;
}

describe('The nightly reconciliation', () => {
  it('is not made good for a night on which there was nothing to compare', async () => {
    const worker = await start('worker');
    await waitFor(verified, (n) => n === PEOPLE);
    worker.kill();
    await worker.stopped;
    expect(await runs()).toEqual([]);
  });

  it('is made good at start, once though two workers run, and repairs nothing', async () => {
    const at = `${twin.url}/_twin/records/contacts`;
    const { items } = (await call<{ items: { id: string }[] }>('GET', at)).body;
    await call('DELETE', `${at}/${items[0]!.id}`);
    await pool.query(`update mapping_versions set applied_at = now() - interval '2 days'`);
    const workers = await Promise.all([start('worker'), start('worker')]);

    const [run] = await waitFor(runs, (seen) => seen.some(({ state }) => state !== 'running'));
    expect(run).toMatchObject({ state: 'done', failure: null, schedule: 'reconciliation' });
    expect(run!.certificate!.counts.compared).toBe(PEOPLE);
    expect(run!.certificate!.discrepancies).toMatchObject({ deleted: 1, missing: 0, drifted: 0 });
    // The other mapping comes after it, so both workers have looked at this one.
    await waitFor(
      () => runs('salesforce.lead'),
      (seen) => seen.some(({ state }) => state !== 'running'),
    );
    expect(await runs()).toHaveLength(1);
    expect(await runs('salesforce.lead')).toHaveLength(1);
    expect((await call<{ items: unknown[] }>('GET', at)).body.items).toHaveLength(PEOPLE - 1);

    const lines = workers.flatMap(({ logs }) => logs).map((line) => JSON.parse(line) as { msg: string });
    const warned = lines.filter(({ msg }) => msg === 'reconciled: both sides differ');
    expect(warned).toMatchObject([{ level: 40, mapping: MAPPING, discrepancies: 1 }]);
  });

  it('shows in /metrics what was found, until it is repaired', async () => {
    const shown = async (): Promise<string> => (await call('GET', `${api.url}/metrics`)).text;
    const found = `foyer_discrepancies{mapping="${MAPPING}",kind="deleted"}`;
    const first = await shown();
    expect(first).toContain(`${found} 1`);
    expect(first).toMatch(new RegExp(`foyer_reconciled_timestamp_seconds\\{mapping="${MAPPING}"\\} \\d{10}`));
    const [run] = await runs();
    await call(
      'POST',
      `${api.url}/v1/reconciliations/${run!.id}/repair`,
      {},
      { authorization: `Bearer ${KEY}` },
    );
    expect(await shown()).toContain(`${found} 0`);
  });
});
