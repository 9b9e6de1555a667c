/** The HTTP contract from outside: what every address has in common. From the contract's page; it knows nothing of the code. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventBody, OPERATOR, TestApp } from './app.js';
import { consents, ContractEvent } from './contract-event.js';
import { expectProblem } from './expect-problem.js';

const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

let on: ContractEvent;
let app: TestApp;
let event: string;

beforeAll(async () => {
  on = await ContractEvent.open();
  ({ app, slug: event } = on);
});

afterAll(() => app.stop());

/** Names of members, however deep, of what we made (not of what people answer). */
function names(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(names);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    ['answers', 'source', 'schema'].includes(name) ? [name] : [name, ...names(member)],
  );
}
describe('Every answer', () => {
  it('has camelCase names, times with a zone, UUIDv7 ids, and links that lead somewhere', async () => {
    const registration = await on.registered();
    const hook = await app.operator('POST', '/v1/webhooks', { url: 'https://1.1.1.1/hook', topics: ['*'] });
    const run = await app.operator('POST', '/v1/reports/registrations-and-ledger/runs', { format: 'json' });
    const answers = [
      (await app.call('GET', `/v1/events/${event}`)).body,
      registration,
      hook.body,
      run.body,
      (await app.call('GET', `/v1/events/${event}/form`)).body,
      ...(await app.call('GET', `/v1/events/${event}/sessions`)).body.items,
      ...(await app.operator('GET', '/v1/mappings')).body.items,
      ...(await app.operator('GET', '/v1/reports')).body.items,
    ];
    for (const body of answers) {
      for (const name of names(body)) expect(name).toMatch(/^[a-z][A-Za-z0-9]*$/);
      if ('id' in body) expect(body.id).toMatch(UUID7);
      for (const [name, value] of Object.entries(body))
        if (/At$/.test(name) && value !== null) expect(value, name).toMatch(TIME);
      for (const [name, url] of Object.entries(body.links as Record<string, string>)) {
        const answer = await app.call('GET', url, { token: OPERATOR });
        const isAction = /^(pause|resume|rotate|test|replay|transfer|person|plan|apply)$/.test(name);
        expect(answer.status, url).toBe(isAction ? 405 : 200);
      }
    }
  });

  it('is described by OpenAPI 3.1, in which each of these addresses stands', async () => {
    const { body } = await app.call('GET', '/openapi.json');
    expect(body.openapi).toMatch(/^3\.1/);
    expect(Object.keys(body.paths as object)).toEqual(
      expect.arrayContaining([
        '/v1/events/{event}/registrations',
        '/v1/me/registrations',
        '/v1/me/registrations/{id}',
        '/v1/registrations/{id}/transfer',
        '/v1/registrations/{id}/calendar.ics',
        '/v1/events/{event}/signals',
        '/v1/hooks/{platform}',
        '/v1/webhooks/{id}/replay',
      ]),
    );
    expect((await app.call('GET', '/docs')).headers.get('content-type')).toMatch(/text\/html/);
  });

  it('of a list holds at most as many as asked, and leads on', async () => {
    for (let i = 0; i < 3; i++) await app.openEvent();
    const first = await app.call('GET', '/v1/events?limit=1');
    expect(first.body.items).toHaveLength(1);
    const second = await app.call('GET', `/v1/events?limit=1&cursor=${first.body.next}`);
    expect(second.body.items[0]!.id).not.toBe(first.body.items[0]!.id);
    for (const limit of ['0', '201', 'x', '1.5', '-1'])
      expectProblem(await app.call('GET', `/v1/events?limit=${limit}`), 400, 'invalid-request');
    expectProblem(await app.call('GET', '/v1/events?cursor=none'), 400, 'invalid-request');
    for (const path of ['/v1/webhooks', '/v1/deliveries', `/v1/events/${event}/registrations`])
      expect((await app.operator('GET', `${path}?limit=200`)).body, path).toMatchObject({ next: null });
  });
});

