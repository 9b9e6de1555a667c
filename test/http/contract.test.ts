import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EVENT_EXAMPLE, FORM_EXAMPLE, SESSION_EXAMPLE } from '../../src/events/examples.js';
import { REGISTERED_EXAMPLE, REGISTRATION_EXAMPLE } from '../../src/registrations/examples.js';
import { TestApp } from './app.js';

let app: TestApp;
let event: string;

beforeAll(async () => {
  app = await TestApp.start();
  event = await app.openEvent({ capacity: 0, registrationClosesAt: '2099-01-01T00:00:00Z' });
  const { schema, consents } = FORM_EXAMPLE;
  await app.operator('PUT', `/v1/events/${event}/form`, { schema, consents });
  const { code, links: _, seatsLeft: __, ...session } = SESSION_EXAMPLE;
  await app.operator('PUT', `/v1/events/${event}/sessions/${code}`, session);
});

afterAll(() => app.stop());

const REQUEST = {
  attendee: REGISTRATION_EXAMPLE.attendee,
  answers: REGISTRATION_EXAMPLE.answers,
  consents: [{ purpose: 'terms', granted: true }],
  sessions: REGISTRATION_EXAMPLE.sessions,
  source: REGISTRATION_EXAMPLE.source,
};

/** The names of all members, however deep, and the types of what they hold; of a list, those of its first item. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shape);
  if (value === null || typeof value !== 'object') return value === null ? 'any' : typeof value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, shape(member)]),
  );
}

/** Null stands for any type, on either side. */
function expectShape(actual: unknown, example: unknown): void {
  const [left, right] = [shape(actual), shape(example)].map((part) => JSON.stringify(part));
  const loosen = (text: string): string => text.replace(/"(any|number|string)"/g, '"scalar"');
  expect(loosen(left!)).toBe(loosen(right!));
}

describe('What is documented is what is sent:', () => {
  it('an event, and the list of them', async () => {
    expectShape((await app.call('GET', `/v1/events/${event}`)).body, EVENT_EXAMPLE);
    expectShape((await app.call('GET', '/v1/events')).body, { items: [EVENT_EXAMPLE], next: null });
  });

  it('the agenda and the form', async () => {
    const sessions = (await app.call('GET', `/v1/events/${event}/sessions`)).body;
    expectShape(sessions, { items: [SESSION_EXAMPLE], next: null });
    expectShape((await app.call('GET', `/v1/events/${event}/form`)).body, FORM_EXAMPLE);
  });

  it('a registration, made and read, by its holder and by an operator', async () => {
    const { status, body, headers } = await app.call('POST', `/v1/events/${event}/registrations`, {
      body: REQUEST,
    });
    expect(status).toBe(201);
    expectShape(body, REGISTERED_EXAMPLE);
    expect(headers.get('location')).toBe(`/v1/registrations/${body.id}`);
    expect(headers.get('etag')).toBe('"1"');
    const { manageToken, ...rest } = body as { manageToken: string; id: string };
    const read = await app.call('GET', `/v1/registrations/${rest.id}`, { token: manageToken });
    expect(read.body).toEqual(rest);
    const listed = await app.operator('GET', `/v1/events/${event}/registrations?email=ADA@example.org`);
    expect(listed.body).toEqual({ items: [rest], next: null });
    expectShape(listed.body.items[0], REGISTRATION_EXAMPLE);
    const other = await app.operator('GET', `/v1/events/${event}/registrations?status=cancelled`);
    expect(other.body).toEqual({ items: [], next: null });
  });

  it('what the log tells of a registration and its person', async () => {
    const { body } = await app.register(event, { ...REQUEST, attendee: { email: 'logged@example.org' } });
    const { rows } = await app.pool.query<{
      stream: string;
      topic: string;
      snapshot: Record<string, unknown>;
    }>(
      `select stream, topic, snapshot from changes
        where registration_id = $1 or key = (select person_id from registrations where id = $1) order by seq`,
      [body.id],
    );
    const [registration, person] = rows;
    expect(registration).toMatchObject({ stream: 'registration', topic: 'registration.waitlisted' });
    const { manageToken: _, links: __, ...told } = body as Record<string, unknown>;
    expect(registration!.snapshot).toEqual({
      ...told,
      position: expect.any(Number) as number,
      personId: expect.any(String) as string,
    });
    expect(person).toMatchObject({ stream: 'person', topic: 'person.updated' });
    const elsewhere = ['attendee', 'consents', 'position', 'version'];
    const one = Object.fromEntries(Object.entries(told).filter(([name]) => !elsewhere.includes(name)));
    expect(person!.snapshot).toEqual({
      person: {
        id: registration!.snapshot.personId,
        email: 'logged@example.org',
        firstName: 'Ada',
        lastName: 'Lovelace',
        createdAt: told.createdAt,
      },
      registrations: [one],
      consents: told.consents,
      attendance: [],
    });
  });
});
