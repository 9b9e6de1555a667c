import type { INestApplicationContext } from '@nestjs/common';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hubspot } from '../../sandbox/hubspot/hubspot.js';
import { salesforce } from '../../sandbox/salesforce/salesforce.js';
import { startTwin, type Twin } from '../../sandbox/twin.js';
import { type Ledger, ledgerOf } from '../../src/pipelines/ledger.js';
import { freshDatabase } from '../support/database.js';
import { destinationsFor } from '../support/destinations.js';
import { NO_DAYS_END } from '../support/no-days-end.js';
import { People } from '../support/people.js';
import { freshRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { startWorker } from '../support/worker.js';

let pool: pg.Pool;
let people: People;
let twins: { hubspot: Twin; salesforce: Twin };
let worker: INestApplicationContext;
let event: string;

beforeAll(async () => {
  const databaseUrl = await freshDatabase();
  pool = new pg.Pool({ connectionString: databaseUrl });
  people = new People(pool);
  event = await people.event('summit');
  twins = {
    hubspot: await startTwin(hubspot(NO_DAYS_END)),
    salesforce: await startTwin(salesforce(NO_DAYS_END)),
  };
  for (const twin of Object.values(twins)) await control(twin, { faults: [], limits: false });
  worker = await startWorker({
    databaseUrl,
    redisUrl: await freshRedis(),
    destinationsFile: destinationsFor(
      { hubspot: twins.hubspot.url, salesforce: twins.salesforce.url },
      2_000,
    ),
    pipelines: { callTimeoutMs: 2_000, lateWriteMs: 1_500 },
  });
});

afterAll(async () => {
  await worker.close();
  await Promise.all(Object.values(twins).map((twin) => twin.stop()));
  await pool.end();
});

async function control(twin: Twin, faults: object): Promise<void> {
  const answer = await fetch(`${twin.url}/_twin/faults`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(faults),
  });
  expect(answer.status).toBe(200);
}

async function records(
  twin: Twin,
  object: string,
): Promise<{ key: string; fields: Record<string, string>; writes: number }[]> {
  const items: never[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const answer = await fetch(`${twin.url}/_twin/records/${object}?limit=1000&cursor=${cursor}`);
    const page = (await answer.json()) as { items: never[]; next: string | null };
    items.push(...page.items);
    cursor = page.next;
  }
  return items;
}

/** Waits until every record of the mapping has its answer and says how. */
async function settled(mapping: string): Promise<Ledger> {
  return waitFor(
    () => ledgerOf(pool, mapping),
    ({ states, changes }) =>
      changes.waiting === 0 && states.pending + states.sending + states.retrying + states.sent === 0,
  );
}

function expectBalanced(ledger: Ledger): void {
  expect(ledger.unaccounted).toBe(0);
  expect(ledger.changes.total).toBe(
    ledger.changes.settled + ledger.changes.superseded + ledger.changes.waiting,
  );
  expect(ledger.records).toBe(Object.values(ledger.states).reduce((sum, n) => sum + n, 0));
}

describe('A registration', () => {
  it('reaches both CRMs, verified, once', async () => {
    await people.register(event, ['ana@example.com']);
    for (const mapping of ['hubspot.contact', 'salesforce.lead']) {
      const ledger = await settled(mapping);
      expect(ledger.states).toMatchObject({ verified: 1 });
      expectBalanced(ledger);
    }
    const [contact] = await records(twins.hubspot, 'contacts');
    expect(contact).toMatchObject({
      writes: 1,
      fields: { email: 'ana@example.com', foyer_status: 'registered' },
    });
    const [lead] = await records(twins.salesforce, 'Lead');
    expect(lead).toMatchObject({ writes: 1, fields: { Email: 'ana@example.com', Status: 'Open' } });
  });

  it('of the same person at a second event is the same contact', async () => {
    const academy = await people.event('academy');
    await people.register(academy, ['Ana@Example.com']);
    await settled('hubspot.contact');
    await settled('salesforce.lead');
    expect(await records(twins.hubspot, 'contacts')).toHaveLength(1);
    const [lead] = await records(twins.salesforce, 'Lead');
    expect(lead!.fields.Foyer_Events__c).toBe('academy; summit');
  });

  it('without consent leaves nothing and is counted as suppressed', async () => {
    await people.register(event, ['silent@example.com'], false);
    const ledger = await settled('hubspot.contact');
    expect(ledger.states.suppressed).toBe(1);
    expectBalanced(ledger);
    const found = await records(twins.hubspot, 'contacts');
    expect(found.some(({ fields }) => fields.email === 'silent@example.com')).toBe(false);
  });

  it('that is amended many times ends in its newest state, and every change is accounted for', async () => {
    const [id] = await people.register(event, ['often@example.com']);
    for (let i = 0; i < 20; i++) await people.rename(id!, `Ana ${i}`);
    for (const mapping of ['hubspot.contact', 'salesforce.lead']) expectBalanced(await settled(mapping));
    const found = await records(twins.hubspot, 'contacts');
    expect(found.find(({ fields }) => fields.email === 'often@example.com')?.fields.firstname).toBe('Ana 19');
  });
});

