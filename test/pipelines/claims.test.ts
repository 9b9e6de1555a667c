import type { INestApplicationContext } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AllCalls } from '../../src/pipelines/all-calls.js';
import { AppliedMappings } from '../../src/pipelines/applied-mappings.js';
import { Destinations } from '../../src/pipelines/destinations.js';
import type { Plan } from '../../src/pipelines/plan.js';
import { Plans } from '../../src/pipelines/plans.js';
import { Proposals } from '../../src/pipelines/proposals.js';
import { CLOCK, type Clock } from '../../src/platform/clock.js';
import { Settings } from '../../src/platform/config/settings.js';
import type { Script } from './scripted-backend.js';
import { ScriptedRig } from './scripted-rig.js';

/** One place for each person at an event, however often they register. */
const PLACES = `mapping: crm.place
stream: registration
destination: crm
object: Place
operation: upsert
when: status != "erased"
whenNot: keep
key: { field: Ref, value: event.id + "/" + personId }
fields:
  Status: status
`;
const KEPT = PLACES.replace('status != "erased"', 'consent.granted("marketing")');
const REMOVED = PLACES.replace('status != "erased"', 'status == "confirmed"').replace('keep', 'delete');
const BY_EMAIL = KEPT.replace('event.id + "/" + personId', 'attendee.email').replace(
  '  Status',
  '  Name: attendee.firstName\n  Status',
);
/** One for each event: records of several persons, in two lanes, claim it. */
const SHARED = `${PLACES.replace('event.id + "/" + personId', 'event.id')}lanes: 2\n`;
const MAPPING = 'crm.place';
const RETRY: ReturnType<Script> = {
  kind: 'retry',
  afterMs: 100,
  reason: { code: 'busy', message: 'Busy.', owner: 'backend', status: 409 },
};

let rig: ScriptedRig;
let worker: INestApplicationContext;
let event: string;

async function start(mapping: string, pipelines: Readonly<Record<string, unknown>> = {}): Promise<void> {
  rig = await ScriptedRig.start({ place: mapping });
  worker = await rig.startWorker(pipelines);
  event = await rig.people.event('again');
}

afterEach(() => rig.stop());

async function register(name: string, at = event): Promise<string> {
  const [id] = await rig.people.register(at, [`${name}@example.com`]);
  return id!;
}

async function giveOn(registration: string, name: string): Promise<void> {
  const attendee = { email: `${name}@example.com`, firstName: name, lastName: 'Ruiz' };
  const { rows } = await rig.pool.query<{ came: string }>(
    `select transfer_registration($1, null, now(), gen_random_uuid(), $2, $3, null, null, null, interval '1 day') as came`,
    [registration, attendee.email, JSON.stringify(attendee)],
  );
  expect(rows[0]!.came).toBe('transferred');
}

async function standing(state: string, n: number) {
  const ledger = await rig.until(MAPPING, { [state]: n });
  expect(ledger.unaccounted).toBe(0);
  return ledger;
}

async function reasonOf(registration: string): Promise<string | undefined> {
  const { rows } = await rig.pool.query<{ code: string }>(
    `select reason::json ->> 'code' as code from deliveries where key = $1`,
    [registration],
  );
  return rows[0]?.code;
}

/** Statuses at the backend by the person's name. */
async function places(): Promise<Record<string, unknown>> {
  const { rows } = await rig.pool.query<{ id: string; email: string }>('select id, email from persons');
  return Object.fromEntries(
    rig.crm.all('Place').map(({ key, fields }): [string, unknown] => {
      const person = rows.find(({ id }) => key!.endsWith(id))!;
      return [person.email.split('@')[0]!, fields['Status']];
    }),
  );
}

