import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rig } from './rig.js';

const EACH = 40;
const FAILURES = 6;

let rig: Rig;

beforeAll(async () => {
  rig = await Rig.start();
});

afterAll(() => rig.stop());

describe('A result that the database did not take', () => {
  it('is not passed over by the results after it: every record keeps its answer', async () => {
    const event = await rig.people.event('lost-settle');
    const emails = (kind: string): string[] =>
      Array.from({ length: EACH }, (_, i) => `${kind}${i}@example.com`);
    await rig.people.register(event, emails('sent'));
    await rig.people.register(event, emails('silent'), false);
    // The first writes of evidence fail, as by a connection that breaks; a sequence is not undone with them.
    await rig.pool.query(`
      create sequence refused;
      create function refuse_a_few() returns trigger language plpgsql as $$ begin
        if nextval('refused') <= ${FAILURES} then raise 'refused for this test'; end if;
        return new;
      end $$;
      create trigger refuse_a_few before insert on attempts for each row execute function refuse_a_few();
    `);
    // One record a call and one call at a time: a round has many results, each written by itself.
    await rig.startWorker({ batchMax: 1, callsInFlight: 1 });

    const ledger = await rig.settled();
    expect(ledger.unaccounted).toBe(0);
    expect(ledger.states).toMatchObject({ verified: EACH, suppressed: EACH });
    expect(ledger.changes.total).toBe(ledger.changes.settled + ledger.changes.superseded);
    const { rows } = await rig.pool.query<{ asked: string }>('select last_value as asked from refused');
    expect(Number(rows[0]!.asked)).toBeGreaterThan(FAILURES);
  });
});