describe('Every fault', () => {
  it.each([
    ['a body that is no JSON', '{', 400, 'invalid-request'],
    [
      'an unknown property',
      '{"attendee":{"email":"a@b.co","firstName":"A","lastName":"B"},"colour":1}',
      400,
      'invalid-request',
    ],
    [
      'a NUL',
      '{"attendee":{"email":"a@b.co","firstName":"A\\u0000","lastName":"B"}}',
      400,
      'invalid-request',
    ],
    [
      'a lone surrogate',
      '{"attendee":{"email":"a@b.co","firstName":"\\ud800","lastName":"B"}}',
      400,
      'invalid-request',
    ],
    [
      'an e-mail of 255 characters',
      `{"attendee":{"email":"${'a'.repeat(249)}@b.com","firstName":"A","lastName":"B"}}`,
      400,
      'invalid-request',
    ],
    ['a body of 300 KiB', `{"answers":{"x":"${'x'.repeat(300 * 1024)}"}}`, 413, 'payload-too-large'],
  ])('of the request: %s', async (_, raw, status, code) => {
    expectProblem(await app.call('POST', `/v1/events/${event}/registrations`, { raw }), status, code);
  });

  it('names its place, and its type is a page', async () => {
    const answer = await app.register(event, { attendee: { email: 'none', phone: '123' }, consents });
    expectProblem(answer, 400, 'invalid-request');
    expect(answer.body.errors.map(({ pointer }) => pointer).sort()).toEqual([
      '/attendee/email',
      '/attendee/phone',
    ]);
    const page = await app.call('GET', answer.body.type, { headers: { accept: 'text/html' } });
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  });

  it('of credentials, addresses, methods and types', async () => {
    const mine = await on.registered();
    expectProblem(await app.call('GET', '/v1/webhooks'), 401, 'unauthenticated');
    expectProblem(await app.call('GET', '/v1/webhooks', { token: 'fk_wrong' }), 401, 'unauthenticated');
    expectProblem(await app.call('GET', '/v1/webhooks', { token: mine.manageToken }), 403, 'forbidden');
    expectProblem(await app.call('GET', '/v1/nothing'), 404, 'not-found');
    expectProblem(await on.own({ ...mine, manageToken: 'fm_wrong' }, 'GET'), 404, 'not-found');
    const post = await app.call('DELETE', `/v1/events/${event}`);
    expectProblem(post, 405, 'method-not-allowed');
    expect(post.headers.get('allow')).toContain('PATCH');
    const xml = { raw: '<a/>', headers: { 'content-type': 'application/xml' } };
    expectProblem(
      await app.call('POST', `/v1/events/${event}/registrations`, xml),
      415,
      'unsupported-media-type',
    );
    const long = await app.call('GET', '/v1/events', { headers: { cookie: 'x'.repeat(20_000) } });
    expect([long.status, long.body.type]).toEqual([431, '/problems/headers-too-large']);
  });

  it('of the event: closed, full, taken, wrong answers', async () => {
    const closed = await app.openEvent();
    await app.operator('PATCH', `/v1/events/${closed}`, { state: 'closed' });
    expectProblem(await app.register(closed), 409, 'registration-closed');
    const full = await app.openEvent({ capacity: 0, waitlist: { capacity: 0 } });
    expectProblem(await app.register(full), 409, 'event-full');
    const { attendee } = await on.registered();
    const again = { attendee: { email: attendee.email!.toUpperCase() }, consents };
    expectProblem(await app.register(event, again), 409, 'already-registered');
    expectProblem(await app.register(event, { consents: [] }), 422, 'invalid-answer');
    expectProblem(await app.register(event, { consents, answers: { diet: 1 } }), 422, 'invalid-answer');
    expectProblem(await app.register('nowhere'), 404, 'not-found');
  });
});

describe('A request with an Idempotency-Key', () => {
  it('has one effect and the same answer; another body is refused', async () => {
    const attendee = { email: 'idem@example.org' };
    const headers = { 'idempotency-key': 'k1' };
    const first = await app.register(event, { attendee, consents }, headers);
    const again = await app.register(event, { attendee, consents }, headers);
    expect([again.status, again.text]).toEqual([first.status, first.text]);
    expect([first, again].map(({ headers: sent }) => sent.get('idempotent-replayed'))).toEqual([
      null,
      'true',
    ]);
    const other = await app.register(event, { attendee: { email: 'other@example.org' }, consents }, headers);
    expectProblem(other, 422, 'idempotency-key-reused');
    const long = { 'idempotency-key': 'x'.repeat(256) };
    expectProblem(await app.register(event, { consents }, long), 400, 'invalid-request');
  });

  it('may be any that creates: events, webhooks, API keys, runs of reports', async () => {
    const creates: [string, object][] = [
      ['/v1/events', eventBody(`once-${event}`)],
      ['/v1/webhooks', { url: 'https://1.1.1.1/hook', topics: ['*'] }],
      ['/v1/api-keys', { name: 'printers', role: 'viewer' }],
      ['/v1/reports/registrations-and-ledger/runs', { format: 'csv' }],
    ];
    for (const [path, body] of creates) {
      const call = () =>
        app.call('POST', path, { body, token: OPERATOR, headers: { 'idempotency-key': 'k2' } });
      const [first, again] = [await call(), await call()];
      expect([first.status, again.status], path).toEqual([201, 201]);
      expect(again.body.id, path).toBe(first.body.id);
      expect(again.headers.get('idempotent-replayed'), path).toBe('true');
      expect(again.headers.get('location'), path).toBe(first.headers.get('location'));
    }
  });
});

describe('An API key whose answer was lost', () => {
  const ask = (on: TestApp) =>
    on.call('POST', '/v1/api-keys', {
      body: { name: 'lost', role: 'viewer' },
      token: OPERATOR,
      headers: { 'idempotency-key': 'lost' },
    });

  it('is told again, and is one key that works; with another secret it can only be revoked', async () => {
    const answers = [...(await Promise.all([ask(app), ask(app)])), await ask(app)];
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    const { id, key } = answers[0]!.body as unknown as { id: string; key: string };
    expect((await app.call('GET', '/v1/webhooks', { token: key })).status).toBe(200);
    const { items } = (await app.operator('GET', '/v1/api-keys')).body;
    expect(items.filter(({ name }) => name === 'lost')).toHaveLength(1);
    const { rows } = await app.pool.query('select 1 from access_audit where subject = $1::text', [id]);
    expect(rows).toHaveLength(1);
    const secret = 'another-secret-another-secret-another-secret';
    const other = await TestApp.start({ databaseUrl: app.databaseUrl, settings: { identity: { secret } } });
    try {
      const again = await ask(other);
      expectProblem(again, 410, 'gone');
      expect(again.body.detail).toContain(id);
    } finally {
      await other.stop();
    }
  });
});

describe('With an address of our own', () => {
  it('links begin with it', async () => {
    const other = await TestApp.start({
      databaseUrl: app.databaseUrl,
      settings: { http: { publicUrl: 'https://events.example.org/' } },
    });
    try {
      const { body, headers } = await other.register(event, { consents });
      const self = `https://events.example.org/v1/registrations/${body.id}`;
      expect([headers.get('location'), (body.links as { self: string }).self]).toEqual([self, self]);
      const calendar = await other.call('GET', `/v1/registrations/${body.id}/calendar.ics`, {
        token: body.manageToken,
      });
      expect(calendar.text.replaceAll('\r\n ', '')).toContain(`URL:${self}`);
    } finally {
      await other.stop();
    }
  });
});
