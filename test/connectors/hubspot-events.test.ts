/** Marketing events and participations, against the twin, and beside what HubSpot's own client sends. */
import { Client } from '@hubspot/api-client';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Twin } from '../../sandbox/twin.js';
import type { Connector, ObjectTarget, OutgoingRecord } from '../../src/connectors/connector.js';
import { createConnector } from '../../src/connectors/registry.js';
import { compare } from '../../src/pipelines/verify.js';
import { control, hubspotCall, hubspotTwin, journal, TOKEN } from '../sandbox/twins.js';
import { kinds } from './dialects.js';
import { json, type Seen, sharedServer } from './scripted-server.js';

const signal = new AbortController().signal;
const of = (object: string, keyField: string): ObjectTarget => ({ object, operation: 'upsert', keyField });
const events = of('marketing-events', 'externalEventId');
const completions = of('marketing-event-completions', 'externalEventId');
const participations = of('participations', 'participation');
const STARTS = '2026-06-02T07:00:00.000Z';
const ENDS = '2026-06-02T16:00:00.000Z';
const SUMMIT = {
  eventName: 'Summit',
  eventOrganizer: 'Foyer',
  eventType: 'CONFERENCE',
  startDateTime: STARTS,
  endDateTime: ENDS,
};
const ATTENDED = { attendanceState: 'ATTENDED', occurredAt: STARTS, joinedAt: STARTS, leftAt: ENDS };
const REGISTERED = { attendanceState: 'REGISTERED', occurredAt: '2026-01-05T09:00:00.000Z' };
const CANCELLED = { attendanceState: 'CANCELLED', occurredAt: '2026-06-10T09:00:00.000Z' };

const crm = (baseUrl: string): Connector =>
  createConnector({ name: 'crm', connector: 'hubspot', settings: { baseUrl, token: TOKEN } });
const record = (key: string, fields: OutgoingRecord['fields'], targetId: string | null = null) => ({
  traceId: `t-${key.replaceAll('/', '-')}`,
  key,
  targetId,
  fields,
});

