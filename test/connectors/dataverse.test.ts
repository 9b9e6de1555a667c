/** What stands in Microsoft's documentation, answered to the connector over the wire. */
import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { OutgoingRecord } from '../../src/connectors/connector.js';
import { json } from './scripted-server.js';
import { contacts, ID, NOW, parts, refusal, scriptedDataverse, signal } from './scripted-dataverse.js';

const { server, answerWith, connector, calls } = scriptedDataverse();
const record = (key: string, fields: OutgoingRecord['fields'] = {}): OutgoingRecord => {
  return { traceId: 't-1', key, targetId: null, fields };
};
const send = (...records: OutgoingRecord[]) => connector().send(contacts, records, { signal });

describe('a batch of upserts', () => {
  test('is one call of multipart/mixed, a PATCH by alternate key for each record', async () => {
    answerWith(
      parts([
        { status: 201, body: { '@odata.etag': 'W/"1"', foyer_personid: 'a/1', contactid: ID } },
        {
          status: 200,
          body: { foyer_personid: "O'Brien", contactid: 'b1d2ae8b-3c94-eb11-b1ac-0022481c2c3f' },
        },
        { status: 204, headers: { 'OData-EntityId': `${server.baseUrl}/api/data/v9.2/contacts(${ID})` } },
      ]),
    );
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
    answerWith(
      parts([
        { status: 400, body: refusal('0x80044331', message) },
        {
          status: 204,
          headers: { 'OData-EntityId': `https://org.api.crm.dynamics.com/api/data/v9.2/tasks(${ID})` },
        },
      ]),
    );
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
    answerWith(parts([{ status: 200, body: { foyer_personid: 'p-1', contactid: ID } }]));
    await send({ ...record('p-1', { firstname: 'Ada' }), targetId: ID, isAdopted: true });
    expect(calls()[0]!.body).toContain(
      `PATCH /api/data/v9.2/contacts(${ID})?$select=foyer_personid HTTP/1.1`,
    );
    expect(calls()[0]!.body).toContain('If-Match: *\r\n');
    expect(calls()[0]!.body).toContain('{"firstname":"Ada","foyer_personid":"p-1"}');
  });

  test('answered out of order confirms nobody', async () => {
    answerWith(
      parts(['b', 'a'].map((key) => ({ status: 201, body: { foyer_personid: key, contactid: ID } }))),
    );
    const { outcomes } = await send(record('a'), record('b'));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['unanswered', 'unanswered']);
  });

  test('answered in part, or under a failed head, leaves all of it unanswered', async () => {
    const one = { status: 204 };
    for (const script of [parts([one]), parts([one, one], 400)]) {
      answerWith(script);
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
    answerWith(limited(code, header));
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
    answerWith(
      parts([{ status: 204 }, { status: 429, headers: { 'Retry-After': '8' }, body: refusal('0x80072326') }]),
    );
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
  answerWith(parts([{ status, body: refusal(code, `Something about "Ada" went wrong`) }]));
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
  answerWith((response) => {
    if (refusals-- > 0) json(response, 401, refusal('0x80072560'));
    else parts([{ status: 204 }])(response);
  });
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
