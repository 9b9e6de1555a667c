/** The HTTP contract from outside, caller by caller. From the contract's page; it knows nothing of the code. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventBody, OPERATOR, type TestApp } from './app.js';
import { consents, ContractEvent } from './contract-event.js';
import { expectProblem } from './expect-problem.js';

let on: ContractEvent;
let app: TestApp;
let event: string;

beforeAll(async () => {
  on = await ContractEvent.open();
  ({ app, slug: event } = on);
});

afterAll(() => app.stop());

describe('An attendee', () => {
  it('reads events, agenda and form without credentials, cacheable', async () => {
    for (const path of [
      '/v1/events',
      `/v1/events/${event}`,
      `/v1/events/${event}/sessions`,
      `/v1/events/${event}/form`,
    ]) {
      const answer = await app.call('GET', path);
      expect([answer.status, answer.headers.get('cache-control')], path).toEqual([200, 'public, max-age=1']);
      const etag = answer.headers.get('etag')!;
      expect((await app.call('GET', path, { headers: { 'if-none-match': etag } })).status, path).toBe(304);
    }
    expect((await app.call('GET', `/v1/events/${event}`)).body).toMatchObject({
      slug: event,
      state: 'open',
      capacity: 50,
      placesLeft: expect.any(Number) as number,
      waitlist: { capacity: null },
      registrationOpensAt: null,
      registrationClosesAt: null,
      sso: 'none',
      lobby: { state: 'off' },
    });
    expect((await app.call('GET', `/v1/events/${event}/form`)).body).toMatchObject({
      version: 1,
      schema: { type: 'object' },
      consents: [{ purpose: 'terms', text: 'I agree.', textVersion: '1', required: true }],
    });
  });

  it('registers with all there is to say', async () => {
    const given = {
      attendee: {
        email: 'Whole@Example.org',
        firstName: 'Ada',
        lastName: 'Lovelace',
        company: 'Engines',
        jobTitle: 'Engineer',
        country: 'GB',
        phone: '+442071234567',
        locale: 'en-GB',
      },
      answers: { diet: 'vegan' },
      consents,
      sessions: ['opening'],
      source: { utm_source: 'mail' },
      code: 'VIP',
    };
    const answer = await app.call('POST', `/v1/events/${event}/registrations`, { body: given });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      event: { slug: event },
      status: 'confirmed',
      version: 1,
      attendee: given.attendee,
      answers: given.answers,
      consents: [{ purpose: 'terms', granted: true }],
      sessions: ['opening'],
      manageToken: expect.stringMatching(/^fm_/) as string,
    });
    expect(answer.headers.get('location')).toBe(`/v1/registrations/${answer.body.id}`);
    expect(answer.headers.get('etag')).toBe('"1"');
    const { manageToken: _, ...rest } = answer.body;
    expect((await on.own(answer.body, 'GET')).body, 'as it was made, without the token').toEqual(rest);
  });

  it('amends with the version that was read, and cancels as often as wished', async () => {
    const mine = await on.registered();
    const body = { attendee: { jobTitle: 'Chief' } };
    expectProblem(await on.own(mine, 'PATCH', '', { body }), 428, 'precondition-required');
    const amended = await on.own(mine, 'PATCH', '', { body, headers: { 'if-match': '"1"' } });
    expect([amended.status, amended.headers.get('etag'), amended.body.version]).toEqual([200, '"2"', 2]);
    expect(amended.body.attendee.jobTitle).toBe('Chief');
    expectProblem(
      await on.own(mine, 'PATCH', '', { body, headers: { 'if-match': '"1"' } }),
      412,
      'precondition-failed',
    );
    const patch = { 'if-match': '"2"', 'content-type': 'application/merge-patch+json' };
    expect(
      (await on.own(mine, 'PATCH', '', { body: { attendee: { jobTitle: null } }, headers: patch })).status,
    ).toBe(200);
    for (let i = 0; i < 2; i++) {
      const cancelled = await on.own(mine, 'DELETE');
      expect([cancelled.status, cancelled.body.status]).toEqual([200, 'cancelled']);
    }
  });

  it('takes and gives back a seat in a session', async () => {
    const mine = await on.registered();
    for (let i = 0; i < 2; i++)
      expect((await on.own(mine, 'PUT', '/sessions/opening')).body.sessions).toEqual(['opening']);
    expect((await on.own(mine, 'DELETE', '/sessions/opening')).body.sessions).toEqual([]);
    expectProblem(await on.own(mine, 'PUT', '/sessions/nowhere'), 404, 'not-found');
  });

  it('waits in line with a position, and moves up', async () => {
    const small = await app.openEvent({ capacity: 1 });
    const first = (await app.register(small)).body;
    const [second, third] = [(await app.register(small)).body, (await app.register(small)).body];
    expect([second, third].map(({ status, position }) => [status, position])).toEqual([
      ['waitlisted', 1],
      ['waitlisted', 2],
    ]);
    await on.own(first, 'DELETE');
    expect((await on.own(second, 'GET')).body.status).toBe('confirmed');
    expect((await on.own(third, 'GET')).body.position).toBe(1);
  });

  it('has a calendar entry, a badge, an export, and may be forgotten', async () => {
    const mine = await on.registered();
    expect((await on.own(mine, 'GET', '/calendar.ics')).text).toMatch(/^BEGIN:VCALENDAR\r\n/);
    expect((await on.own(mine, 'GET', '/badge.svg')).text).toMatch(/^<svg /);
    expect((await on.own(mine, 'GET', '/export')).body).toMatchObject({
      person: { email: mine.attendee.email },
    });
    const erased = await on.own(mine, 'DELETE', '/person');
    expect([erased.status, erased.body.status]).toEqual([200, 'erased']);
    expect(erased.text).not.toContain(mine.attendee.email);
  });
});

describe('An operator', () => {
  it('makes an event as a draft that nobody else sees, and opens it', async () => {
    const made = await app.call('POST', '/v1/events', { body: eventBody(`draft-${event}`), token: OPERATOR });
    expect([made.status, made.body.state, made.headers.get('location')]).toEqual([
      201,
      'draft',
      `/v1/events/draft-${event}`,
    ]);
    expectProblem(await app.call('GET', `/v1/events/draft-${event}`), 404, 'not-found');
    await app.operator('PATCH', `/v1/events/draft-${event}`, { state: 'open' });
    expect((await app.call('GET', `/v1/events/${made.body.id}`)).body.state).toBe('open');
  });

  it('finds registrations by status and e-mail', async () => {
    const { attendee, id } = await on.registered();
    const path = `/v1/events/${event}/registrations`;
    const found = await app.operator(
      'GET',
      `${path}?email=${attendee.email!.toUpperCase()}&status=confirmed`,
    );
    expect(found.body.items.map((item) => item.id)).toEqual([id]);
    expect(found.text).not.toContain('fm_');
    expect(
      (await app.operator('GET', `${path}?email=${attendee.email}&status=cancelled`)).body.items,
    ).toEqual([]);
    expectProblem(await app.call('GET', `${path}?status=lost`, { token: OPERATOR }), 400, 'invalid-request');
  });

  it('asks after health and metrics', async () => {
    expect((await app.call('GET', '/health/live')).body.status).toBe('ok');
    expect((await app.call('GET', '/health/ready')).status).toBe(200);
    expect((await app.call('GET', '/metrics')).text).toContain('foyer_registrations_total');
    for (const path of ['/v1/schedules', '/v1/reports', '/v1/mappings'])
      expect((await app.operator('GET', path)).body, path).toHaveProperty('items');
  });
});
