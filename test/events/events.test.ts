import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventBody, OPERATOR, TestApp } from '../http/app.js';

let app: TestApp;

beforeAll(async () => {
  app = await TestApp.start();
});

afterAll(() => app.stop());

const read = (event: string, headers: Record<string, string> = {}) =>
  app.call('GET', `/v1/events/${event}`, { headers });

describe('An event', () => {
  it('begins as a draft that only operators see', async () => {
    const event = await app.draftEvent();
    expect((await read(event)).status).toBe(404);
    expect((await app.call('GET', `/v1/events/${event}`, { token: OPERATOR })).body.state).toBe('draft');
    const listed = await app.call('GET', '/v1/events?limit=200');
    expect(listed.body.items.map(({ slug }) => slug)).not.toContain(event);
  });

  it('is found by its id and by its slug', async () => {
    const event = await app.openEvent();
    const bySlug = await read(event);
    expect((await read(bySlug.body.id)).body).toEqual(bySlug.body);
  });

  it('shows every field of the contract', async () => {
    const event = await app.openEvent({ capacity: 7 });
    const { body } = await read(event);
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      slug: expect.any(String) as string,
      name: 'A test event',
      startsAt: expect.stringMatching(/Z$/) as string,
      endsAt: expect.stringMatching(/Z$/) as string,
      timeZone: 'Europe/Lisbon',
      state: 'open',
      capacity: 7,
      placesLeft: 7,
      waitlist: { capacity: null, waiting: 0 },
      registrationOpensAt: null,
      registrationClosesAt: null,
      sso: 'none',
      lobby: { state: 'off' },
      links: expect.objectContaining({
        self: expect.any(String) as string,
        form: expect.any(String) as string,
      }) as object,
    });
  });

  it('is full when the last place is taken and open again when one becomes free', async () => {
    const event = await app.openEvent({ capacity: 1 });
    const { id, manageToken } = (await app.register(event)).body;
    expect((await read(event)).body).toMatchObject({ state: 'full', placesLeft: 0 });
    await app.call('DELETE', `/v1/registrations/${id}`, { token: manageToken });
    expect((await read(event)).body).toMatchObject({ state: 'open', placesLeft: 1 });
  });

  it('is not sent again to those who have it', async () => {
    const event = await app.openEvent({ capacity: 3 });
    const first = await read(event);
    const etag = first.headers.get('etag')!;
    expect(first.headers.get('cache-control')).toBe('public, max-age=1');
    const again = await read(event, { 'if-none-match': etag });
    expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', etag]);
    await app.register(event);
    expect((await read(event, { 'if-none-match': etag })).status).toBe(200);
  });

  it('goes from state to state only where there is a way', async () => {
    const event = await app.draftEvent();
    const to = async (state: string): Promise<number> =>
      (await app.call('PATCH', `/v1/events/${event}`, { body: { state }, token: OPERATOR })).status;
    expect(await to('closed')).toBe(409);
    expect(await to('open')).toBe(200);
    expect(await to('closed')).toBe(200);
    expect(await to('open')).toBe(200);
    await app.register(event);
    expect(await to('draft')).toBe(409);
    expect(await to('full')).toBe(400);
  });

  it('cannot have fewer places than people', async () => {
    const event = await app.openEvent({ capacity: 5 });
    await app.register(event);
    await app.register(event);
    const answer = await app.call('PATCH', `/v1/events/${event}`, { body: { capacity: 1 }, token: OPERATOR });
    expect([answer.status, answer.body.type]).toEqual([409, '/problems/conflict']);
  });

  it.each([
    [{ slug: 'Not A Slug' }, '/slug'],
    [{ endsAt: '2001-01-01T00:00:00Z' }, '/endsAt'],
    [{ startsAt: '2030-02-30T10:00:00Z' }, '/startsAt'],
    [{ startsAt: '2030-02-03T10:00:00' }, '/startsAt'],
    [{ startsAt: 5 }, '/startsAt'],
    [{ timeZone: 'Mars/Olympus' }, '/timeZone'],
    [{ capacity: -1 }, '/capacity'],
    [{ capacity: 1.5 }, '/capacity'],
    [{ capacity: '5' }, '/capacity'],
    [{ waitlist: null }, '/waitlist'],
    [{ waitlist: { capacity: 1, extra: 1 } }, '/waitlist/extra'],
    [{ name: '' }, '/name'],
    [{ state: 'open' }, '/state'],
  ])('is refused with %j', async (wrong, pointer) => {
    const answer = await app.call('POST', '/v1/events', {
      body: { ...eventBody('wrong'), ...wrong },
      token: OPERATOR,
    });
    expect(answer.status).toBe(400);
    expect(answer.body.errors.map((error) => error.pointer)).toEqual([pointer]);
  });

  it('does not take the slug of another', async () => {
    const event = await app.draftEvent();
    const answer = await app.call('POST', '/v1/events', { body: eventBody(event), token: OPERATOR });
    expect(answer.body).toMatchObject({
      status: 409,
      type: '/problems/conflict',
      errors: [{ pointer: '/slug' }],
    });
  });
});