describe('A place that was cancelled and taken again', () => {
  beforeEach(() => start(PLACES, { callTimeoutMs: 400, lateWriteMs: 8_000, retryFirstMs: 50 }));

  it('stays taken when the cancellation, sent without an answer, takes effect late', async () => {
    const first = await register('ana');
    await standing('verified', 1);
    rig.crm.script = ({ records }) => (records[0]!.fields['Status'] === 'cancelled' ? 'lost' : undefined);
    await rig.people.cancel(first);
    await rig.until(MAPPING, { retrying: 1 });
    await register('ana');
    await rig.until(MAPPING, { verified: 1, retained: 1 });
    expect(await rig.delivery(MAPPING, first)).toMatchObject({
      state: 'retained',
      reason: { code: 'spoken-for' },
    });
    Object.assign(rig.crm.all('Place')[0]!.fields, { Status: 'cancelled' });
    const { rows } = await rig.pool.query<{ key: string }>(
      'select key from deliveries where recheck_at is not null',
    );
    expect(rows.map(({ key }) => key)).not.toContain(first);
    await expect.poll(places, { timeout: 20_000 }).toEqual({ ana: 'confirmed' });
    expect(rig.crm.all('Place')).toHaveLength(1);
  });

  it('waits while a call about it is out for the one before', async () => {
    const first = await register('ana');
    await standing('verified', 1);
    await rig.pool.query(
      `insert into intents (id, mapping, lane, epoch, keys, versions, mapping_version, deadline)
       values (gen_random_uuid(), $1, 99, 1, array[$2::uuid], '{1}', 1, now())`,
      [MAPPING, first],
    );
    await rig.people.cancel(first);
    const second = await register('ana');
    await expect.poll(() => reasonOf(second), { timeout: 15_000 }).toBe('waits-for-object');
    await rig.pool.query('delete from intents where lane = 99');
    await rig.pool.query(
      `with due as (update deliveries set next_attempt_at = now() where state = 'pending') update lanes set due = now()`,
    );
    await rig.until(MAPPING, { verified: 1, retained: 1 });
    expect(await places()).toEqual({ ana: 'confirmed' });
  });

  it('is what a plan says of it: no duplicate, and nothing to do for the one before', async () => {
    const first = await register('ana');
    await standing('verified', 1);
    await rig.people.cancel(first);
    await register('ana');
    await rig.until(MAPPING, { verified: 1, retained: 1 });
    const plan = await planned(PLACES.replace('  Status: status', '  Status: status + "!"'));
    expect(plan.counts).toMatchObject({
      records: 2,
      changed: 1,
      unchanged: 1,
      duplicates: 0,
      unknownFields: 0,
    });
    expect(plan.calls).toMatchObject({ writes: 1 });
    const { rows } = await rig.pool.query('select from plan_records where plan = $1', [plan.id]);
    expect(rows).toHaveLength(1);
  });
});

async function planned(source: string): Promise<Plan> {
  const [applied, settings] = [worker.get(AppliedMappings), worker.get(Settings)];
  const [clock, destinations] = [worker.get<Clock>(CLOCK), worker.get(Destinations)];
  const calls = worker.get(AllCalls);
  const plans = new Plans(rig.pool, clock, settings, applied, destinations, calls, new Proposals(settings));
  return plans.plan(MAPPING, { source }, { read: false, by: 'operator of the tests' });
}

describe('A place that is removed when it is cancelled', () => {
  it('is not removed any more once it is taken again', async () => {
    await start(REMOVED);
    const first = await register('ana');
    await standing('verified', 1);
    rig.crm.script = ({ what }) => (what === 'remove' ? RETRY : undefined);
    await rig.people.cancel(first);
    await rig.until(MAPPING, { retrying: 1 });
    await register('ana');
    await standing('verified', 1);
    rig.crm.script = () => undefined;
    await rig.until(MAPPING, { suppressed: 1, verified: 1 });
    expect((await rig.delivery(MAPPING, first)).reason).toMatchObject({ code: 'spoken-for' });
    expect(await places()).toEqual({ ana: 'confirmed' });
  });
});

