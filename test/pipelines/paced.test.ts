import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { takeLease } from '../../src/changes/lease.js';
import type { Write } from '../../src/pipelines/decide.js';
import { goingNow, roundSize } from '../../src/pipelines/paced.js';
import { readRound } from '../../src/pipelines/read-round.js';
import { freshDatabase } from '../support/database.js';
import { People } from '../support/people.js';
import { waitFor } from '../support/wait-for.js';
import { ScriptedRig } from './scripted-rig.js';

const MAPPING = `
mapping: crm.contact
stream: person
destination: crm
object: contacts
operation: upsert
when: consent.granted("marketing")
whenNot: keep
key: { field: ref, value: person.id }
fields: { name: person.firstName }
lanes: 1
`;
/** Fills nine calls and a half. */
const PEOPLE = 95;

function writes(many: number, asked = 0): Write[] {
  return Array.from({ length: many }, (_, n) => {
    const redelivery = n < asked ? { id: String(n), whole: false } : null;
    const taken = { key: String(n), slot: 0, version: 1, snapshot: {}, previous: null, redelivery };
    return { kind: 'write', taken, key: String(n), fields: {}, goal: 'verified', reason: null } as const;
  });
}

const keys = (some: readonly Write[]): string[] => some.map(({ key }) => key);

describe('Where calls need no spacing', () => {
  it('a round takes all that may be read and sends all of it', () => {
    expect(roundSize(0, 4, 100, 2_000)).toEqual({ changes: 2_000, batches: Infinity });
    expect(goingNow(writes(250), 100, Infinity)).toHaveLength(250);
  });
});

describe('Where calls are spaced', () => {
  it('a round is as large as can be sent in about a second, one call at least', () => {
    expect(roundSize(250, 4, 100, 2_000)).toEqual({ changes: 800, batches: 1 });
    expect(roundSize(20, 4, 100, 2_000)).toEqual({ changes: 2_000, batches: 7 });
    expect(roundSize(60_000, 1, 300, 2_000)).toEqual({ changes: 2_000, batches: 1 });
  });

  it('what would not fill a call waits, if full ones go out', () => {
    expect(keys(goingNow(writes(25), 10, 3))).toEqual(keys(writes(20)));
    expect(keys(goingNow(writes(99), 10, 3))).toEqual(keys(writes(30)));
    expect(keys(goingNow(writes(9), 10, 3))).toEqual(keys(writes(9)));
  });

  it('what was asked for again takes a quarter of a round while others wait, and all of it where none do', () => {
    const going = goingNow(writes(100, 50), 10, 2);
    expect(going).toHaveLength(20);
    expect(going.filter(({ taken }) => taken.redelivery != null)).toHaveLength(5);
    expect(goingNow(writes(50, 50), 10, 2)).toHaveLength(20);
    expect(goingNow(writes(40, 37), 10, 2).filter(({ taken }) => taken.redelivery == null)).toHaveLength(3);
  });
});

describe('A change that is read again', () => {
  it('is passed over where a newer one of the same record was taken up before it', async () => {
    const pool = new pg.Pool({ connectionString: await freshDatabase() });
    try {
      const people = new People(pool);
      const [id] = await people.register(await people.event('again'), ['again@example.com']);
      await people.rename(id!, 'Bea');
      await pool.query(`insert into lanes (mapping, lane, lanes, stream) values ('m', 0, 1, 'person')`);
      await pool.query(
        `insert into deliveries (mapping, key, slot, version, wanted, state, sent, next_attempt_at, mapping_version)
         select 'm', key, slot, 0, 2, 'retrying', true, now() + interval '1 hour', 1 from changes
          where stream = 'person' and version = 1`,
      );
      const lease = await takeLease(pool, { mapping: 'm', lane: 0 }, 'a worker', 60_000);
      expect((await readRound(pool, lease!, 1)).taken).toEqual([]);
      await pool.query('update deliveries set wanted = 1');
      expect((await readRound(pool, lease!, 1)).taken).toMatchObject([{ version: 1 }]);
      expect((await readRound(pool, lease!, 2)).taken).toMatchObject([{ version: 2 }]);
    } finally {
      await pool.end();
    }
  });
});

describe('A backlog at a destination with a limit', () => {
  let rig: ScriptedRig;

  beforeAll(async () => {
    rig = await ScriptedRig.start({ 'crm.contact': MAPPING });
    rig.crm.limits = { callsPerSecond: 10 };
    rig.crm.batchLimit = 10;
  });

  afterAll(() => rig.stop());

  it('goes out in full calls, each record once, and nothing is missing from the books meanwhile', async () => {
    const event = await rig.people.event('paced');
    await rig.startWorker();
    await rig.until('crm.contact', { verified: 0 });
    const emails = Array.from({ length: PEOPLE }, (_, n) => `paced${n}@example.com`);
    await rig.people.register(event, emails);
    const balances: number[] = [];
    const unsent: number[] = [];
    await waitFor(
      async () => {
        const { changes, states, unaccounted } = await rig.ledger('crm.contact');
        balances.push(changes.settled + changes.superseded + changes.waiting - changes.total + unaccounted);
        unsent.push(states.sending - rig.crm.written.length);
        return states.verified;
      },
      (verified) => verified === PEOPLE,
      20_000,
    );
    expect(balances.length).toBeGreaterThan(10);
    expect(new Set(balances)).toEqual(new Set([0]));
    expect(Math.max(...unsent), 'announced before the turn of their call').toBeLessThanOrEqual(10);
    expect(rig.crm.written).toHaveLength(PEOPLE);
    expect(rig.crm.calls, 'ten writes, and no more read-backs than that').toBeLessThanOrEqual(20);
  });
});
