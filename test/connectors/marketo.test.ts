/** What stands in Adobe's documentation and in recorded traffic, answered to the connector over the wire. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ObjectTarget, OutgoingRecord } from '../../src/connectors/connector.js';
import { createConnector } from '../../src/connectors/registry.js';
import { type Clock } from '../../src/platform/clock.js';
import { type ScriptedServer, json, scriptedServer } from './scripted-server.js';

const signal = new AbortController().signal;
const leads: ObjectTarget = { object: 'leads', operation: 'upsert', keyField: 'email' };
const members: ObjectTarget = { object: 'program-members', operation: 'upsert', keyField: 'membership' };
const activities: ObjectTarget = { object: 'activity-100001', operation: 'append', keyField: 'reference' };
/** 14:00 in Chicago, in winter. */
const NOW = Date.parse('2026-02-03T20:00:00Z');

let server: ScriptedServer;
let nowMs = NOW;
const clock: Clock = { now: () => new Date(nowMs) };
/** The token's life and the answers to the calls, in their order; the last one stays. */
let life = 3599;
let answers: unknown[] = [];

beforeAll(async () => {
  server = await scriptedServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.seen.length = 0;
  nowMs = NOW;
  life = 3599;
  let tokens = 0;
  server.script = (request, response) => {
    if (request.path.startsWith('/identity')) {
      json(response, 200, { access_token: `t-${++tokens}`, token_type: 'bearer', expires_in: life });
      return;
    }
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    json(response, 200, answer);
  };
});

const connector = () =>
  createConnector(
    {
      name: 'nurture',
      connector: 'marketo',
      settings: { baseUrl: server.baseUrl, clientId: 'id', clientSecret: 'secret' },
    },
    clock,
  );
const record = (key: string, fields: OutgoingRecord['fields'], targetId: string | null = null) => {
  return { traceId: `t-${key.replaceAll(/\W/g, '-')}`, key, targetId, fields };
};
const refused = (code: string, message = 'no') => ({
  requestId: 'e42b#1',
  success: false,
  errors: [{ code, message }],
});
const done = (...result: unknown[]) => ({ requestId: 'e42b#1', success: true, result });
const calls = () => server.seen.filter(({ path }) => !path.startsWith('/identity'));
const tokens = () => server.seen.filter(({ path }) => path.startsWith('/identity'));
const bodies = () => calls().map(({ body }) => JSON.parse(body) as unknown);

describe('leads', () => {
  test('are written as recorded: createOrUpdate by e-mail', async () => {
    answers = [{ requestId: '262e#17d4f046342', result: [{ id: 7149, status: 'created' }], success: true }];
    const result = await connector().send(leads, [record('brian@example.com', { firstName: 'Brian' })], {
      signal,
    });
    expect(bodies()).toEqual([
      {
        lookupField: 'email',
        action: 'createOrUpdate',
        input: [{ email: 'brian@example.com', firstName: 'Brian' }],
      },
    ]);
    expect(calls()[0]).toMatchObject({ method: 'POST', path: '/rest/v1/leads.json' });
    expect(calls()[0]!.headers).toMatchObject({
      authorization: 'Bearer t-1',
      'content-type': 'application/json',
    });
    expect(result).toEqual({
      outcomes: [{ kind: 'written', targetId: '7149', created: true }],
      requestId: '262e#17d4f046342',
      status: 200,
    });
  });

  test('that are skipped are rejected with the recorded reason, and no value stands in it', async () => {
    const reason = { code: '1003', message: "Invalid value for field 'integer_field' and value '14.1'" };
    answers = [done({ status: 'skipped', reasons: [reason] }, { id: 51, status: 'updated' })];
    const given = [record('a@example.com', { integer_field: '14.1' }), record('b@example.com', {})];
    const { outcomes } = await connector().send(leads, given, { signal });
    expect(outcomes).toEqual([
      {
        kind: 'rejected',
        reason: expect.objectContaining({ code: '1003', owner: 'data', field: 'integer_field' }) as unknown,
      },
      { kind: 'written', targetId: '51', created: false },
    ]);
    expect(JSON.stringify(outcomes)).not.toContain('14.1');
  });

  test('that match found are written by id, and the key with it', async () => {
    answers = [done({ id: 51, status: 'updated' })];
    const adopted = { ...record('a@example.com', { firstName: 'A' }, '51'), isAdopted: true };
    await connector().send(leads, [adopted], { signal });
    expect(bodies()).toEqual([
      {
        action: 'updateOnly',
        lookupField: 'id',
        input: [{ id: 51, email: 'a@example.com', firstName: 'A' }],
      },
    ]);
  });

  test('are read back by id and by key in two posted reads of any length, page after page', async () => {
    const page = { ...done({ id: 51, email: 'a@example.com' }), moreResult: true, nextPageToken: 'p2' };
    answers = [page, done({ id: 52, email: 'B@example.com' }), done({ id: 53, email: 'c@example.com' })];
    const { records } = await connector().readBack(
      leads,
      [
        { key: 'a@example.com', targetId: '51' },
        { key: 'b@example.com', targetId: '52' },
        { key: 'c@example.com', targetId: null },
        { key: 'nobody@example.com', targetId: null },
      ],
      ['firstName'],
      { signal },
    );
    expect(records.map((stored) => stored?.targetId ?? null)).toEqual(['51', '52', '53', null]);
    expect(calls().every(({ path }) => path === '/rest/v1/leads.json?_method=GET')).toBe(true);
    expect(calls().map(({ body }) => new URLSearchParams(body).get('filterType'))).toEqual([
      'id',
      'id',
      'email',
    ]);
    expect(new URLSearchParams(calls()[1]!.body).get('nextPageToken')).toBe('p2');
  });

  test('whose key has a comma cannot be filtered by it, and are left unread, not called absent', async () => {
    const asked = [{ key: 'a,b@example.com', targetId: null }];
    const read = await connector().readBack(leads, asked, [], { signal });
    expect(read.records).toEqual([undefined]);
    expect(read.failure).toBeDefined();
    expect(server.seen).toHaveLength(0);
  });
});

