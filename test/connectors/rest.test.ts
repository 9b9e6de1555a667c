import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createConnector } from '../../src/connectors/registry.js';
import { kinds, person, persons } from './dialects.js';
import { type ScriptedServer, type Seen, json, scriptedServer } from './scripted-server.js';

const signal = new AbortController().signal;
const target = { object: 'people', operation: 'upsert' as const, keyField: 'email' };
let server: ScriptedServer;
beforeAll(async () => {
  server = await scriptedServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.seen.length = 0;
});

const write = { method: 'PUT', url: '/people/{{ key }}', id: 'body.id' };
const declare = (people: object, more: object = {}) =>
  createConnector({
    name: 'declared',
    connector: 'rest',
    settings: {
      baseUrl: server.baseUrl,
      callTimeoutMs: 1_000,
      objects: { people: { write, ...people } },
      ...more,
    },
  });
const answer = (status: number, body: unknown, headers = {}) => {
  server.script = (_, response) => json(response, status, body, headers);
};
const sendOne = async (connector = declare({}), record = person(0)) =>
  (await connector.send(target, [record], { signal })).outcomes[0]!;

describe('What goes over the wire', () => {
  test('a body is made of the record, and what is absent is left out', async () => {
    answer(200, { id: 7 });
    const connector = declare(
      {
        write: {
          ...write,
          headers: { 'X-Tenant': '{{ values.tenant }}', 'X-Trace': '{{ traceId }}' },
          body: {
            mail: '{{ key }}',
            name: { first: '{{ record.firstname }}', middle: '{{ record.middle }}' },
            greeting: 'Dear {{ record.firstname }}',
            isFrom: 'foyer',
            tags: ['event', '{{ record.none }}'],
            cleared: '{{ record.cleared }}',
          },
        },
      },
      { values: { tenant: 'acme' } },
    );
    const record = { ...person(0), fields: { firstname: 'Given0', cleared: null } };
    expect(await sendOne(connector, record)).toEqual({ kind: 'written', targetId: '7', created: null });
    const [seen] = server.seen;
    expect(seen).toMatchObject({ method: 'PUT', path: '/people/person0%40example.com' });
    expect(seen!.headers).toMatchObject({ 'x-tenant': 'acme', 'x-trace': 'trace-0' });
    expect(JSON.parse(seen!.body)).toEqual({
      mail: 'person0@example.com',
      name: { first: 'Given0' },
      greeting: 'Dear Given0',
      isFrom: 'foyer',
      tags: ['event'],
      cleared: null,
    });
  });

  test.each(['..', '.', ''])('a key that would climb out of its path makes no call: %j', async (key) => {
    const outcome = await sendOne(declare({}), { ...person(0), key });
    expect(outcome).toMatchObject({ kind: 'rejected', reason: { code: 'template', owner: 'mapping' } });
    expect(server.seen).toEqual([]);
  });

  test.each(['a/../../admin', 'x?admin=1', '{{ values.secret }}', 'a\r\nb'])(
    'whatever stands in a key stays one piece of the path: %j',
    async (key) => {
      answer(200, { id: 7 });
      await sendOne(declare({}), { ...person(0), key });
      expect(server.seen[0]!.path).toBe(`/people/${encodeURIComponent(key)}`);
    },
  );

  test('one faulty record does not keep the others of its batch', async () => {
    answer(200, [{ id: 'a' }, { id: 'b' }]);
    const many = {
      url: '/people',
      batch: { max: 9 },
      record: { name: 'M. {{ record.lastname }}' },
      results: 'body',
      id: 'result.id',
    };
    const result = await declare({ write: many }).send(
      target,
      [person(0), { ...person(1), fields: {} }, person(2)],
      { signal },
    );
    expect(kinds(result)).toEqual(['written', 'rejected', 'written']);
    expect(JSON.parse(server.seen[0]!.body)).toEqual([{ name: 'M. Family0' }, { name: 'M. Family2' }]);
  });

  test('every try of one write carries one idempotency key, and every other write another', async () => {
    answer(500, {});
    const connector = declare({
      operation: 'append',
      write: { ...write, idempotencyHeader: 'Idempotency-Key' },
    });
    const append = { ...target, operation: 'append' as const };
    expect(connector.isRepeatable?.(append)).toBe(true);
    expect(declare({ operation: 'append' }).isRepeatable?.(append)).toBe(false);
    for (const [n, repeatKey] of [
      ['1', 'r-1-0'],
      ['2', 'r-1-0'],
      ['3', 'r-2-0'],
    ] as const)
      await connector.send(append, [{ ...person(0), traceId: n, repeatKey }], { signal });
    const [first, again, other] = server.seen.map(({ headers }) => headers['idempotency-key']);
    expect(first).toMatch(/^\w{32}$/);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });
});

