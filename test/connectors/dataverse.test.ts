/** What stands in Microsoft's documentation, answered to the connector over the wire. */
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ObjectTarget, OutgoingRecord } from '../../src/connectors/connector.js';
import { createConnector } from '../../src/connectors/registry.js';
import type { Clock } from '../../src/platform/clock.js';
import { type ScriptedServer, json, scriptedServer } from './scripted-server.js';

const signal = new AbortController().signal;
const contacts: ObjectTarget = { object: 'contacts', operation: 'upsert', keyField: 'foyer_personid' };
const NOW = Date.parse('2026-02-03T20:00:00Z');
const clock: Clock = { now: () => new Date(NOW) };
const ID = 'aed2ae8b-3c94-eb11-b1ac-0022481c2c3f';

interface Part {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

let server: ScriptedServer;
let answer: (response: ServerResponse) => void;

beforeAll(async () => {
  server = await scriptedServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.seen.length = 0;
  server.script = (request, response) => {
    if (request.path === '/tenant/oauth2/v2.0/token')
      json(response, 200, {
        token_type: 'Bearer',
        expires_in: 3599,
        ext_expires_in: 3599,
        access_token: 'eyJ',
      });
    else answer(response);
  };
});

/** With the line ends and the content ids that Dataverse writes. */
const parts =
  (list: readonly Part[], status = 200) =>
  (response: ServerResponse) => {
    const boundary = 'batchresponse_1e2a';
    const text = list.map(({ status: code, headers = {}, body }) =>
      [
        `--${boundary}`,
        'Content-Type: application/http',
        'Content-Transfer-Encoding: binary',
        '',
        `HTTP/1.1 ${code} Whatever`,
        ...Object.entries({ 'OData-Version': '4.0', ...headers }).map(([name, value]) => `${name}: ${value}`),
        '',
        body === undefined ? '' : JSON.stringify(body),
      ].join('\r\n'),
    );
    response
      .writeHead(status, { 'content-type': `multipart/mixed; boundary=${boundary}` })
      .end([...text, `--${boundary}--`, ''].join('\r\n'));
  };
const connector = (settings: object = {}) =>
  createConnector(
    {
      name: 'dynamics',
      connector: 'dataverse',
      settings: {
        baseUrl: server.baseUrl,
        loginUrl: server.baseUrl,
        tenantId: 'tenant',
        clientId: 'id',
        clientSecret: 'secret',
        ...settings,
      },
    },
    clock,
  );
const record = (key: string, fields: OutgoingRecord['fields'] = {}): OutgoingRecord => {
  return { traceId: 't-1', key, targetId: null, fields };
};
const send = (...records: OutgoingRecord[]) => connector().send(contacts, records, { signal });
const calls = () => server.seen.filter(({ path }) => path.startsWith('/api/'));
const refusal = (code: string, message = 'no') => ({ error: { code, message } });

describe('a batch of upserts', () => {
  test('is one call of multipart/mixed, a PATCH by alternate key for each record', async () => {
    answer = parts([
      { status: 201, body: { '@odata.etag': 'W/"1"', foyer_personid: 'a/1', contactid: ID } },
      { status: 200, body: { foyer_personid: "O'Brien", contactid: 'b1d2ae8b-3c94-eb11-b1ac-0022481c2c3f' } },
      { status: 204, headers: { 'OData-EntityId': `${server.baseUrl}/api/data/v9.2/contacts(${ID})` } },
    ]);
    const result = await send(record('a/1', { firstname: 'Ada' }), record("O'Brien"), record('c'));
    expect(result.outcomes).toEqual([
      { kind: 'written', targetId: ID, created: true },
      { kind: 'written', targetId: 'b1d2ae8b-3c94-eb11-b1ac-0022481c2c3f', created: false },
      { kind: 'written', targetId: ID, created: null },
    ]);
    const [call] = calls();
    expect(calls()).toHaveLength(1);
    expect(call).toMatchObject({ method: 'POST', path: '/api/data/v9.2/$batch' });
    expect(call!.headers).toMatchObject({
      authorization: 'Bearer eyJ',
      prefer: 'odata.continue-on-error',
      'odata-version': '4.0',
      'odata-maxversion': '4.0',
    });
    const boundary = /^multipart\/mixed; boundary=(\S+)$/.exec(call!.headers['content-type']!)![1]!;
    const sent = call!.body.split(`--${boundary}`);
    expect(sent.at(-1)).toBe('--\r\n');
    expect(sent[1]).toBe(
      [
        '',
        'Content-Type: application/http',
        'Content-Transfer-Encoding: binary',
        '',
        "PATCH /api/data/v9.2/contacts(foyer_personid='a%2F1')?$select=foyer_personid HTTP/1.1",
        'Accept: application/json',
        'OData-Version: 4.0',
        'OData-MaxVersion: 4.0',
        'If-None-Match: null',
        'Content-Type: application/json',
        'Prefer: return=representation',
        '',
        '{"firstname":"Ada"}',
        '',
      ].join('\r\n'),
    );
    expect(sent[2]).toContain("contacts(foyer_personid='O''Brien')");
  });

  test('in which one fails writes the others: the documented pair', async () => {
    const message =
      "A validation error occurred.  The length of the 'subject' attribute of the 'task' entity exceeded the maximum allowed length of '200'.";
    answer = parts([
      { status: 400, body: refusal('0x80044331', message) },
      {
        status: 204,
        headers: { 'OData-EntityId': `https://org.api.crm.dynamics.com/api/data/v9.2/tasks(${ID})` },
      },
    ]);
    const { outcomes } = await send(record('1', { subject: 'too long' }), record('2'));
    expect(outcomes).toEqual([
      {
        kind: 'rejected',
        reason: {
          code: '0x80044331',
          owner: 'mapping',
          field: 'subject',
          status: 400,
          message: expect.stringContaining('longer than the column') as unknown,
        },
      },
      { kind: 'written', targetId: ID, created: null },
    ]);
  });

  test('what match found is updated by id, never made anew, and the key with it', async () => {
    answer = parts([{ status: 200, body: { foyer_personid: 'p-1', contactid: ID } }]);
    await send({ ...record('p-1', { firstname: 'Ada' }), targetId: ID, isAdopted: true });
    expect(calls()[0]!.body).toContain(
      `PATCH /api/data/v9.2/contacts(${ID})?$select=foyer_personid HTTP/1.1`,
    );
    expect(calls()[0]!.body).toContain('If-Match: *\r\n');
    expect(calls()[0]!.body).toContain('{"firstname":"Ada","foyer_personid":"p-1"}');
  });

  test('answered out of order confirms nobody', async () => {
    answer = parts(['b', 'a'].map((key) => ({ status: 201, body: { foyer_personid: key, contactid: ID } })));
    const { outcomes } = await send(record('a'), record('b'));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['unanswered', 'unanswered']);
  });

  test('answered in part, or under a failed head, leaves all of it unanswered', async () => {
    const one = { status: 204 };
    for (const script of [parts([one]), parts([one, one], 400)]) {
      answer = script;
      const { outcomes } = await send(record('a'), record('b'));
      expect(outcomes.map(({ kind }) => kind)).toEqual(['unanswered', 'unanswered']);
    }
  });
});