describe('against the twin', () => {
  let twin: Twin;
  let connector: Connector;
  let contacts: string[];

  beforeAll(async () => {
    twin = await hubspotTwin();
    connector = crm(twin.url);
  });

  beforeEach(async () => {
    await control(twin, 'DELETE', '');
    const inputs = ['ada', 'bob', 'cem'].map((name) => ({ properties: { email: `${name}@example.com` } }));
    const path = '/crm/v3/objects/contacts/batch/create';
    const { body } = await hubspotCall<{ results: { id: string }[] }>(twin, 'POST', path, { inputs });
    contacts = body.results.map(({ id }) => id);
    expect(await sent(events, [record('e-1', SUMMIT)])).toEqual(['written']);
  });

  const sent = async (target: ObjectTarget, records: OutgoingRecord[]) =>
    kinds(await connector.send(target, records, { signal }));
  const read = (target: ObjectTarget, keys: string[]) =>
    connector.readBack(
      target,
      keys.map((key) => ({ key, targetId: null })),
      [],
      { signal },
    );
  const stateOf = async (key: string) =>
    (await read(participations, [key])).records[0]?.fields.attendanceState;
  /** As the pipeline judges it. */
  const verdict = async (target: ObjectTarget, { key, fields }: OutgoingRecord) =>
    compare(connector, target, fields, (await read(target, [key])).records[0]).kind;

  test('an event is made, changed, read back as written, and removed', async () => {
    const changed = record('e-1', { ...SUMMIT, eventName: 'Summit, renamed' });
    const other = record('e-2', { ...SUMMIT, eventCancelled: true });
    expect(await sent(events, [changed, other])).toEqual(['written', 'written']);
    for (const one of [changed, other]) expect(await verdict(events, one)).toBe('stands');
    const { records } = await read(events, ['e-1', 'e-2', 'e-3']);
    expect(records.map((one) => one?.fields.eventName)).toEqual(['Summit, renamed', 'Summit', undefined]);
    expect(records[2]).toBeNull();
    const removed = await connector.remove!(events, [other, record('e-9', {})], { signal });
    expect(kinds(removed)).toEqual(['written', 'unchanged']);
    expect((await read(events, ['e-2'])).records).toEqual([null]);
  });

  test('an event without an organizer is refused by name, and others go through', async () => {
    const { outcomes } = await connector.send(
      events,
      [record('e-2', { eventName: 'Nobody' }), record('e-3', SUMMIT)],
      { signal },
    );
    expect(outcomes).toMatchObject([
      { kind: 'rejected', reason: { message: expect.stringContaining('eventOrganizer') as string } },
      { kind: 'written' },
    ]);
  });

  test('those who register, cancel and attend are told in a call for each, and read back', async () => {
    const [ada, bob, cem] = contacts.map((id) => `e-1/${id}`) as [string, string, string];
    const records = [record(ada, ATTENDED), record(bob, CANCELLED), record(cem, REGISTERED)];
    expect(await sent(participations, records)).toEqual(['written', 'written', 'written']);
    for (const one of records) expect(await verdict(participations, one)).toBe('stands');
    const { records: found } = await read(participations, [ada, bob, cem, 'e-1/999999']);
    expect(found.map((one) => one?.fields.attendanceState)).toEqual([
      'ATTENDED',
      'CANCELLED',
      'REGISTERED',
      undefined,
    ]);
    expect(found[3]).toBeNull();
    expect(found[0]!.fields.attendanceDurationSeconds).toBe(9 * 3600);
  });

  test('who has attended stays so, whatever is cancelled or registered afterwards', async () => {
    const key = `e-1/${contacts[0]}`;
    await sent(participations, [record(key, REGISTERED)]);
    await sent(participations, [record(key, ATTENDED, key)]);
    for (const later of [CANCELLED, REGISTERED]) {
      const word = record(key, later, key);
      expect(await sent(participations, [word])).toEqual(['unchanged']);
      expect(await verdict(participations, word)).toBe('stands');
      expect(await stateOf(key)).toBe('ATTENDED');
    }
  });

  test('who cancels and comes back is registered again', async () => {
    const key = `e-1/${contacts[0]}`;
    await sent(participations, [record(key, CANCELLED)]);
    expect(await sent(participations, [record(key, REGISTERED, key)])).toEqual(['written']);
    expect(await stateOf(key)).toBe('REGISTERED');
  });

  test('a contact that is gone is named, and the others are told', async () => {
    const records = [`e-1/${contacts[0]}`, 'e-1/777777', `e-1/${contacts[1]}`].map((key) =>
      record(key, REGISTERED),
    );
    const { outcomes } = await connector.send(participations, records, { signal });
    expect(outcomes).toMatchObject([
      { kind: 'written' },
      { kind: 'rejected', reason: { code: 'OBJECT_NOT_FOUND', owner: 'backend' } },
      { kind: 'written' },
    ]);
  });

  test('an event that is gone is the answer for all of them, by one call', async () => {
    const before = (await journal(twin)).length;
    const records = contacts.map((id) => record(`gone/${id}`, REGISTERED));
    const { outcomes } = await connector.send(participations, records, { signal });
    expect(outcomes.map((one) => 'reason' in one && one.reason.code)).toEqual(
      Array(3).fill('OBJECT_NOT_FOUND'),
    );
    expect((await journal(twin)).length - before).toBeLessThanOrEqual(3);
  });

  test('what names no event, contact, state or time is refused without a call', async () => {
    const records = [
      record('ada@example.com', REGISTERED),
      record('e-1/1', { ...REGISTERED, attendanceState: 'NO_SHOW' }),
      record('e-1/2', { ...REGISTERED, occurredAt: 'yesterday' }),
    ];
    expect(await sent(participations, records)).toEqual(['rejected', 'rejected', 'rejected']);
  });

  test('a lie is found out by reading back', async () => {
    await control(twin, 'PUT', '/faults', { faults: [{ kind: 'lie', rate: 1 }], limits: false });
    const told = record(`e-1/${contacts[0]}`, ATTENDED);
    expect(await sent(participations, [told])).toEqual(['written']);
    await control(twin, 'PUT', '/faults', { faults: [], limits: false });
    expect(await verdict(participations, told)).toBe('differs');
  });

  test('a completed event counts who stayed away; until then no completion stands', async () => {
    const [ada, bob] = contacts.map((id) => `e-1/${id}`) as [string, string];
    await sent(participations, [record(ada, ATTENDED), record(bob, REGISTERED)]);
    const complete = record('e-1', { startDateTime: STARTS, endDateTime: ENDS });
    expect((await read(completions, ['e-1'])).records).toEqual([null]);
    for (let times = 0; times < 2; times++) {
      expect(await sent(completions, [complete])).toEqual(['written']);
      expect(await verdict(completions, complete)).toBe('stands');
    }
    expect(await stateOf(bob)).toBe('NO_SHOW');
    expect(await verdict(participations, record(bob, REGISTERED))).toBe('stands');
    expect(await sent(events, [record('e-1', SUMMIT)])).toEqual(['written']);
    expect((await read(completions, ['e-1'])).records[0]).not.toBeNull();
  });
});

