import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AnswerBody, OPERATOR, TestApp } from '../http/app.js';
import { Rig } from '../pipelines/rig.js';
import { waitFor } from '../support/wait-for.js';

let rig: Rig;
let app: TestApp;

beforeAll(async () => {
  rig = await Rig.start();
  app = await TestApp.start({ databaseUrl: rig.databaseUrl });
  await rig.startWorker();
});

afterAll(async () => {
  await app.stop();
  await rig.stop();
});

/** Every table and row of the database that holds this text. */
async function traces(text: string): Promise<string[]> {
  const { rows: tables } = await app.pool.query<{ name: string }>(
    `select format('%I', relname) as name from pg_class
      where relkind = 'r' and relnamespace = 'public'::regnamespace`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await app.pool.query<{ row: string }>(
      `select left(t::text, 300) as row from ${name} t where strpos(lower(t::text), lower($1)) > 0 limit 3`,
      [text],
    );
    found.push(...rows.map(({ row }) => `${name}: ${row}`));
  }
  return found;
}

async function erase({ id, manageToken }: AnswerBody): Promise<AnswerBody> {
  const answer = await app.call('DELETE', `/v1/registrations/${id}/person`, { token: manageToken });
  expect(answer.status, answer.text).toBe(200);
  return answer.body;
}

/** What a login and a comparison with the backend leave behind of a person. */
async function rememberElsewhere(email: string, key: string): Promise<void> {
  await app.pool.query(
    `with run as (
       insert into reconciliations (id, mapping, state, created_by)
       values (gen_random_uuid(), 'hubspot.contact', 'done', 'a test') returning id
     ), found as (
       insert into discrepancies (run, place, kind, key, target_key, fields, repair)
       select run.id, 1, 'drifted', p.id, $2, json_build_array(json_build_object('field', 'lastname', 'theirs', 'Zabadak')), 'write'
         from run, persons p where p.email_key = lower($1)
     ), identity as (
       insert into identities (id, provider, issuer, subject, attendee, created_at, last_login_at)
       values (gen_random_uuid(), 'p', 'https://idp.example', 's-1', json_build_object('email', $1::text), now(), now())
       returning id
     )
     insert into logins (id, hash, state_hash, identity_id, provider, authenticated_at, created_at, last_seen_at, expires_at)
     select gen_random_uuid(), 'a', 'b', id, 'p', now(), now(), now(), now() + interval '1 hour' from identity`,
    [email, key],
  );
}

const consents = [{ purpose: 'marketing', granted: true }];

describe('Erasure', () => {
  it('reaches every copy, here and at the destination, and the books still balance', async () => {
    const [here, there] = [await app.openEvent(), await app.openEvent()];
    const attendee = {
      email: 'Zerlina@Example.org',
      firstName: 'Zerlina',
      lastName: 'Zabadak',
      company: 'Zonk',
    };
    const answer = await app.register(here, { attendee, consents }, { 'idempotency-key': 'erase-me' });
    const registration = answer.body;
    await app.register(there, { attendee, consents, source: { utm_source: 'zonk' } });
    await app.register(here, { attendee: { email: 'witness@example.org' }, consents });
    const person = { email: attendee.email };
    const at = '2030-01-01T00:00:00Z';
    await app.call('POST', `/v1/events/${here}/signals`, {
      token: OPERATOR,
      body: [
        { source: 't', sourceId: 'a', type: 'asked', at, person, data: { question: 'Is Zerlina here?' } },
        { source: 't', sourceId: 'b', type: 'checkedIn', at, person: { ...person, externalId: 'zerlina-7' } },
      ],
    });
    const other = await app.openEvent();
    const early = await app.call('POST', `/v1/events/${other}/signals`, {
      token: OPERATOR,
      body: [{ source: 't', sourceId: 'c', type: 'checkedIn', at, person }],
    });
    expect(early.body.results).toMatchObject([{ status: 'unresolved' }]);
    await rig.settled();
    const before = (await rig.contactOf('zerlina@example.org'))!;
    expect(before.fields).toMatchObject({ firstname: 'Zerlina', foyer_status: 'registered' });
    expect(await traces('zerlina')).not.toEqual([]);
    await rememberElsewhere(attendee.email, before.key);

    const erased = await erase(registration);
    expect(erased).toMatchObject({ status: 'erased', attendee: {}, answers: {}, consents: [], sessions: [] });
    const ledger = await waitFor(
      () => rig.settled(),
      ({ states }) => states.erased > 0,
    );
    expect(ledger).toMatchObject({ states: { erased: 1, verified: 1 }, unaccounted: 0 });
    expect(ledger.changes.settled + ledger.changes.superseded).toBe(ledger.changes.total);
    for (const text of ['zerlina', 'zabadak', 'zonk']) expect(await traces(text), text).toEqual([]);
    const contact = (await rig.contacts()).find(({ key }) => key === before.key)!;
    expect(contact.fields.foyer_status).toBe('withdrawn');
    expect(await traces('witness@example.org'), 'nobody else is touched').not.toEqual([]);
    const logins = await app.pool.query('select 1 from logins where ended_at is null');
    expect(logins.rowCount, 'nobody is logged in as who was erased').toBe(0);

    expect(await erase(registration), 'again is no change').toEqual(erased);
    const back = await app.register(here, { attendee, consents });
    expect([back.status, back.body.id === registration.id]).toEqual([201, false]);
  });

  it('frees the place for the head of the waitlist, and tells of it', async () => {
    const event = await app.openEvent({ capacity: 1 });
    const { body: first } = await app.register(event);
    const { body: waiting } = await app.register(event);
    expect(waiting.status).toBe('waitlisted');
    await erase(first);
    const promoted = await app.call('GET', `/v1/registrations/${waiting.id}`, { token: waiting.manageToken });
    expect(promoted.body.status).toBe('confirmed');
    const { rows } = await app.pool.query<{ topic: string }>(
      `select topic from changes where stream = 'registration' and registration_id = any($1) order by seq desc limit 3`,
      [[first.id, waiting.id]],
    );
    expect(rows.map(({ topic }) => topic)).toEqual([
      'registration.erased',
      'registration.promoted',
      'registration.cancelled',
    ]);
  });

  it('of somebody whose data never left settles without a call', async () => {
    const event = await app.openEvent();
    const { body } = await app.register(event, { consents: [] });
    await rig.settled();
    const { states } = await rig.ledger();
    await erase(body);
    const after = await waitFor(
      () => rig.settled(),
      (seen) => seen.states.erased > states.erased,
    );
    expect(after.unaccounted).toBe(0);
    expect(await rig.contactOf(body.attendee.email!)).toBeUndefined();
  });
});