describe('errors inside HTTP 200', () => {
  test.each([
    ['603', 'unauthorised', 'backend'],
    ['604', 'retry', 'backend'],
    ['608', 'throttled', 'backend'],
    ['609', 'rejected', 'foyer'],
    ['610', 'rejected', 'mapping'],
    ['611', 'retry', 'backend'],
    ['615', 'throttled', 'quota'],
    ['713', 'retry', 'backend'],
    ['502', 'unanswered', 'backend'],
    ['1006', 'rejected', 'mapping'],
    ['1007', 'rejected', 'data'],
    ['1029', 'throttled', 'quota'],
    ['777', 'rejected', 'backend'],
  ])('%s is %s, a matter of %s', async (code, kind, owner) => {
    answers = [refused(code)];
    const { outcomes } = await connector().send(leads, [record('a@example.com', {})], { signal });
    expect(outcomes).toEqual([
      { ...outcomes[0], kind, reason: expect.objectContaining({ code, owner }) as unknown },
    ]);
  });

  test('606 lets everybody wait for its 20 seconds, 607 for midnight in the middle of the United States', async () => {
    answers = [refused('606', "Max rate limit '100' exceeded with in '20' secs")];
    const rate = await connector().send(leads, [record('a@example.com', {})], { signal });
    expect(rate.outcomes[0]).toMatchObject({ kind: 'throttled', untilMs: NOW + 20_000 });
    answers = [refused('607')];
    const day = await connector().send(leads, [record('a@example.com', {})], { signal });
    expect(day.outcomes[0]).toMatchObject({ kind: 'throttled', untilMs: Date.parse('2026-02-04T06:00:00Z') });
  });

  test('a field that does not exist in one lead is found by halves; the other leads are written', async () => {
    server.script = (request, response) => {
      if (request.path.startsWith('/identity')) {
        json(response, 200, { access_token: 't', expires_in: 3599 });
        return;
      }
      const { input } = JSON.parse(request.body) as { input: Record<string, string>[] };
      const isBad = input.some((lead) => 'shoeSize' in lead);
      json(
        response,
        200,
        isBad
          ? refused('1006', "Field 'shoeSize' not found")
          : done(...input.map((_, n) => ({ id: n + 1, status: 'created' }))),
      );
    };
    const given = Array.from({ length: 8 }, (_, n) =>
      record(`p${n}@example.com`, n === 5 ? { shoeSize: 43 } : {}),
    );
    const { outcomes } = await connector().send(leads, given, { signal });
    expect(outcomes.map(({ kind }) => kind)).toEqual(given.map((_, n) => (n === 5 ? 'rejected' : 'written')));
    expect(outcomes[5]).toMatchObject({ reason: { code: '1006', field: 'shoeSize', owner: 'mapping' } });
  });

  test('a call refused for its own sake is not sent in halves', async () => {
    answers = [refused('609', 'Invalid JSON')];
    await connector().send(leads, [record('a@example.com', {}), record('b@example.com', {})], { signal });
    expect(calls()).toHaveLength(1);
  });
});