describe('the service protection limits', () => {
  const limited = (code: string, header: string | null) => (response: ServerResponse) =>
    json(
      response,
      429,
      refusal(code, 'Number of requests exceeded the limit of 6000 over time window of 300 seconds.'),
      header === null ? {} : { 'retry-after': header, date: new Date(NOW + 60_000).toUTCString() },
    );

  test.each([
    ['0x80072322', '17', 17_000],
    ['0x80072321', '299.5', 299_500],
    ['0x80072326', new Date(NOW + 60_000 + 42_000).toUTCString(), 42_000],
    ['0x80072322', null, 60_000],
  ])('%s with Retry-After %s waits exactly so long', async (code, header, waitMs) => {
    answer = limited(code, header);
    const { outcomes } = await send(record('a'), record('b'));
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({
        kind: 'throttled',
        untilMs: NOW + waitMs,
        reason: { code, owner: 'quota' },
      });
    expect(calls()).toHaveLength(1);
  });

  test('inside a batch hold back that record alone', async () => {
    answer = parts([
      { status: 204 },
      { status: 429, headers: { 'Retry-After': '8' }, body: refusal('0x80072326') },
    ]);
    const { outcomes } = await send(record('a'), record('b'));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['written', 'throttled']);
    expect(outcomes[1]).toMatchObject({ untilMs: NOW + 8_000 });
  });
});

test.each([
  [400, '0x80048d19', 'rejected', 'mapping'],
  [403, '0x80040220', 'rejected', 'backend'],
  [403, '0x80072560', 'unauthorised', 'backend'],
  [412, '0x80060882', 'retry', 'backend'],
  [412, '0x80060892', 'rejected', 'data'],
  [400, '0x80040265', 'rejected', 'backend'],
  [500, '0x80044151', 'retry', 'backend'],
  [500, '0x8000ffff', 'retry', 'backend'],
  [400, '0x12345678', 'rejected', 'backend'],
])('HTTP %i with %s is %s, a matter of %s', async (status, code, kind, owner) => {
  answer = parts([{ status, body: refusal(code, `Something about "Ada" went wrong`) }]);
  const { outcomes } = await send(record('a', { firstname: 'Ada' }));
  expect(outcomes[0]).toMatchObject({ kind, reason: { code, owner, status } });
  expect(JSON.stringify(outcomes)).not.toContain('Ada');
});