describe('Who we are', () => {
  const auth = (settings: object) => sendOne(declare({}, { auth: settings }));
  const seenHeaders = () => server.seen.at(-1)!.headers;

  test('Basic, bearer and keys in a header or the query', async () => {
    answer(200, { id: 7 });
    await auth({ kind: 'basic', username: 'any', password: 'pä:ss' });
    expect(seenHeaders().authorization).toBe(`Basic ${Buffer.from('any:pä:ss').toString('base64')}`);
    await auth({ kind: 'bearer', token: 'pat-1' });
    expect(seenHeaders().authorization).toBe('Bearer pat-1');
    await auth({ kind: 'apiKey', header: 'X-Api-Key', key: 'k-1' });
    expect(seenHeaders()['x-api-key']).toBe('k-1');
    await auth({ kind: 'apiKey', query: 'api_key', key: 'k&1' });
    expect(server.seen.at(-1)!.path).toBe('/people/person0%40example.com?api_key=k%261');
  });

  test('a token that ends in the middle of a batch is renewed once, and the batch goes on', async () => {
    let tokens = 0;
    let calls = 0;
    server.script = (request, response) => {
      if (request.path === '/token') {
        json(response, 200, { access_token: `t-${++tokens}`, expires_in: 3600 });
        return;
      }
      const isOld = request.headers.authorization === 'Bearer t-1' && ++calls > 1;
      json(response, isOld ? 401 : 200, { id: request.path });
    };
    const settings = {
      kind: 'oauth2',
      tokenUrl: `${server.baseUrl}/token`,
      clientId: 'id',
      clientSecret: 's',
      scope: 'all',
      send: 'basic',
    };
    const result = await declare({}, { auth: settings }).send(target, persons(3), { signal });
    expect(kinds(result)).toEqual(['written', 'written', 'written']);
    expect(tokens).toBe(2);
    const asked = server.seen.find(({ path }) => path === '/token')!;
    expect(asked.headers.authorization).toBe(`Basic ${Buffer.from('id:s').toString('base64')}`);
    expect(asked.body).toBe('grant_type=client_credentials&scope=all');
  });

  const hmac = {
    kind: 'hmac',
    secret: 'shh',
    header: 'X-Signature',
    prefix: 'v1=',
    signed: '{{ method }} {{ path }}\n{{ timestamp }}.{{ body }}',
    timestampHeader: 'X-Timestamp',
  };
  const signatureOf = (seen: Seen) => {
    const text = `${seen.method} ${seen.path}\n${String(seen.headers['x-timestamp'])}.${seen.body}`;
    return `v1=${createHmac('sha256', 'shh').update(text).digest('hex')}`;
  };

  test('a signature covers what the declaration says', async () => {
    answer(200, { id: 7 });
    await auth(hmac);
    expect(seenHeaders()['x-signature']).toBe(signatureOf(server.seen[0]!));
  });

  test('where our clock is wrong, the backend’s time is signed, once more and from then on', async () => {
    const aheadMs = 3_600_000;
    server.script = (request, response) => {
      const theirs = Date.now() + aheadMs;
      const isLate = Math.abs(Number(request.headers['x-timestamp']) * 1000 - theirs) > 60_000;
      const headers = { date: new Date(theirs).toUTCString() };
      expect(request.headers['x-signature']).toBe(signatureOf(request));
      json(response, isLate ? 401 : 200, { id: 7 }, headers);
    };
    const connector = declare({}, { auth: hmac });
    expect((await sendOne(connector)).kind).toBe('written');
    expect((await sendOne(connector)).kind).toBe('written');
    expect(server.seen).toHaveLength(3);
  });

  test('wrong credentials are unauthorised, and no secret is told', async () => {
    const secrets = { basic: 'pass-1234', bearer: 'token-1234', apiKey: 'key-1234' };
    for (const settings of [
      { kind: 'basic', username: 'u', password: secrets.basic },
      { kind: 'bearer', token: secrets.bearer },
      { kind: 'apiKey', header: 'X-Key', key: secrets.apiKey },
    ]) {
      for (const status of [401, 403, 400]) {
        server.script = (request, response) => {
          const echo = JSON.stringify(request.headers) + request.body + Object.values(secrets).join(' ');
          json(response, status, { message: `no: ${echo}`, code: Object.values(secrets)[0] });
        };
        const told = { ...write, message: 'body.message', code: 'body.code' };
        const outcome = await sendOne(declare({ write: told }, { auth: settings }));
        expect(outcome.kind).toBe(status === 400 ? 'rejected' : 'unauthorised');
        const own = Object.values(settings).at(-1)!;
        for (const secret of [own, Buffer.from(`u:${secrets.basic}`).toString('base64'), 'Given0', 'person0'])
          expect(JSON.stringify(outcome)).not.toContain(secret);
      }
    }
  });
});