describe('A place that was given on', () => {
  it('leaves its giver free to register again, and comes back when they have cancelled', async () => {
    await start(PLACES);
    const given = await register('ana');
    await standing('verified', 1);
    await giveOn(given, 'bea');
    const second = await register('ana');
    await standing('verified', 2);
    expect(await places()).toEqual({ ana: 'confirmed', bea: 'confirmed' });
    await rig.people.cancel(second);
    await expect.poll(places, { timeout: 15_000 }).toEqual({ ana: 'cancelled', bea: 'confirmed' });
    await giveOn(given, 'ana');
    await expect.poll(places, { timeout: 15_000 }).toEqual({ ana: 'confirmed', bea: 'confirmed' });
    await standing('retained', 1);
    expect((await rig.delivery(MAPPING, second)).reason).toMatchObject({ code: 'spoken-for' });
    const { rows } = await rig.pool.query(
      `select d.key from deliveries d join registrations r on r.id = d.key
        where d.slot <> slot_of(r.person_id)`,
    );
    expect(rows, 'every delivery is in the lane of its person').toEqual([]);
  });

  it('holds nothing of its giver where it is not sent for its taker', async () => {
    await start(KEPT);
    const given = await register('ana');
    await standing('verified', 1);
    await giveOn(given, 'bea');
    await standing('retained', 1);
    await register('ana');
    await rig.until(MAPPING, { verified: 1, retained: 1 });
    expect(await places()).toEqual({ ana: 'confirmed' });
  });
});

describe('Two records that live and claim one key', () => {
  it('collide, and the second comes when the first is over', async () => {
    await start(BY_EMAIL);
    const first = await register('ana');
    await standing('verified', 1);
    const second = await register('ana', await rig.people.event('other'));
    await standing('rejected', 1);
    expect((await rig.delivery(MAPPING, second)).reason).toMatchObject({ code: 'duplicate-target' });
    expect(
      (await planned(BY_EMAIL.replace('  Status: status', '  Status: status + "!"'))).counts,
    ).toMatchObject({
      duplicates: 1,
    });
    await rig.people.cancel(first);
    await rig.until(MAPPING, { verified: 1, retained: 1 });
    expect((await rig.delivery(MAPPING, second)).state).toBe('verified');
    expect(rig.crm.all('Place').map(({ fields }) => fields['Status'])).toEqual(['confirmed']);
  });
});

describe('Two records of different lanes that claim one key', () => {
  it('follow each other: the second waits until the first has had its last word', async () => {
    await start(SHARED);
    const first = await register('ana');
    await standing('verified', 1);
    const second = await registerInOtherLane(first);
    await expect.poll(() => reasonOf(second), { timeout: 15_000 }).toBe('duplicate-target');
    rig.crm.script = ({ records }) => (records[0]!.fields['Status'] === 'cancelled' ? RETRY : undefined);
    await rig.people.cancel(first);
    await rig.until(MAPPING, { retrying: 1 });
    await rig.pool.query(
      `insert into redeliveries (mapping, key, slot) select mapping, key, slot from deliveries
      where key = $1`,
      [second],
    );
    await rig.pool.query('update lanes set due = now()');
    await expect.poll(() => reasonOf(second), { timeout: 15_000 }).toBe('waits-for-object');
    rig.crm.script = () => undefined;
    await rig.until(MAPPING, { verified: 1, retained: 1 });
    expect(rig.crm.all('Place').map(({ fields }) => fields['Status'])).toEqual(['confirmed']);
    expect((await rig.delivery(MAPPING, second)).state).toBe('verified');
  });
});

async function registerInOtherLane(first: string): Promise<string> {
  await rig.pool.query(
    `insert into persons (id, email_key, email, first_name, last_name, version, created_at, updated_at)
     select encode(set_byte(uuid_send(person_id), 15, get_byte(uuid_send(person_id), 15) # 1), 'hex')::uuid, 'bea@example.com',
            'bea@example.com', 'Bea', 'Ruiz', 1, now(), now()
       from registrations where id = $1`,
    [first],
  );
  return register('bea');
}