describe('The list of events', () => {
  it('can be read page by page, each event once', async () => {
    for (let i = 0; i < 5; i++) await app.openEvent();
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body } = await app.call('GET', `/v1/events?limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...body.items.map(({ id }) => id));
      cursor = body.next;
    }
    const { rows } = await app.pool.query(`select from events where state <> 'draft'`);
    expect([seen.length, new Set(seen).size]).toEqual([rows.length, rows.length]);
  });
});

describe('The agenda', () => {
  const SESSION = {
    title: 'Opening',
    startsAt: '2030-01-01T09:00:00Z',
    endsAt: '2030-01-01T10:00:00Z',
    room: 'Hall',
    kind: 'talk',
    speakers: [{ name: 'Ada' }],
    capacity: 5,
  };

  it('is read in order of its sessions’ start', async () => {
    const event = await app.openEvent();
    const put = (code: string, startsAt: string) =>
      app.operator('PUT', `/v1/events/${event}/sessions/${code}`, { ...SESSION, startsAt });
    expect((await put('late', '2030-01-01T09:30:00Z')).status).toBe(201);
    await put('early', '2030-01-01T08:00:00Z');
    expect((await put('late', '2030-01-01T09:40:00Z')).status).toBe(200);
    const { body } = await app.call('GET', `/v1/events/${event}/sessions`);
    expect(body.items.map(({ code }) => code)).toEqual(['early', 'late']);
    expect(body.items[0]).toMatchObject({ speakers: [{ name: 'Ada' }], seatsLeft: 5, room: 'Hall' });
  });
});

describe('The form', () => {
  const put = (event: string, schema: unknown, consents: unknown[] = []) =>
    app.call('PUT', `/v1/events/${event}/form`, { body: { schema, consents }, token: OPERATOR });

  it('that is not set asks nothing', async () => {
    const { body } = await app.call('GET', `/v1/events/${await app.openEvent()}/form`);
    expect(body).toMatchObject({ version: 0, schema: { type: 'object' }, consents: [] });
  });

  it('gets a new version each time it is set', async () => {
    const event = await app.openEvent();
    expect((await put(event, { type: 'object', properties: {} })).body.version).toBe(1);
    expect((await put(event, { type: 'object', properties: { a: { type: 'string' } } })).body.version).toBe(
      2,
    );
    const { body } = await app.call('GET', `/v1/events/${event}/form`);
    expect(body.schema.properties).toEqual({ a: { type: 'string' } });
  });

  it.each([
    [{ type: 'array' }],
    [{ type: 'object', properties: { a: { type: 'strnig' } } }],
    [{ type: 'object', properties: { a: { pattern: '(' } } }],
    [{ type: 'object', properties: { a: { pattern: '(?=a)b' } } }],
    [{ type: 'object', properties: { a: { $ref: 'https://example.org/schema.json' } } }],
    [{ type: 'object', properties: { a: { type: 'string', 'x-showIf': { b: 1 } } } }],
    [{ type: 'object', colour: 'red' }],
    [{ type: 'object', description: 'x'.repeat(70_000) }],
  ])('is refused as %j', async (schema) => {
    const answer = await put(await app.openEvent(), schema);
    expect([answer.status, answer.body.type]).toEqual([400, '/problems/invalid-request']);
    expect(answer.body.errors[0]!.pointer).toMatch(/^\/schema/);
  });

  it('asks some questions only after certain answers', async () => {
    const event = await app.openEvent();
    await put(event, {
      type: 'object',
      required: ['diet', 'which'],
      properties: {
        diet: { enum: ['any', 'other'] },
        which: { type: 'string', 'x-showIf': { diet: 'other' } },
      },
    });
    const status = async (answers: object): Promise<number> =>
      (await app.register(event, { answers })).status;
    expect(await status({ diet: 'any' })).toBe(201);
    expect(await status({ diet: 'other', which: 'fish' })).toBe(201);
    expect(await status({ diet: 'other' })).toBe(422);
    expect(await status({ diet: 'any', which: 'fish' })).toBe(422);
  });

  it('that refers to itself without end is no danger', async () => {
    const event = await app.openEvent();
    const loop = {
      type: 'object',
      $defs: { a: { $ref: '#/$defs/a' } },
      properties: { x: { $ref: '#/$defs/a' } },
    };
    const set = await put(event, loop);
    if (set.status === 200) expect((await app.register(event, { answers: { x: 1 } })).status).toBe(422);
    else expect(set.status).toBe(400);
  });
});
