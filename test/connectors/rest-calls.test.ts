import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { declaredBackend, signal, target, write } from './declared-backend.js';
import { kinds, person, persons } from './dialects.js';
import { type Seen, json } from './scripted-server.js';

const { server, declare, answer, sendOne } = declaredBackend();

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
