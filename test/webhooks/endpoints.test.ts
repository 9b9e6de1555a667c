import type { INestApplicationContext } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, type AnswerBody, OPERATOR, TestApp } from '../http/app.js';
import { destinationsFor } from '../support/destinations.js';
import { freshRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { startWorker } from '../support/worker.js';
import { Receiver } from './receiver.js';
import { isSignedWithSecret } from './standard-webhooks.js';

let app: TestApp;
let worker: INestApplicationContext;
let receiver: Receiver;
let event: string;

beforeAll(async () => {
  app = await TestApp.start({ settings: { webhooks: { allowPrivateHosts: true } } });
  worker = await startWorker({
    databaseUrl: app.databaseUrl,
    redisUrl: await freshRedis(),
    destinationsFile: destinationsFor({}),
    webhooks: { retryFirstMs: 20, retryMaxMs: 60, timeoutMs: 2_000 },
  });
});

afterAll(async () => {
  await worker.close();
  await app.stop();
});

beforeEach(async () => {
  receiver = await Receiver.start();
  event = await app.openEvent();
  return () => receiver.stop();
});

interface Body {
  readonly type: string;
  readonly data: Record<string, Record<string, unknown>>;
}

function call(
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return app.call(method, path, { token: OPERATOR, headers, ...(body === undefined ? {} : { body }) });
}

async function create(more: object = {}): Promise<AnswerBody> {
  const answer = await call('POST', '/v1/webhooks', { url: receiver.url, topics: ['*'], event, ...more });
  expect(answer.status, answer.text).toBe(201);
  return answer.body;
}

/** What the receiver acknowledged, in order, once so many came. */
async function bodies(many: number): Promise<Body[]> {
  const received = await waitFor(
    () => receiver.received.filter(({ status }) => status < 300),
    (seen) => seen.length >= many,
  );
  return received.map(({ body }) => JSON.parse(body) as Body);
}

describe('A webhook', () => {
  it('is made once, however often the request is sent, and shows its secret with it only', async () => {
    const body = { url: receiver.url, topics: ['registration.confirmed'] };
    const headers = { 'idempotency-key': `hook-${event}` };
    const first = await call('POST', '/v1/webhooks', body, headers);
    const again = await call('POST', '/v1/webhooks', body, headers);
    expect([first.status, again.status, again.headers.get('idempotent-replayed')]).toEqual([
      201,
      201,
      'true',
    ]);
    expect(again.body).toEqual(first.body);
    expect(first.headers.get('location')).toBe(`/v1/webhooks/${first.body.id}`);
    const { secret, ...rest } = first.body;
    expect(secret).toMatch(/^whsec_/);
    expect((await call('GET', `/v1/webhooks/${first.body.id}`)).body).toEqual(rest);
    const other = await call('POST', '/v1/webhooks', { ...body, topics: ['*'] }, headers);
    expect(other.status).toBe(422);
  });

  it('hears of attendance and interactions, in one order with the registration', async () => {
    await create();
    const { id } = (await app.register(event)).body;
    const signal = { source: 't', at: '2030-01-01T00:00:00Z', person: { registration: id } };
    await call('POST', `/v1/events/${event}/signals`, [
      { ...signal, sourceId: `1${id}`, type: 'joined', until: '2030-01-01T00:30:00Z' },
      { ...signal, sourceId: `2${id}`, type: 'asked', data: { question: 'Why?' } },
    ]);
    await app.call('DELETE', `/v1/registrations/${id}`, { token: OPERATOR });
    const told = await bodies(4);
    expect(told.map(({ type, data }) => [type, data.sequence])).toEqual([
      ['registration.confirmed', 1],
      ['attendance.changed', 2],
      ['interaction.recorded', 3],
      ['registration.cancelled', 4],
    ]);
    expect(told[1]!.data.attendance).toMatchObject({ status: 'attended', minutes: 30, registration: { id } });
    expect(told[2]!.data.interaction).toMatchObject({ type: 'asked', data: { question: 'Why?' } });
  });

  it('of thin payload carries ids only', async () => {
    await create({ payload: 'thin' });
    const { id } = (await app.register(event)).body;
    await call('POST', `/v1/events/${event}/signals`, [
      {
        source: 't',
        sourceId: id,
        type: 'checkedIn',
        at: '2030-01-01T00:00:00Z',
        person: { registration: id },
      },
    ]);
    const [registration, attendance] = await bodies(2);
    expect(registration!.data).toEqual({ registration: { id }, version: 1, sequence: 1 });
    expect(attendance!.data.attendance).toEqual({ id: expect.any(String) as string, registration: { id } });
  });

  it('with a filter gets what fits it, numbered without the others', async () => {
    await create({ filter: { 'attendee.country': ['DE', 'AT'], status: 'confirmed' } });
    const from = async (country: string): Promise<string> =>
      (await app.register(event, { attendee: { country } })).body.id;
    await from('FR');
    const german = await from('DE');
    await from('IT');
    const austrian = await from('AT');
    const told = await bodies(2);
    expect(told.map(({ data }) => [data.registration!.id, data.sequence])).toEqual([
      [german, 1],
      [austrian, 1],
    ]);
    for (const filter of [{ 'a b': 1 }, { status: {} }, [], { status: [[]] }]) {
      const refused = await call('POST', '/v1/webhooks', { url: receiver.url, topics: ['*'], filter });
      expect(refused.status, JSON.stringify(filter)).toBe(400);
    }
  });

  it('whose secret is rotated is signed with both for a while', async () => {
    const { id, secret } = await create();
    const rotated = await call('POST', `/v1/webhooks/${id}/rotate`);
    expect(rotated.status).toBe(200);
    expect(rotated.body.secret).not.toBe(secret);
    expect(rotated.body.previousSecretUntil).toEqual(expect.stringMatching(/Z$/));
    await waitFor(
      async () => {
        await call('POST', `/v1/webhooks/${id}/test`);
        return receiver.received.at(-1);
      },
      (seen) => seen !== undefined && isSignedWithSecret(seen, String(rotated.body.secret)),
    );
    expect(isSignedWithSecret(receiver.received.at(-1)!, String(secret))).toBe(true);
    await app.pool.query(`update webhook_endpoints set previous_secret_until = now() where id = $1`, [id]);
    await waitFor(
      async () => {
        await call('POST', `/v1/webhooks/${id}/test`);
        return receiver.received.at(-1)!;
      },
      (seen) => !isSignedWithSecret(seen, String(secret)),
    );
  });

  it('can be tested, and the attempts tell how it went', async () => {
    const { id } = await create();
    const answer = await call('POST', `/v1/webhooks/${id}/test`);
    expect(answer.status).toBe(202);
    const [test] = await bodies(1);
    expect(test).toMatchObject({ type: 'webhook.test', data: { test: { endpoint: id } } });
    expect(receiver.received[0]!.id).toBe(answer.body.message);
    const attempts = await waitFor(
      () => call('GET', `/v1/webhooks/${id}/attempts`),
      ({ body }) => body.items.length > 0,
    );
    expect(attempts.body.items[0]).toMatchObject({
      message: answer.body.message,
      outcome: 'sent',
      status: 204,
    });
    await call('POST', `/v1/webhooks/${id}/pause`);
    expect((await call('POST', `/v1/webhooks/${id}/test`)).status).toBe(409);
  });

  it('gets the messages of a time again, under their ids and in their order', async () => {
    const { id } = await create();
    const since = new Date(Date.now() - 60_000).toISOString();
    const { body } = await app.register(event);
    await app.call('DELETE', `/v1/registrations/${body.id}`, { token: body.manageToken });
    await bodies(2);
    await waitFor(
      () => call('GET', `/v1/webhooks/${id}/attempts`),
      (seen) => seen.body.items.length === 2,
    );
    const replay = await call('POST', `/v1/webhooks/${id}/replay`, { since });
    expect([replay.status, replay.body.matched]).toEqual([202, 2]);
    await bodies(4);
    const [first, second, ...again] = receiver.received;
    expect(again.map((message) => [message.id, message.body])).toEqual(
      [first!, second!].map((message) => [message.id, message.body]),
    );
    const later = await call('POST', `/v1/webhooks/${id}/replay`, { since: '2099-01-01T00:00:00Z' });
    expect(later.status).toBe(400);
    const earlier = { since: '2001-01-01T00:00:00Z', until: '2001-01-02T00:00:00Z' };
    expect((await call('POST', `/v1/webhooks/${id}/replay`, earlier)).body.matched).toBe(0);
  });

  it('that nobody answers is failing, and active again when somebody does', async () => {
    const { id } = await create();
    receiver.answer = () => 500;
    await app.register(event);
    const state = async (): Promise<string> => (await call('GET', `/v1/webhooks/${id}`)).body.state;
    await waitFor(state, (seen) => seen === 'failing');
    receiver.answer = () => 204;
    await waitFor(state, (seen) => seen === 'active');
  });

  it('can be changed: where, what and how', async () => {
    const { id } = await create({ topics: ['registration.cancelled'] });
    const patch = { topics: ['registration.confirmed'], payload: 'thin', filter: { status: 'confirmed' } };
    const changed = await call('PATCH', `/v1/webhooks/${id}`, patch);
    expect(changed.body).toMatchObject({ ...patch, url: receiver.url });
    await waitFor(
      async () => {
        await app.register(event);
        return receiver.received.length;
      },
      (seen) => seen > 0,
    );
    const cleared = await call('PATCH', `/v1/webhooks/${id}`, { filter: null, event: null });
    expect(cleared.body).not.toHaveProperty('filter');
    expect(cleared.body).not.toHaveProperty('event');
    expect((await call('PATCH', `/v1/webhooks/${id}`, { topics: [] })).status).toBe(400);
    expect((await call('PATCH', `/v1/webhooks/${id}`, { secret: 'mine' })).status).toBe(400);
  });
});
