import type { INestApplicationContext } from '@nestjs/common';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AllCalls } from '../../src/pipelines/all-calls.js';
import { AppliedMappings } from '../../src/pipelines/applied-mappings.js';
import { Destinations } from '../../src/pipelines/destinations.js';
import { ledgerOf } from '../../src/pipelines/ledger.js';
import { systemClock } from '../../src/platform/clock.js';
import { Settings } from '../../src/platform/config/settings.js';
import { createLogger } from '../../src/platform/logger.js';
import { findRun, listDiscrepancies, type Run } from '../../src/reconciliation/read-runs.js';
import { Reconciliations } from '../../src/reconciliation/reconciliations.js';
import { call, hubspotTwin, salesforceTwin } from '../sandbox/twins.js';
import { freshDatabase } from '../support/database.js';
import { destinationsFor } from '../support/destinations.js';
import { NO_END } from '../support/no-days-end.js';
import { People } from '../support/people.js';
import { freshRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { startWorker } from '../support/worker.js';

/** More than are ever looked at one by one. */
const PEOPLE = 1_050;
const SETTLING_MS = 30_000;
const AT_ONCE = 50;

/** The objects as the twins name them, and the fields that carry our key and that a colleague changes. */
const OBJECTS = {
  'hubspot.contact': { object: 'contacts', keyField: 'foyer_person_id', field: 'firstname' },
  'salesforce.lead': { object: 'Lead', keyField: 'Foyer_Person_Id__c', field: 'FirstName' },
} as const;
type Mapping = keyof typeof OBJECTS;

interface There {
  readonly id: string;
  readonly fields: Readonly<Record<string, string>>;
}

let pool: pg.Pool;
let worker: INestApplicationContext;
let people: People;
let reconciliations: Reconciliations;
let twins: Record<Mapping, string>;

beforeAll(async () => {
  const [hubspot, salesforce] = [
    await hubspotTwin({ dailyMax: NO_END }),
    await salesforceTwin({ dailyMax: NO_END }),
  ];
  twins = { 'hubspot.contact': hubspot.url, 'salesforce.lead': salesforce.url };
  const databaseUrl = await freshDatabase();
  pool = new pg.Pool({ connectionString: databaseUrl });
  people = new People(pool);
  worker = await startWorker({
    databaseUrl,
    redisUrl: await freshRedis(),
    destinationsFile: destinationsFor({ hubspot: hubspot.url, salesforce: salesforce.url }, 10_000),
  });
  const destinations = worker.get(Destinations);
  reconciliations = new Reconciliations(
    pool,
    systemClock,
    createLogger('fatal'),
    worker.get(AppliedMappings),
    destinations,
    worker.get(AllCalls),
    worker.get(Settings),
  );
  const event = await people.event('moved');
  await people.register(
    event,
    Array.from({ length: PEOPLE }, (_, i) => `person${i}@example.com`),
  );
  for (const mapping of Object.keys(OBJECTS) as Mapping[])
    await waitFor(
      () => ledgerOf(pool, mapping),
      ({ states }) => states.verified === PEOPLE,
    );
});

afterAll(async () => {
  await worker.close();
  await pool.end();
});

async function run(mapping: Mapping, isFull = false): Promise<{ run: Run; found: string[] }> {
  const { id } = await reconciliations.begin(mapping, 'test', isFull);
  await reconciliations.quiet();
  const done = (await findRun(pool, id))!;
  expect(done).toMatchObject({ state: 'done', failure: null });
  const found = await listDiscrepancies(pool, id, 10_000, -1);
  return { run: done, found: found.map(({ kind, key, targetKey }) => `${kind} ${key ?? targetKey}`).sort() };
}

const kindOf = ({ certificate }: Run): string => certificate!.kind;

/** A full run after which nothing is left to be looked at: Salesforce's marks of the last seconds say too little. */
async function settled(mapping: Mapping): Promise<void> {
  await waitFor(
    async () => {
      await run(mapping, true);
      return (await run(mapping)).run.certificate!.counts.afresh;
    },
    (afresh) => afresh === 0,
    SETTLING_MS,
  );
}

describe.each(Object.keys(OBJECTS) as Mapping[])('What moved since a full run of %s', (mapping) => {
  const { object, keyField, field } = OBJECTS[mapping];
  const at = (): string => `${twins[mapping]}/_twin/records/${object}`;
  const there = async (): Promise<There[]> =>
    (await call<{ items: There[] }>('GET', `${at()}?limit=10000`)).body.items;
  const keyOf = ({ fields }: There): string => fields[keyField]!;
  const edit = ({ id }: There, value: string): Promise<unknown> =>
    call('PUT', `${at()}/${id}`, { fields: { [field]: value } });

  it.each<[string, (one: There, other: There) => Promise<readonly string[]>]>([
    [
      'edited there',
      async (one) => {
        await edit(one, 'Gardener');
        return [`drifted ${keyOf(one)}`];
      },
    ],
    [
      'deleted there',
      async (one) => {
        await call('DELETE', `${at()}/${one.id}`);
        return [`deleted ${keyOf(one)}`];
      },
    ],
    [
      'merged there into a stranger',
      async (one) => {
        const stranger = { fields: { [field]: 'Stranger' } };
        const { ids } = (await call<{ ids: string[] }>('POST', at(), { records: [stranger] })).body;
        await call('POST', `${at()}/${one.id}/merge`, { into: ids[0] });
        return [`merged ${keyOf(one)}`];
      },
    ],
    [
      'added there, and once more under a key of ours',
      async (one) => {
        const fields = { [field]: 'Newcomer' };
        const records = ['nobody', keyOf(one)].map((key) => ({ fields: { ...fields, [keyField]: key } }));
        await call('POST', at(), { records });
        return [`duplicate ${keyOf(one)}`, 'extra nobody'];
      },
    ],
    [
      'changed in our table',
      async (one, other) => {
        await pool.query('delete from deliveries where mapping = $1 and key = $2', [mapping, keyOf(one)]);
        await pool.query(`update deliveries set target_id = null where mapping = $1 and key = $2`, [
          mapping,
          keyOf(other),
        ]);
        await call('DELETE', `${at()}/${other.id}`);
        return [`missing ${keyOf(other)}`, `unaccounted ${keyOf(one)}`];
      },
    ],
  ])('is found as a full run finds it: %s', async (_what, move) => {
    await settled(mapping);
    const [one, other] = await there();
    const wanted = [...(await move(one!, other!))].sort();
    const since = await run(mapping);
    expect(kindOf(since.run)).toBe('since');
    expect(since.found).toEqual(wanted);
    const full = await run(mapping, true);
    expect(full.found).toEqual(wanted);
    await reconciliations.repair(full.run.id, { remove: true });
    await waitFor(
      async () => (await run(mapping, true)).found,
      (found) => found.length === 0,
      SETTLING_MS,
    );
  });

  it('is compared in full where it is too much to be looked at one by one', async () => {
    await settled(mapping);
    const all = await there();
    for (let at = 0; at < all.length; at += AT_ONCE)
      await Promise.all(all.slice(at, at + AT_ONCE).map((one) => edit(one, 'Everybody')));
    const { run: after, found } = await run(mapping);
    expect(kindOf(after)).toBe('full');
    expect(found).toHaveLength(PEOPLE);
  });
});
