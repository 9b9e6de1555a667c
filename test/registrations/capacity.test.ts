import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApp } from '../http/app.js';

const SEATS = 500;
const TRIES = 1_500;
const CONNECTIONS = 32;

let first: TestApp;
let second: TestApp;

beforeAll(async () => {
  first = await TestApp.start();
  second = await TestApp.start({ databaseUrl: first.databaseUrl });
});

afterAll(async () => {
  await second.stop();
  await first.stop();
});

/** Runs the tries over both replicas, a number of them at once. */
async function race<T>(tries: number, attempt: (app: TestApp, i: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const runner = async (): Promise<void> => {
    for (let i = next++; i < tries; i = next++) results[i] = await attempt(i % 2 ? first : second, i);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, runner));
  return results;
}

async function counters(event: string) {
  const { rows } = await first.pool.query<{ confirmed: number; waitlisted: number; counted: number }>(
    `select e.confirmed, e.waitlisted, (select count(*)::integer from registrations r
       where r.event_id = e.id and r.status = 'confirmed') as counted from events e where slug = $1`,
    [event],
  );
  return rows[0]!;
}

describe('The places of an event', () => {
  it(`are given to exactly ${SEATS} people when ${TRIES} try through two replicas at once`, async () => {
    const event = await first.openEvent({ capacity: SEATS });
    const answers = await race(TRIES, (app) => app.register(event));
    expect(answers.every(({ status }) => status === 201)).toBe(true);
    const bodies = answers.map(({ body }) => body as { status: string; position?: number });
    expect(bodies.filter(({ status }) => status === 'confirmed')).toHaveLength(SEATS);
    const positions = bodies.flatMap(({ position }) => position ?? []).sort((a, b) => a - b);
    expect(positions).toEqual(Array.from({ length: TRIES - SEATS }, (_, i) => i + 1));
    expect(await counters(event)).toEqual({ confirmed: SEATS, waitlisted: TRIES - SEATS, counted: SEATS });
  });

  it('are not given twice to one e-mail that asks many times at once, in any case', async () => {
    const event = await first.openEvent({ capacity: 10 });
    const answers = await race(40, (app, i) =>
      app.register(event, { attendee: { email: i % 3 ? 'same@example.org' : ' Same@Example.ORG ' } }),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    const refused = answers.filter(({ status }) => status !== 201);
    expect(new Set(refused.map(({ body }) => (body as { type: string }).type))).toEqual(
      new Set(['/problems/already-registered']),
    );
    expect((await counters(event)).counted).toBe(1);
  });

  it('stay exact while people register and cancel through two replicas at once', async () => {
    const event = await first.openEvent({ capacity: 20 });
    await race(200, async (app, i) => {
      const { body, status } = await app.register(event);
      expect(status).toBe(201);
      const { id, manageToken } = body as { id: string; manageToken: string };
      if (i % 2)
        expect((await app.call('DELETE', `/v1/registrations/${id}`, { token: manageToken })).status).toBe(
          200,
        );
    });
    expect(await counters(event)).toEqual({ confirmed: 20, waitlisted: 80, counted: 20 });
  });

  it('are refused when they are gone and there is no waitlist', async () => {
    const event = await first.openEvent({ capacity: 1, waitlist: { capacity: 0 } });
    expect((await first.register(event)).status).toBe(201);
    const refused = await first.register(event);
    expect([refused.status, refused.body.type]).toEqual([409, '/problems/event-full']);
  });

  it('leave as many on the waitlist as it has room for', async () => {
    const event = await first.openEvent({ capacity: 1, waitlist: { capacity: 2 } });
    const answers = await race(6, (app) => app.register(event));
    expect(answers.map(({ body }) => (body as { status: number | string }).status).sort()).toEqual(
      [409, 409, 409, 'confirmed', 'waitlisted', 'waitlisted'].sort(),
    );
  });

  it('leave nobody behind when somebody wants a session that has no seat left', async () => {
    const event = await first.openEvent({ capacity: 3, waitlist: { capacity: 0 } });
    const session = {
      title: 'Lab',
      startsAt: '2030-01-01T10:00:00Z',
      endsAt: '2030-01-01T11:00:00Z',
      kind: 'lab',
    };
    await first.operator('PUT', `/v1/events/${event}/sessions/lab`, {
      ...session,
      speakers: [],
      capacity: 1,
    });
    const answers = await race(8, (app) => app.register(event, { sessions: ['lab'] }));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    const full = answers.find(({ status }) => status === 409)!;
    expect(full.body).toMatchObject({ type: '/problems/conflict', errors: [{ code: 'session-full' }] });
    expect((await first.register(event)).body.status).toBe('confirmed');
  });
});