describe('the token', () => {
  test('serves every call until it ends, and one request fetches the next', async () => {
    answers = [done({ id: 51, status: 'updated' })];
    const one = connector();
    const send = () => one.send(leads, [record('a@example.com', {})], { signal });
    await Promise.all([send(), send(), send()]);
    nowMs += 3_000_000;
    await send();
    expect(tokens()).toHaveLength(1);
    nowMs += 600_000;
    await send();
    expect(tokens()).toHaveLength(2);
    expect(tokens()[0]).toMatchObject({ method: 'POST', path: '/identity/oauth/token' });
    expect(Object.fromEntries(new URLSearchParams(tokens()[0]!.body))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'id',
      client_secret: 'secret',
    });
  });

  test.each(['601', '602'])(
    'that is refused with %s is renewed once, and the call goes again',
    async (code) => {
      answers = [refused(code), done({ id: 51, status: 'updated' })];
      const { outcomes } = await connector().send(leads, [record('a@example.com', {})], { signal });
      expect(outcomes).toEqual([{ kind: 'written', targetId: '51', created: false }]);
      expect(calls().map(({ headers }) => headers.authorization)).toEqual(['Bearer t-1', 'Bearer t-2']);
      answers = [refused(code)];
      const again = await connector().send(leads, [record('a@example.com', {})], { signal });
      expect(again.outcomes[0]).toMatchObject({ kind: 'unauthorised', reason: { code } });
    },
  );
});

describe('program members', () => {
  const given = [
    record('1044/1800', { statusName: 'Attended' }),
    record('1044/1801', { statusName: 'Attended' }),
    record('1044/1235', { statusName: 'Attended' }),
  ];

  test('have the status that was wanted where they are past it already: 1037 is done', async () => {
    const reason = { code: '1037', message: 'Lead skipped because it is already in or past this status' };
    answers = [
      done(
        { seq: 0, status: 'skipped', reasons: [reason] },
        { seq: 1, status: 'updated', leadId: 1801 },
        { seq: 2, status: 'created', leadId: 1235 },
      ),
    ];
    const { outcomes } = await connector().send(members, given, { signal });
    expect(outcomes).toEqual([
      { kind: 'unchanged', targetId: '1044/1800' },
      { kind: 'written', targetId: '1044/1801', created: false },
      { kind: 'written', targetId: '1044/1235', created: true },
    ]);
    expect(calls()[0]!.path).toBe('/rest/v1/programs/1044/members/status.json');
    expect(bodies()).toEqual([
      { statusName: 'Attended', input: [{ leadId: 1800 }, { leadId: 1801 }, { leadId: 1235 }] },
    ]);
  });

  test('are written a program and a status at a time, and their data after it', async () => {
    answers = [
      done({ seq: 0, status: 'created', leadId: 1 }),
      done({ seq: 0, status: 'updated', leadId: 2 }),
      done({ seq: 0, status: 'created', leadId: 3 }),
      done({ seq: 0, status: 'updated', leadId: 1 }),
    ];
    const { outcomes } = await connector().send(
      members,
      [
        record('1044/1', { statusName: 'Registered', registrationCode: 'r-1' }),
        record('1044/2', { statusName: 'Attended' }),
        record('1045/3', { statusName: 'Registered' }),
      ],
      { signal },
    );
    expect(calls().map(({ path }) => path.replace('/rest/v1/programs/', ''))).toEqual([
      '1044/members/status.json',
      '1044/members/status.json',
      '1045/members/status.json',
      '1044/members.json',
    ]);
    expect(bodies()[3]).toEqual({ input: [{ leadId: 1, registrationCode: 'r-1' }] });
    expect(outcomes.map((outcome) => outcome.kind === 'written' && outcome.created)).toEqual([
      true,
      false,
      true,
    ]);
  });

  test('of a program that does not exist are rejected by one call, and those of another go through', async () => {
    answers = [refused('1013', "Program '7' not found"), done({ seq: 0, status: 'created', leadId: 1 })];
    const { outcomes } = await connector().send(
      members,
      [
        record('7/1', { statusName: 'Registered' }),
        record('7/2', { statusName: 'Registered' }),
        record('1044/1', { statusName: 'Registered' }),
      ],
      { signal },
    );
    expect(outcomes.map(({ kind }) => kind)).toEqual(['rejected', 'rejected', 'written']);
    expect(calls()).toHaveLength(2);
  });

  test('with a key that names no program and lead are rejected without a call', async () => {
    const { outcomes } = await connector().send(members, [record('ana@example.com', {})], { signal });
    expect(outcomes[0]).toMatchObject({ kind: 'rejected', reason: { code: 'bad-key', owner: 'mapping' } });
    expect(server.seen).toHaveLength(0);
  });

  test('who went further than was asked stand as they should; who stands before it do not', () => {
    const one = connector();
    const is = (wanted: string, stored: string) => one.isFulfilled!(members, 'statusName', wanted, stored);
    expect(is('Registered', 'Attended')).toBe(true);
    expect(is('Attended', 'Registered')).toBe(false);
    expect(is('Registered', 'Influenced')).toBe(false);
    expect(one.isFulfilled!(leads, 'statusName', 'Registered', 'Attended')).toBe(false);
  });
});

