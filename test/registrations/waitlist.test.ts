import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AnswerBody, TestApp } from '../http/app.js';

let app: TestApp;

beforeAll(async () => {
  app = await TestApp.start();
});

afterAll(() => app.stop());

interface Place {
  id: string;
  manageToken: string;
  status: string;
  position?: number;
}

async function place(event: string): Promise<Place> {
  return (await app.register(event)).body as Place;
}

async function now(place: Place): Promise<AnswerBody> {
  return (await app.call('GET', `/v1/registrations/${place.id}`, { token: place.manageToken })).body;
}

const cancel = (place: Place) =>
  app.call('DELETE', `/v1/registrations/${place.id}`, { token: place.manageToken });

async function topics(place: Place): Promise<string[]> {
  const { rows } = await app.pool.query<{ topic: string }>(
    `select topic from changes where stream = 'registration' and key = $1 order by seq`,
    [place.id],
  );
  return rows.map(({ topic }) => topic);
}

describe('The waitlist', () => {
  it('says how many are before you, and moves up when one of them leaves', async () => {
    const event = await app.openEvent({ capacity: 1 });
    const [, second, third, fourth] = [
      await place(event),
      await place(event),
      await place(event),
      await place(event),
    ];
    expect([second, third, fourth].map(({ status, position }) => [status, position])).toEqual([
      ['waitlisted', 1],
      ['waitlisted', 2],
      ['waitlisted', 3],
    ]);
    await cancel(third);
    expect(await now(fourth)).toMatchObject({ status: 'waitlisted', position: 2 });
  });

  it('gives a place that becomes free to its head, in the order of arrival', async () => {
    const event = await app.openEvent({ capacity: 2 });
    const places = [];
    for (let i = 0; i < 5; i++) places.push(await place(event));
    await cancel(places[0]!);
    expect(await now(places[2]!)).toMatchObject({ status: 'confirmed', version: 2 });
    expect(await now(places[2]!)).not.toHaveProperty('position');
    expect((await now(places[3]!)).status).toBe('waitlisted');
    await cancel(places[1]!);
    expect((await now(places[3]!)).status).toBe('confirmed');
    expect(await now(places[4]!)).toMatchObject({ status: 'waitlisted', position: 1 });
    expect(await topics(places[2]!)).toEqual(['registration.waitlisted', 'registration.promoted']);
  });

  it('is not overtaken by somebody new', async () => {
    const event = await app.openEvent({ capacity: 1 });
    const [first, waiting] = [await place(event), await place(event)];
    await cancel(first);
    expect((await place(event)).status).toBe('waitlisted');
    expect((await now(waiting)).status).toBe('confirmed');
  });

  it('gives the places that an operator adds to its head', async () => {
    const event = await app.openEvent({ capacity: 1 });
    const places = [];
    for (let i = 0; i < 5; i++) places.push(await place(event));
    await app.operator('PATCH', `/v1/events/${event}`, { capacity: 3 });
    const statuses = await Promise.all(places.map(async (one) => (await now(one)).status));
    expect(statuses).toEqual(['confirmed', 'confirmed', 'confirmed', 'waitlisted', 'waitlisted']);
    await app.operator('PATCH', `/v1/events/${event}`, { capacity: null });
    expect((await now(places[4]!)).status).toBe('confirmed');
  });

  it('keeps a wished session and gives the seat with the place, if one is left', async () => {
    const event = await app.openEvent({ capacity: 1 });
    const session = {
      title: 'Lab',
      startsAt: '2030-01-01T10:00:00Z',
      endsAt: '2030-01-01T11:00:00Z',
      kind: 'lab',
    };
    await app.operator('PUT', `/v1/events/${event}/sessions/lab`, { ...session, speakers: [], capacity: 1 });
    const seat = async (): Promise<Place> => (await app.register(event, { sessions: ['lab'] })).body as Place;
    const [first, waiting] = [await seat(), await seat()];
    expect([first.status, waiting.status]).toEqual(['confirmed', 'waitlisted']);
    await cancel(first);
    expect(await now(waiting)).toMatchObject({ status: 'confirmed', sessions: ['lab'] });
    const sessions = await app.call('GET', `/v1/events/${event}/sessions`);
    expect(sessions.body.items[0]).toMatchObject({ code: 'lab', seatsLeft: 0 });
  });
});

describe('Cancelling', () => {
  it('may be repeated and changes nothing the second time', async () => {
    const event = await app.openEvent();
    const mine = await place(event);
    const [once, twice] = [await cancel(mine), await cancel(mine)];
    expect([once.status, once.body.status]).toEqual([200, 'cancelled']);
    expect(twice.body).toEqual(once.body);
    expect(await topics(mine)).toEqual(['registration.confirmed', 'registration.cancelled']);
  });

  it('lets the same person register again', async () => {
    const event = await app.openEvent();
    const attendee = { email: 'again@example.org' };
    const before = (await app.register(event, { attendee })).body as Place;
    await cancel(before);
    const after = await app.register(event, { attendee });
    expect(after.status).toBe(201);
    expect(after.body.id).not.toBe(before.id);
  });

  it('counts each record up by one for every change of it', async () => {
    const event = await app.openEvent({ capacity: 1 });
    const [first, second] = [await place(event), await place(event)];
    await cancel(first);
    await cancel(second);
    const { rows } = await app.pool.query<{ versions: number[] }>(
      `select array_agg(version order by seq) as versions from changes
        where registration_id = any($1) or key in (select person_id from registrations where id = any($1))
        group by stream, key`,
      [[first.id, second.id]],
    );
    for (const { versions } of rows) expect(versions).toEqual(versions.map((_, i) => i + 1));
    expect(rows).toHaveLength(4);
  });
});
