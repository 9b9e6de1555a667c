import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ForgetKeys } from '../../src/registrations/forget-keys.js';
import { registrationBody, TestApp } from '../http/app.js';

let app: TestApp;
let other: TestApp;

beforeAll(async () => {
  app = await TestApp.start();
  other = await TestApp.start({ databaseUrl: app.databaseUrl });
});

afterAll(async () => {
  await other.stop();
  await app.stop();
});

const post = (on: TestApp, event: string, body: unknown, key: string) =>
  on.call('POST', `/v1/events/${event}/registrations`, { body, headers: { 'idempotency-key': key } });

async function registrationsOf(event: string): Promise<number> {
  return (await app.operator('GET', `/v1/events/${event}/registrations`)).body.items.length;
}

describe('An Idempotency-Key', () => {
  it('gives sessions in the order of the agenda, first and again, whatever their codes', async () => {
    const event = await app.openEvent();
    for (const [hour, code] of ['10', 'late', '9', '1'].entries())
      await app.operator('PUT', `/v1/events/${event}/sessions/${code}`, {
        title: code,
        kind: 'talk',
        speakers: [],
        startsAt: `2030-01-01T1${hour}:00:00Z`,
        endsAt: `2030-01-01T1${hour}:30:00Z`,
      });
    const body = registrationBody({ sessions: ['1', '9', '10', 'late'] });
    const [first, again] = [await post(app, event, body, 'order'), await post(app, event, body, 'order')];
    expect(first.body.sessions).toEqual(['10', 'late', '9', '1']);
    expect(again.text).toBe(first.text);
  });

  it('gives the same registration again, token included, and says so', async () => {
    const event = await app.openEvent();
    const body = registrationBody();
    const [first, again, elsewhere] = [
      await post(app, event, body, 'k'),
      await post(app, event, body, 'k'),
      await post(other, event, body, 'k'),
    ];
    expect([first.status, again.status, elsewhere.status]).toEqual([201, 201, 201]);
    expect(again.body).toEqual(first.body);
    expect(elsewhere.body).toEqual(first.body);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
  });

  it('has one effect however often it comes at once, through two processes', async () => {
    const event = await app.openEvent();
    const body = registrationBody();
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) => post(i % 2 ? app : other, event, body, 'k')),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get('idempotent-replayed') === null)).toHaveLength(1);
    expect(await registrationsOf(event)).toBe(1);
  });

  it('does not mind the order of the members in the body', async () => {
    const event = await app.openEvent();
    const body = registrationBody();
    await post(app, event, body, 'k');
    const turned = Object.fromEntries(Object.entries(body).reverse());
    expect((await post(app, event, turned, 'k')).headers.get('idempotent-replayed')).toBe('true');
  });

  it('is refused with another body', async () => {
    const event = await app.openEvent();
    await post(app, event, registrationBody(), 'k');
    const answer = await post(app, event, registrationBody(), 'k');
    expect([answer.status, answer.body.type]).toEqual([422, '/problems/idempotency-key-reused']);
  });

  it('may be used again at another event', async () => {
    const body = registrationBody();
    const [one, two] = [await app.openEvent(), await app.openEvent()];
    const [first, second] = [await post(app, one, body, 'k'), await post(app, two, body, 'k')];
    expect(second.status).toBe(201);
    expect(second.body.id).not.toBe(first.body.id);
  });

  it('remembers that the e-mail was registered already', async () => {
    const event = await app.openEvent();
    const body = registrationBody();
    const first = await post(app, event, body, 'one');
    const refused = await post(app, event, body, 'two');
    expect([refused.status, refused.body.type]).toEqual([409, '/problems/already-registered']);
    await app.call('DELETE', `/v1/registrations/${first.body.id}`, {
      token: first.body.manageToken,
    });
    const again = await post(app, event, body, 'two');
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([409, 'true']);
  });

  it('does not remember that the event was full or closed: trying again is safe and may succeed', async () => {
    const event = await app.openEvent({ capacity: 0, waitlist: { capacity: 0 } });
    const body = registrationBody();
    expect((await post(app, event, body, 'k')).body.type).toBe('/problems/event-full');
    await app.operator('PATCH', `/v1/events/${event}`, { state: 'closed' });
    expect((await post(app, event, body, 'k')).body.type).toBe('/problems/registration-closed');
    await app.operator('PATCH', `/v1/events/${event}`, { state: 'open', capacity: 1 });
    expect((await post(app, event, body, 'k')).status).toBe(201);
  });

  it('still gives the first answer after the event has closed and its form has changed', async () => {
    const event = await app.openEvent();
    const body = registrationBody();
    const first = await post(app, event, body, 'k');
    const schema = { type: 'object', required: ['diet'], properties: { diet: { type: 'string' } } };
    await app.operator('PUT', `/v1/events/${event}/form`, { schema, consents: [] });
    expect((await post(app, event, body, 'k')).body).toEqual(first.body);
    await app.operator('PATCH', `/v1/events/${event}`, { state: 'closed' });
    expect((await post(app, event, body, 'k')).body).toEqual(first.body);
  });

  it('is forgotten after thirty days', async () => {
    const event = await app.openEvent();
    const body = registrationBody();
    const first = await post(app, event, body, 'k');
    await app.call('DELETE', `/v1/registrations/${first.body.id}`, {
      token: first.body.manageToken,
    });
    await app.pool.query(`update idempotency_keys set created_at = created_at - interval '31 days'`);
    const anew = await post(app, event, body, 'k');
    expect(await app.nest.get(ForgetKeys).forget()).toBeGreaterThan(0);
    expect(await app.nest.get(ForgetKeys).forget()).toBe(0);
    expect([anew.status, anew.headers.get('idempotent-replayed')]).toEqual([201, null]);
    expect(anew.body.id).not.toBe(first.body.id);
    expect((await post(app, event, body, 'k')).body.id).toBe(anew.body.id);
  });

  it.each(['', 'x'.repeat(256), 'tab\there'])('must be 1–255 printable characters, not %j', async (key) => {
    const event = await app.openEvent();
    const answer = await post(app, event, registrationBody(), key);

    expect([answer.status, answer.body.type]).toEqual([400, '/problems/invalid-request']);
  });

  it('also makes a new event once', async () => {
    const body = {
      slug: 'once',
      name: 'Once',
      startsAt: '2030-01-01T10:00:00Z',
      endsAt: '2030-01-02T10:00:00Z',
    };
    const whole = { ...body, timeZone: 'UTC', capacity: null, waitlist: { capacity: 0 } };
    const create = (name: string) =>
      app.call('POST', '/v1/events', {
        body: { ...whole, name },
        token: 'fk_operator-of-the-tests',
        headers: { 'idempotency-key': 'k' },
      });
    const [first, again, changed] = [await create('Once'), await create('Once'), await create('Twice')];
    expect([first.status, again.status, changed.status]).toEqual([201, 201, 422]);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
  });
});