describe('custom activities', () => {
  const given = [1001, 1200, 3000].map((leadId, n) =>
    record(`i-${n}`, {
      leadId: String(leadId),
      activityDate: '2016-09-26T06:56:35+07:00',
      primaryAttributeValue: 'Game Giveaway',
      uRL: 'http://www.nvidia.com/game-giveaway',
    }),
  );

  test('are added as documented, a lead that is gone named', async () => {
    answers = [
      done(
        { id: 50, marketoGUID: '50', status: 'added' },
        { id: 51, marketoGUID: '51', status: 'added' },
        { status: 'skipped', errors: [{ code: '1004', message: 'Lead not found' }] },
      ),
    ];
    const { outcomes } = await connector().send(activities, given, { signal });
    expect(bodies()[0]).toEqual({
      input: [1001, 1200, 3000].map((leadId) => ({
        leadId,
        activityDate: '2016-09-26T06:56:35+07:00',
        activityTypeId: 100001,
        primaryAttributeValue: 'Game Giveaway',
        attributes: [{ apiName: 'uRL', value: 'http://www.nvidia.com/game-giveaway' }],
      })),
    });
    expect(outcomes).toEqual([
      { kind: 'written', targetId: '50', created: true },
      { kind: 'written', targetId: '51', created: true },
      { kind: 'rejected', reason: expect.objectContaining({ code: '1004' }) as unknown },
    ]);
  });

  test('that were not answered are unanswered, all of them, and the call is made once', async () => {
    const one = connector();
    server.script = (request, response, socket) => {
      if (request.path.startsWith('/identity')) json(response, 200, { access_token: 't', expires_in: 3599 });
      else socket.resetAndDestroy();
    };
    const { outcomes } = await one.send(activities, given, { signal });
    expect(outcomes.map(({ kind }) => kind)).toEqual(['unanswered', 'unanswered', 'unanswered']);
    expect(calls()).toHaveLength(1);
    expect(one.readBackMax(activities)).toBe(0);
    expect('isRepeatable' in one).toBe(false);
  });
});

describe('describe', () => {
  test('tells the fields of leads, members and an activity in our words', async () => {
    const field = (name: string, dataType: string, readOnly = false, length?: number) => {
      return { dataType, displayName: name, rest: { name, readOnly }, ...(length ? { length } : {}) };
    };
    answers = [
      done(
        field('email', 'email', false, 255),
        field('score', 'score'),
        field('createdAt', 'datetime', true),
      ),
    ];
    expect(await connector().describe!('leads', { signal })).toEqual({
      ok: true,
      fields: {
        email: { type: 'email', length: 255, unique: true },
        score: { type: 'int' },
        createdAt: { type: 'datetime', writable: false },
      },
    });
    const named = (name: string, updateable: boolean) => ({
      name,
      dataType: 'string',
      length: 255,
      updateable,
    });
    answers = [
      done({ fields: [named('statusName', false), named('webinarUrl', true), named('track', false)] }),
    ];
    expect(await connector().describe!('program-members', { signal })).toMatchObject({
      fields: {
        membership: { unique: true },
        statusName: { type: 'string', length: 255 },
        track: { writable: false },
      },
    });
    const type = { id: 100001, apiName: 'attendConference' };
    const attributes = [{ apiName: 'numberOfAttendees', dataType: 'integer' }];
    answers = [done(type), done({ ...type, primaryAttribute: { dataType: 'string' }, attributes })];
    expect(await connector().describe!('activity-100001', { signal })).toMatchObject({
      fields: { leadId: { required: true }, numberOfAttendees: { type: 'int' } },
    });
    expect(calls().at(-1)!.path).toBe('/rest/v1/activities/external/type/attendConference/describe.json');
  });
});