describe('What an answer means', () => {
  const outcomes = [
    { when: 'body.error.code == "BUSY"', is: 'throttled', afterMs: 9_000 },
    { when: 'body.error.code == "TWIN"', is: 'unchanged' },
    {
      when: 'body.error.code == "BAD_MAIL"',
      is: 'rejected',
      code: 'bad-mail',
      owner: 'data',
      message: 'Correct the e-mail address.',
      field: '"email"',
    },
    { when: 'status == 404', is: 'retry' },
    { when: 'body.error.code == "KEY"', is: 'unauthorised' },
  ];
  const told = {
    ...write,
    done: '!has(body.error)',
    code: 'body.error.code',
    message: 'body.error.text',
    field: 'body.error.field',
  };
  const connector = () => declare({ write: told, outcomes });

  test.each([
    [
      'a success with an error inside that is declared',
      200,
      { error: { code: 'BAD_MAIL' } },
      {
        kind: 'rejected',
        reason: { code: 'bad-mail', owner: 'data', field: 'email', message: 'Correct the e-mail address.' },
      },
    ],
    [
      'a success with an error inside that nobody declared',
      200,
      { error: { code: 'ODD', text: 'too odd', field: 'lastname' } },
      {
        kind: 'rejected',
        reason: { code: 'ODD', owner: 'backend', field: 'lastname', message: 'The backend says: too odd' },
      },
    ],
    [
      'a refusal with the backend’s words',
      422,
      { error: { code: 'LEN', text: 'too long: "Family0"' } },
      { kind: 'rejected', reason: { code: 'LEN', status: 422, message: 'The backend says: too long: "…"' } },
    ],
    [
      'what stands there already',
      409,
      { error: { code: 'TWIN' }, id: 3 },
      { kind: 'unchanged', targetId: '3' },
    ],
    ['a status with another meaning there', 404, {}, { kind: 'retry', afterMs: null }],
    ['a success that is none of our credentials', 200, { error: { code: 'KEY' } }, { kind: 'unauthorised' }],
    ['a forbidden call', 403, {}, { kind: 'unauthorised', reason: { code: 'http-403' } }],
    ['a list instead of an object', 200, [1], { kind: 'unanswered' }],
  ])('%s', async (_name, status, body, expected) => {
    answer(status, body);
    expect(await sendOne(connector())).toMatchObject(expected);
  });

  test('a throttle waits as long as the answer asks, by the backend’s clock, else as declared', async () => {
    const waitOf = async (headers: object) => {
      answer(200, { error: { code: 'BUSY' } }, headers);
      const outcome = await sendOne(connector());
      return outcome.kind === 'throttled' ? Math.round((outcome.untilMs - Date.now()) / 1000) : outcome.kind;
    };
    expect(await waitOf({})).toBe(9);
    expect(await waitOf({ 'retry-after': '3' })).toBe(3);
    const date = (ms: number) => new Date(ms).toUTCString();
    const theirs = Date.now() + 86_400_000;
    expect(await waitOf({ date: date(theirs), 'retry-after': date(theirs + 30_000) })).toBeCloseTo(30, -1);
    answer(429, {}, { 'retry-after': '4' });
    expect(await sendOne(connector())).toMatchObject({ kind: 'throttled', reason: { owner: 'quota' } });
    answer(503, {}, { 'retry-after': '4' });
    expect(await sendOne(connector())).toMatchObject({ kind: 'retry', afterMs: 4_000 });
  });

  const many = {
    url: '/people',
    batch: { max: 100 },
    results: 'body.results',
    of: { result: 'result.mail.lowerAscii()', record: 'key.lowerAscii()' },
    written: '!has(result.error)',
    message: 'result.error',
  };

  test('a batch refused as a whole is split, so that only the bad record is refused', async () => {
    server.script = (request, response) => {
      const sent = JSON.parse(request.body) as { email: string }[];
      if (sent.some(({ email }) => email.startsWith('person3'))) json(response, 400, { error: 'bad' });
      else json(response, 200, { results: sent.map(({ email }) => ({ mail: email.toUpperCase() })) });
    };
    const result = await declare({ write: many }).send(target, persons(8), { signal });
    expect(kinds(result)).toEqual([
      ...Array<string>(3).fill('written'),
      'rejected',
      ...Array<string>(4).fill('written'),
    ]);
  });

  test('a wrong address is no matter of the records: it is tried once', async () => {
    answer(404, {});
    const result = await declare({ write: many }).send(target, persons(8), { signal });
    expect(new Set(kinds(result))).toEqual(new Set(['rejected']));
    expect(server.seen).toHaveLength(1);
  });

  test('two records that go by one name there cannot be told apart, and neither is said to be written', async () => {
    answer(200, { results: [{ mail: 'a@b.c' }, { mail: 'd@b.c' }] });
    const records = ['a@b.c', 'A@b.c', 'd@b.c'].map((key, n) => ({ ...person(n), key }));
    expect(kinds(await declare({ write: many }).send(target, records, { signal }))).toEqual([
      'unanswered',
      'unanswered',
      'written',
    ]);
  });
});