test('a record that spoils the whole call is found by halves', async () => {
  server.script = (request, response) => {
    if (request.path.startsWith('/tenant')) json(response, 200, { access_token: 'eyJ', expires_in: 3599 });
    else if (request.body.includes('spoilt')) json(response, 400, refusal('0x80060888', 'Invalid batch'));
    else parts(Array.from(request.body.matchAll(/^PATCH /gm), () => ({ status: 204 })))(response);
  };
  const { outcomes } = await send(
    ...'abcd'.split('').map((key) => record(key, key === 'c' ? { x: 'spoilt' } : {})),
  );
  expect(outcomes.map(({ kind }) => kind)).toEqual(['written', 'written', 'rejected', 'written']);
});

test('a token is asked for as Microsoft wants it, and renewed once when it is refused', async () => {
  let refusals = 1;
  answer = (response) => {
    if (refusals-- > 0) json(response, 401, refusal('0x80072560'));
    else parts([{ status: 204 }])(response);
  };
  const { outcomes } = await send(record('a'));
  expect(outcomes[0]!.kind).toBe('written');
  const asked = server.seen.filter(({ path }) => path.startsWith('/tenant'));
  expect(asked).toHaveLength(2);
  expect(Object.fromEntries(new URLSearchParams(asked[0]!.body))).toEqual({
    grant_type: 'client_credentials',
    client_id: 'id',
    client_secret: 'secret',
    scope: `${server.baseUrl}/.default`,
  });
});

describe('reading', () => {
  test('is one batch of GETs, by id and by key; a lookup is read under its own name', async () => {
    const bound = 'foyer_ContactId@odata.bind';
    answer = parts([
      {
        status: 200,
        body: {
          contactid: ID,
          foyer_personid: 'a',
          firstname: 'Ada',
          _foyer_contactid_value: ID.toUpperCase(),
        },
      },
      { status: 404, body: refusal('0x80060891', 'A record with the specified key values does not exist') },
      { status: 404, body: refusal('0x80060888', 'Resource not found for the segment') },
    ]);
    const one = connector();
    const asked = [ID, null, null].map((targetId, n) => ({ key: 'abc'[n]!, targetId }));
    const { records, failure } = await one.readBack(contacts, asked, ['firstname', bound], { signal });
    expect(records[0]).toMatchObject({ targetId: ID, fields: { firstname: 'Ada' } });
    expect(records.slice(1)).toEqual([null, undefined]);
    expect(failure).toMatchObject({ kind: 'rejected', reason: { code: '0x80060888' } });
    expect(one.canonical(contacts, bound, records[0]!.fields[bound])).toBe(
      one.canonical(contacts, bound, `/contacts(${ID})`),
    );
    const select = '$select=foyer_personid,firstname,_foyer_contactid_value';
    expect([...calls()[0]!.body.matchAll(/^GET (\S+)/gm)].map(([, path]) => path)).toEqual([
      `/api/data/v9.2/contacts(${ID})?${select}`,
      `/api/data/v9.2/contacts(foyer_personid='b')?${select}`,
      `/api/data/v9.2/contacts(foyer_personid='c')?${select}`,
    ]);
  });

  test('follows the pages of a list on our own host, and calls no list ended that is not', async () => {
    const page = (link: string) => (response: ServerResponse) =>
      json(response, 200, {
        value: [{ contactid: ID, foyer_personid: 'a' }, { contactid: ID }],
        '@odata.nextLink': link,
      });
    const next = `/api/data/v9.2/contacts?$select=foyer_personid&$skiptoken=2`;
    answer = page(`${server.baseUrl}${next}`);
    const first = await connector().list!(contacts, [], null, { signal });
    expect(first.records).toEqual([
      { key: 'a', stored: expect.objectContaining({ targetId: ID }) as unknown },
    ]);
    expect(first.next).toBe(next);
    answer = page(`https://elsewhere.example${next}`);
    expect((await connector().list!(contacts, [], first.next, { signal })).next).toBe(next);
    answer = page('https://elsewhere.example/');
    const lost = await connector().list!(contacts, [], first.next, { signal });
    expect(lost).toMatchObject({ records: [], next, failure: { kind: 'unanswered' } });
    expect(calls().at(-1)).toMatchObject({ path: next, headers: { prefer: 'odata.maxpagesize=5000' } });
  });
});
