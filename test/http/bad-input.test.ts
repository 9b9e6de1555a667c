import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATOR, registrationBody, TestApp } from './app.js';
import { BAD_REGISTRATIONS, TERMS } from './bad-registrations.js';

let app: TestApp;
let event: string;

beforeAll(async () => {
  app = await TestApp.start();
  event = await app.openEvent({ capacity: null });
  await app.operator('PUT', `/v1/events/${event}/form`, {
    schema: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { enum: ['S', 'M'] },
        note: { type: 'string', pattern: '^(a+)+$' },
        list: { type: 'array' },
      },
    },
    consents: [{ purpose: 'terms', text: 'Terms', textVersion: '1', required: true }],
  });
});

afterAll(() => app.stop());

const path = (): string => `/v1/events/${event}/registrations`;

describe('A registration is refused with the place and the reason for', () => {
  it.each(BAD_REGISTRATIONS)('%s', async (_, body, status, code, pointer) => {
    const started = performance.now();
    const answer = await app.call('POST', path(), { body: body() });
    expect([answer.status, answer.body.type]).toEqual([status, `/problems/${code}`]);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    const pointers = answer.body.errors.map((error) => error.pointer);
    if (pointer) expect(pointers).toContain(pointer);
    expect(answer.text).not.toMatch(/node_modules|at \w+ \(|select |insert /);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

const RAW: [
  what: string,
  raw: string | Buffer,
  headers: Record<string, string>,
  status: number,
  code: string,
][] = [
  ['JSON that ends too early', '{"attendee":', {}, 400, 'invalid-request'],
  ['a body that is empty', '', {}, 400, 'invalid-request'],
  [
    'a body that poisons the prototype',
    '{"__proto__":{"admin":true},"attendee":{}}',
    {},
    400,
    'invalid-request',
  ],
  [
    'a body that poisons the constructor',
    '{"constructor":{"prototype":{"admin":true}}}',
    {},
    400,
    'invalid-request',
  ],
  ['bytes that are no UTF-8', Buffer.from('7b2261223a22ff227d', 'hex'), {}, 400, 'invalid-request'],
  ['a hundred thousand open brackets', '['.repeat(100_000), {}, 400, 'invalid-request'],
  [
    'brackets nested a hundred thousand deep',
    '['.repeat(100_000) + ']'.repeat(100_000),
    {},
    400,
    'invalid-request',
  ],
  ['ten megabytes', Buffer.alloc(10_000_000, 0x20), {}, 413, 'payload-too-large'],
  ['a form', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'unsupported-media-type'],
  ['XML', '<a/>', { 'content-type': 'application/xml' }, 415, 'unsupported-media-type'],
  ['plain text', '{}', { 'content-type': 'text/plain' }, 415, 'unsupported-media-type'],
];

describe('Before it is looked at, a request is refused for', () => {
  it.each(RAW)('%s', async (_, raw, headers, status, code) => {
    const answer = await app.call('POST', path(), { raw, headers });
    expect([answer.status, answer.body.type]).toEqual([status, `/problems/${code}`]);
  });

  it('headers of more than 16 KiB', async () => {
    const answer = await app.call('GET', '/v1/events', { headers: { 'x-long': 'x'.repeat(20_000) } });
    expect([answer.status, answer.body.type]).toEqual([431, '/problems/headers-too-large']);
  });

  it('being no HTTP at all', async () => {
    const text = await new Promise<string>((resolve) => {
      let received = '';
      const socket = connect(app.port, '127.0.0.1', () => socket.write('HELLO?\r\n\r\n'));
      socket.on('data', (bytes) => (received += bytes.toString())).on('close', () => resolve(received));
    });
    expect(text).toMatch(/^HTTP\/1\.1 400 .*application\/problem\+json.*\/problems\/invalid-request/s);
  });
});

const ADDRESSES: [method: string, path: string, status: number, code: string][] = [
  ['POST', '/v1/events/there-is-none/registrations', 404, 'not-found'],
  ['POST', '/v1/events/%00/registrations', 404, 'not-found'],
  ['POST', "/v1/events/'%20or%201=1/registrations", 404, 'not-found'],
  ['POST', `/v1/events/${'x'.repeat(3_000)}/registrations`, 404, 'not-found'],
  ['POST', '/v1/events/%E0%A4%A/registrations', 404, 'not-found'],
  ['GET', '/v1/events?limit=0', 400, 'invalid-request'],
  ['GET', '/v1/events?limit=1000', 400, 'invalid-request'],
  ['GET', '/v1/events?limit=many', 400, 'invalid-request'],
  ['GET', '/v1/events?limit=1&limit=2', 400, 'invalid-request'],
  ['GET', '/v1/events?cursor=nonsense', 400, 'invalid-request'],
  ['GET', '/v1/events?cursor=WyJhIiwiYiJd', 400, 'invalid-request'],
  ['GET', '/v1/events?colour=red', 400, 'invalid-request'],
  ['GET', '/nowhere', 404, 'not-found'],
  ['GET', '/v1', 404, 'not-found'],
  ['PUT', '/v1/events', 405, 'method-not-allowed'],
  ['DELETE', '/v1/events/some', 405, 'method-not-allowed'],
  ['PATCH', '/health/live', 405, 'method-not-allowed'],
];

describe('An address that cannot be served is answered with its reason', () => {
  it.each(ADDRESSES)('%s %s → %i %s', async (method, address, status, code) => {
    const answer = await app.call(method, address, {
      token: OPERATOR,
      ...(method === 'POST' ? { body: registrationBody(TERMS) } : {}),
    });
    expect([answer.status, answer.body.type]).toEqual([status, `/problems/${code}`]);
    if (status === 405) expect(answer.headers.get('allow')).toMatch(/GET/);
  });

  it.each(['email=%00', 'email=a%0Ab', 'status=living', 'status=%00', 'cursor=%00'])(
    'GET the registrations with ?%s → 400',
    async (query) => {
      const answer = await app.call('GET', `${path()}?${query}`, { token: OPERATOR });
      expect([answer.status, answer.body.type]).toEqual([400, '/problems/invalid-request']);
    },
  );
});

describe('An event that cannot be registered for', () => {
  it('because it is over, says that registration is closed', async () => {
    const over = await app.openEvent({ startsAt: '2020-01-01T10:00:00Z', endsAt: '2020-01-02T10:00:00Z' });
    const answer = await app.register(over);
    expect([answer.status, answer.body.type]).toEqual([409, '/problems/registration-closed']);
  });

  it('because it has not opened or has closed, says so too', async () => {
    const later = await app.openEvent({ registrationOpensAt: '2099-01-01T10:00:00Z' });
    const before = await app.openEvent({ registrationClosesAt: '2020-01-01T10:00:00Z' });
    expect((await app.register(later)).body.type).toBe('/problems/registration-closed');
    expect((await app.register(before)).body.type).toBe('/problems/registration-closed');
  });

  it('because it is a draft, is not there', async () => {
    expect((await app.register(await app.draftEvent())).status).toBe(404);
  });
});