describe('beside @hubspot/api-client', () => {
  const server = sharedServer();
  const client = () => new Client({ accessToken: TOKEN, basePath: server.baseUrl });
  const shape = ({ method, path, headers, body }: Seen) => ({
    method,
    path,
    // Without a body theirs names no type.
    contentType: method === 'GET' ? null : headers['content-type']?.split(';')[0],
    body: body === '' ? null : (JSON.parse(body) as unknown),
  });
  const same = () => {
    expect(server.seen).toHaveLength(2);
    expect(shape(server.seen[1]!)).toEqual(shape(server.seen[0]!));
  };

  test('an event is upserted by the same call', async () => {
    server.script = (_, response) =>
      json(response, 200, { status: 'COMPLETE', results: [{ objectId: '9001', eventName: 'Summit' }] });
    const own = { externalAccountId: 'foyer', externalEventId: 'e-1', customProperties: [] };
    const times = { startDateTime: new Date(STARTS), endDateTime: new Date(ENDS) };
    await client().marketing.events.batchApi.upsert({ inputs: [{ ...SUMMIT, ...own, ...times }] });
    const { outcomes } = await crm(server.baseUrl).send(events, [record('e-1', SUMMIT)], { signal });
    expect(outcomes).toEqual([{ kind: 'written', targetId: '9001', created: null }]);
    const [theirs, ours] = server.seen.map(shape);
    const inputs = (ours!.body as { inputs: object[] }).inputs.map((one) => ({
      ...one,
      customProperties: [],
    }));
    expect({ ...ours, body: { inputs } }).toEqual(theirs);
  });

  test('the same attendee has attended by the same call', async () => {
    server.script = (_, response) => json(response, 200, { status: 'COMPLETE', results: [{ vid: 501 }] });
    const input = {
      vid: 501,
      interactionDateTime: Date.parse(STARTS),
      properties: { joinedAt: STARTS, leftAt: ENDS },
    };
    const { addEventAttendeesApi } = client().marketing.events;
    await addEventAttendeesApi.recordByContactIds('e-1', 'attend', { inputs: [input] }, 'foyer');
    const { outcomes } = await crm(server.baseUrl).send(participations, [record('e-1/501', ATTENDED)], {
      signal,
    });
    expect(outcomes).toEqual([{ kind: 'written', targetId: 'e-1/501', created: null }]);
    same();
  });

  test('an event is completed, and a participation read, by the same calls', async () => {
    server.script = (_, response) => json(response, 200, { eventName: 'Summit', eventCompleted: true });
    const times = { startDateTime: new Date(STARTS), endDateTime: new Date(ENDS) };
    await client().marketing.events.changePropertyApi.complete('e-1', 'foyer', times);
    const complete = record('e-1', { startDateTime: STARTS, endDateTime: ENDS });
    await crm(server.baseUrl).send(completions, [complete], { signal });
    same();

    server.seen.length = 0;
    server.script = (_, response) => json(response, 200, { total: 0, results: [] });
    const { retrieveParticipantStateApi } = client().marketing.events;
    await retrieveParticipantStateApi.getParticipationsBreakdownByExternalEventId('foyer', 'e-1', '501');
    const key = { key: 'e-1/501', targetId: null };
    expect((await crm(server.baseUrl).readBack(participations, [key], [], { signal })).records).toEqual([
      null,
    ]);
    same();
  });
});

describe('reading many participations of one event', () => {
  const server = sharedServer();
  const shown = (contactId: number) => ({
    properties: { attendanceState: 'ATTENDED', occurredAt: Date.parse(STARTS) },
    associations: { contact: { contactId: String(contactId) } },
  });
  const keys = (count: number) =>
    Array.from({ length: count }, (_, n) => ({ key: `e-1/${n + 1}`, targetId: null }));
  /** The breakdown of so many participations, by pages or by contact. */
  const breakdown = (total: number) => {
    server.script = ({ path }, response) => {
      const query = new URL(path, server.baseUrl).searchParams;
      const [contact, after] = [query.get('contactIdentifier'), Number(query.get('after') ?? 0)];
      const limit = Number(query.get('limit') ?? 10);
      const all = Array.from({ length: total }, (_, n) => shown(n + 1));
      const results = contact ? [shown(Number(contact))] : all.slice(after, after + limit);
      const isMore = !contact && after + limit < total;
      const paging = isMore ? { paging: { next: { after: String(after + limit) } } } : {};
      json(response, 200, { total: contact ? 1 : total, results, ...paging });
    };
  };

  test.each([
    ['pages where these are fewer', 250, 100, 3],
    ['a call for each contact where those are fewer', 1_000, 2, 3],
  ])('takes %s', async (_, total, asked, calls) => {
    breakdown(total);
    const { records, failure } = await crm(server.baseUrl).readBack(participations, keys(asked), [], {
      signal,
    });
    expect(failure).toBeUndefined();
    expect(records.map((one) => one?.fields.attendanceState)).toEqual(Array(asked).fill('ATTENDED'));
    expect(server.seen).toHaveLength(calls);
  });

  test('takes nobody for absent because a page was not read', async () => {
    server.script = ({ path }, response) => {
      if (path.includes('after=')) json(response, 500, {});
      else json(response, 200, { total: 150, results: [shown(1)], paging: { next: { after: '100' } } });
    };
    const { records, failure } = await crm(server.baseUrl).readBack(participations, keys(3), [], { signal });
    expect(Array.from(records, (one) => one === undefined)).toEqual([false, true, true]);
    expect(failure?.kind).toBe('retry');
  });
});
