import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATOR, TestApp } from '../http/app.js';

let app: TestApp;
let event: string;

beforeAll(async () => {
  app = await TestApp.start();
  event = await app.openEvent();
  await app.operator('PUT', `/v1/events/${event}/form`, {
    schema: { type: 'object', properties: { diet: { enum: ['any', 'vegan'] }, note: { type: 'string' } } },
    consents: [
      { purpose: 'terms', text: 'Terms', textVersion: '1', required: true },
      { purpose: 'marketing', text: 'Letters', textVersion: '3', required: false },
    ],
  });
  for (const code of ['one', 'two', 'small']) {
    await app.operator('PUT', `/v1/events/${event}/sessions/${code}`, {
      title: code,
      startsAt: '2030-01-01T10:00:00Z',
      endsAt: '2030-01-01T11:00:00Z',
      kind: 'talk',
      speakers: [],
      ...(code === 'small' ? { capacity: 1 } : {}),
    });
  }
});

afterAll(() => app.stop());

const TERMS = [{ purpose: 'terms', granted: true }];

async function mine(overrides: Record<string, unknown> = {}) {
  return (await app.register(event, { consents: TERMS, ...overrides })).body as {
    id: string;
    manageToken: string;
    attendee: Record<string, string>;
  };
}

function patch(
  { id, manageToken }: { id: string; manageToken: string },
  body: unknown,
  etag: string | null = '"1"',
) {
  return app.call('PATCH', `/v1/registrations/${id}`, {
    body,
    token: manageToken,
    headers: etag === null ? {} : { 'if-match': etag },
  });
}

describe('Amending a registration', () => {
  it('changes what is given, takes away what is null, leaves the rest', async () => {
    const registration = await mine({
      attendee: { company: 'Old', phone: '+4930901820' },
      answers: { note: 'n' },
    });
    const answer = await patch(registration, {
      attendee: { company: 'New', phone: null },
      answers: { diet: 'vegan' },
    });
    expect([answer.status, answer.headers.get('etag')]).toEqual([200, '"2"']);
    expect(answer.body).toMatchObject({ version: 2, answers: { note: 'n', diet: 'vegan' } });
    expect(answer.body.attendee).toEqual({ ...registration.attendee, company: 'New', phone: undefined });
    expect(answer.body).not.toHaveProperty('manageToken');
  });

  it('needs the version that was read, and refuses one that is old', async () => {
    const registration = await mine();
    const change = { attendee: { firstName: 'Augusta' } };
    expect((await patch(registration, change, null)).status).toBe(428);
    expect((await patch(registration, change, '"7"')).status).toBe(412);
    expect((await patch(registration, change, 'W/"1"')).status).toBe(412);
    expect((await patch(registration, change)).status).toBe(200);
    expect((await patch(registration, change)).body.type).toBe('/problems/precondition-failed');
  });

  it('by two at once lets one of them through', async () => {
    const registration = await mine();
    const answers = await Promise.all(
      ['A', 'B', 'C'].map((firstName) => patch(registration, { attendee: { firstName } })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
  });

  it('may change the case of the e-mail, but not the person', async () => {
    const registration = await mine({ attendee: { email: 'someone@example.org' } });
    const other = await patch(registration, { attendee: { email: 'other@example.org' } });
    expect(other.body).toMatchObject({ status: 400, errors: [{ pointer: '/attendee/email' }] });
    const same = await patch(registration, { attendee: { email: 'Someone@Example.org' } });
    expect(same.body.attendee.email).toBe('Someone@Example.org');
  });

  it.each([
    [{ attendee: { firstName: null } }, 400, '/attendee/firstName'],
    [{ attendee: { firstName: 5 } }, 400, '/attendee/firstName'],
    [{ attendee: { isAdmin: true } }, 400, '/attendee/isAdmin'],
    [{ status: 'confirmed' }, 400, '/status'],
    [{ answers: { diet: 'stones' } }, 422, '/answers/diet'],
    [{ consents: [{ purpose: 'terms', granted: false }] }, 422, '/consents'],
    [{ sessions: ['nowhere'] }, 422, '/sessions/0'],
  ])('refuses %j', async (body, status, pointer) => {
    const answer = await patch(await mine(), body);
    expect(answer.status).toBe(status);
    expect(answer.body.errors).toMatchObject([{ pointer }]);
  });

  it('keeps every act of consent and shows the latest', async () => {
    const registration = await mine();
    await patch(registration, { consents: [{ purpose: 'marketing', granted: true }] });
    const answer = await patch(registration, { consents: [{ purpose: 'marketing', granted: false }] }, '"2"');
    expect(answer.body.consents).toMatchObject([
      { purpose: 'marketing', granted: false, textVersion: '3' },
      { purpose: 'terms', granted: true, textVersion: '1' },
    ]);
    const { rows } = await app.pool.query(
      'select granted from consents where registration_id = $1 and purpose = $2',
      [registration.id, 'marketing'],
    );
    expect(rows).toHaveLength(2);
  });

  it('is not possible once it was cancelled', async () => {
    const registration = await mine();
    await app.call('DELETE', `/v1/registrations/${registration.id}`, { token: registration.manageToken });
    expect((await patch(registration, { answers: {} }, '"2"')).body.type).toBe('/problems/conflict');
  });

  it('is told to the log as the registration’s and the person’s next version', async () => {
    const registration = await mine();
    await patch(registration, { attendee: { company: 'Logged' } });
    const { rows } = await app.pool.query(
      `select stream, version, topic, snapshot from changes
        where registration_id = $1 or key = (select person_id from registrations where id = $1) order by seq desc limit 2`,
      [registration.id],
    );
    expect(rows.reverse()).toMatchObject([
      {
        stream: 'registration',
        version: 2,
        topic: 'registration.updated',
        snapshot: { attendee: { company: 'Logged' } },
      },
      { stream: 'person', version: 2, topic: 'person.updated', snapshot: { person: { company: 'Logged' } } },
    ]);
  });
});

describe('A seat in a session', () => {
  const seat = (method: string, { id }: { id: string }, code: string) =>
    app.call(method, `/v1/registrations/${id}/sessions/${code}`, { token: OPERATOR });

  it('can be taken and given back, again without effect', async () => {
    const registration = await mine();
    expect((await seat('PUT', registration, 'one')).body).toMatchObject({ sessions: ['one'], version: 2 });
    expect((await seat('PUT', registration, 'one')).body).toMatchObject({ sessions: ['one'], version: 2 });
    expect((await seat('PUT', registration, 'two')).body).toMatchObject({
      sessions: ['one', 'two'],
      version: 3,
    });
    expect((await seat('DELETE', registration, 'one')).body).toMatchObject({ sessions: ['two'], version: 4 });
    expect((await seat('PUT', registration, 'nowhere')).status).toBe(404);
  });

  it('goes to one of two who want the last one at once, and is free again after a cancellation', async () => {
    const [first, second] = [await mine(), await mine()];
    const answers = await Promise.all([seat('PUT', first, 'small'), seat('PUT', second, 'small')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const [winner, loser] = answers[0].status === 200 ? [first, second] : [second, first];
    await app.call('DELETE', `/v1/registrations/${winner.id}`, { token: winner.manageToken });
    expect((await seat('PUT', loser, 'small')).status).toBe(200);
  });
});