describe('What stands there', () => {
  const read = {
    url: '/people/{{ key }}',
    id: 'body.id',
    missing: 'status == 404 && body.code == "none"',
    fields: { firstname: 'body.name.first' },
  };
  const asked = [{ key: 'a@b.c', targetId: null }];
  const readBack = (connector = declare({ read })) =>
    connector.readBack(target, asked, ['firstname', 'lastname'], { signal });

  test('is read by the declared places, and by its own name elsewhere', async () => {
    answer(200, { id: 7, name: { first: 'Ana' }, lastname: 'Ruiz' });
    expect((await readBack()).records).toEqual([
      { targetId: '7', fields: { firstname: 'Ana', lastname: 'Ruiz' } },
    ]);
  });

  test('is nothing only where the answer says so', async () => {
    answer(404, { code: 'none' });
    expect((await readBack()).records).toEqual([null]);
    answer(404, { code: 'no such tenant' });
    expect((await readBack()).records).toEqual([undefined]);
  });

  test('is read for many in one call, and what is not among the results is not there', async () => {
    const manyRead = {
      url: '/people?mails={{ keys.join(",") }}',
      max: 50,
      results: 'body',
      of: { result: 'result.mail', record: 'key' },
      id: 'result.id',
    };
    answer(200, [{ mail: 'b@b.c', id: 2, firstname: 'Bo' }]);
    const connector = declare({ read: manyRead });
    expect(connector.readBackMax(target)).toBe(50);
    const two = [...asked, { key: 'b@b.c', targetId: '2' }];
    const { records } = await connector.readBack(target, two, ['firstname'], { signal });
    expect(records).toEqual([null, { targetId: '2', fields: { firstname: 'Bo' } }]);
    expect(server.seen.map(({ path }) => path)).toEqual(['/people?mails=a%40b.c%2Cb%40b.c']);
  });

  test('is compared as declared', () => {
    const compare = { a: 'text', b: 'lower', c: 'number', d: 'boolean', e: 'time' };
    const connector = declare({ compare });
    const form = (field: string, value: unknown) => connector.canonical(target, field, value);
    expect([
      form('a', ' x '),
      form('a', ''),
      form('b', 'X@Y'),
      form('c', '12.0'),
      form('d', 'true'),
      form('f', ' x'),
    ]).toEqual(['x', null, 'x@y', 12, true, ' x']);
    expect(form('e', '2026-01-05T10:00:00.123+01:00')).toBe(form('e', '2026-01-05T09:00:00Z'));
  });

  test('is removed, and what was not there is removed already', async () => {
    const connector = declare({ remove: { url: '/people/{{ targetId }}', missing: 'status == 404' } });
    server.script = (request, response) =>
      void response.writeHead(request.path.endsWith('7') ? 204 : 404).end();
    const removed = await connector.remove!(
      target,
      [
        { ...person(0), targetId: '7' },
        { ...person(1), targetId: '8' },
      ],
      { signal },
    );
    expect(kinds(removed)).toEqual(['written', 'unchanged']);
    expect(typeof declare({}).remove).toBe('undefined');
  });

  test('cannot be known where nothing is declared to read', () => {
    expect(declare({}).readBackMax(target)).toBe(0);
  });
});

test('an object that is not declared is refused without a call', async () => {
  const result = await declare({}).send({ ...target, object: 'toString' }, persons(1), { signal });
  expect(result.outcomes[0]).toMatchObject({ kind: 'rejected', reason: { code: 'unknown-object' } });
  expect(server.seen).toEqual([]);
});