describe('A backend', () => {
  it('that lies is found out, written again, and told about when it goes on', async () => {
    await control(twins.hubspot, { faults: [{ kind: 'lie', rate: 1, path: 'upsert' }], limits: false });
    await people.register(event, ['lied@example.com']);
    const ledger = await settled('hubspot.contact');
    expect(ledger.states.rejected).toBe(1);
    const { rows } = await pool.query<{ reason: string }>(
      `select reason from deliveries where mapping = 'hubspot.contact' and state = 'rejected'`,
    );
    expect(JSON.parse(rows[0]!.reason)).toMatchObject({ code: 'not-stored', owner: 'backend' });
    await control(twins.hubspot, { faults: [], limits: false });
    expectBalanced(ledger);
  });

  it('that lies once is believed only after it was written again', async () => {
    await control(twins.salesforce, {
      faults: [{ kind: 'lie', rate: 1, times: 1, path: 'Lead' }],
      limits: false,
    });
    await people.register(event, ['once@example.com']);
    await settled('salesforce.lead');
    await control(twins.salesforce, { faults: [], limits: false });
    const found = await records(twins.salesforce, 'Lead');
    expect(found.filter(({ fields }) => fields.Email === 'once@example.com')).toHaveLength(1);
  });

  it('that commits and never answers gets the record once in effect', async () => {
    const faults = [{ kind: 'timeoutAfterCommit', rate: 1, times: 1, path: 'upsert', delayMs: 5_000 }];
    await control(twins.hubspot, { faults, limits: false });
    await people.register(event, ['late@example.com']);
    const ledger = await settled('hubspot.contact');
    expectBalanced(ledger);
    const found = await records(twins.hubspot, 'contacts');
    expect(found.filter(({ fields }) => fields.email === 'late@example.com')).toHaveLength(1);
    const { rows } = await pool.query(
      `select 1 from deliveries where mapping = 'hubspot.contact' and recheck_at is not null`,
    );
    expect(rows.length).toBeGreaterThan(0);
    await waitFor(
      () =>
        pool.query(`select 1 from deliveries where mapping = 'hubspot.contact' and recheck_at is not null`),
      (seen) => seen.rows.length === 0,
    );
  });

  it('that refuses, throttles and fails for a while gets everything in the end', async () => {
    const faults = [
      { kind: 'refuse', rate: 1, times: 2 },
      { kind: 'throttle', rate: 1, times: 1 },
      { kind: 'status', status: 503, rate: 1, times: 2 },
    ];
    await control(twins.hubspot, { faults, limits: false });
    await people.register(
      event,
      Array.from({ length: 250 }, (_, i) => `crowd${i}@example.com`),
    );
    const ledger = await settled('hubspot.contact');
    expectBalanced(ledger);
    const found = await records(twins.hubspot, 'contacts');
    expect(found.filter(({ fields }) => fields.email?.startsWith('crowd'))).toHaveLength(250);
  });
});

describe('The ledger', () => {
  it('shows a delivery that somebody deleted by hand', async () => {
    const before = await settled('salesforce.lead');
    expect(before.unaccounted).toBe(0);
    await pool.query(
      `delete from deliveries where ctid = (select ctid from deliveries where mapping = 'salesforce.lead' limit 1)`,
    );
    expect((await ledgerOf(pool, 'salesforce.lead')).unaccounted).toBe(1);
  });
});
