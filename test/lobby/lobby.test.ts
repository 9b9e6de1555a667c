import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, OPERATOR, TestApp } from '../http/app.js';
import { until } from './until.js';

interface Lobby {
  readonly ticket: string;
  readonly number: number;
  readonly position: number;
  readonly estimatedWaitSeconds: { low: number; high: number };
}

let first: TestApp;
let second: TestApp;

beforeAll(async () => {
  first = await TestApp.start();
  second = await TestApp.start({ databaseUrl: first.databaseUrl });
});

afterAll(async () => {
  await Promise.all([first.stop(), second.stop()]);
});

const SETTINGS = {
  mode: 'auto',
  maxActive: 5,
  maxPerMinute: 1_000,
  passSeconds: 60,
  claimSeconds: 30,
  onFailure: 'hold',
};

async function room(overrides: Record<string, unknown> = {}): Promise<string> {
  const event = await first.openEvent({ capacity: 10_000 });
  await first.operator('PUT', `/v1/events/${event}/lobby`, { ...SETTINGS, ...overrides });
  // What an operator sets is known to the other replica within a second.
  await until(async () => (await second.call('GET', `/v1/events/${event}/lobby`)).body.state !== 'off');
  return event;
}

const join = (app: TestApp, event: string, ticket?: string): Promise<Answer> =>
  app.call('POST', `/v1/events/${event}/lobby`, ticket ? { headers: { 'foyer-ticket': ticket } } : {});

/** Joins, and fetches the pass as soon as there is one. */
async function passOf(app: TestApp, event: string, ticket?: string): Promise<string> {
  const held = ticket ?? String((await join(app, event)).body.ticket);
  const answer = await until(async () => {
    const asked = await app.call('POST', `/v1/events/${event}/lobby/pass`, { body: { ticket: held } });
    return asked.status === 201 ? asked : null;
  });
  return String(answer.body.pass);
}

const code = ({ body }: Answer): string | undefined =>
  (body.type as string | undefined)?.replace('/problems/', '');

describe('The lobby', () => {
  it('is not there for an event that has none', async () => {
    const event = await first.openEvent();
    expect((await first.register(event)).status).toBe(201);
    expect((await first.call('GET', `/v1/events/${event}/lobby`)).body.state).toBe('off');
    expect(code(await join(first, event))).toBe('conflict');
    expect((await first.call('GET', '/v1/events/nobody-knows-it/lobby')).status).toBe(404);
    expect((await join(first, 'nobody-knows-it')).status).toBe(404);
  });

  it('is invisible below the threshold', async () => {
    const event = await room({ maxActive: 100 });
    for (let i = 0; i < 10; i++) expect((await first.register(event)).status).toBe(201);
    const body = (await first.call('GET', `/v1/events/${event}`)).body;
    expect(body.lobby).toEqual({ state: 'open' });
  });

  it('is invisible below the threshold to a crowd that comes at once, too', async () => {
    const event = await room({ maxActive: 1_000, maxPerMinute: 1_000 });
    const answers = await Promise.all(Array.from({ length: 80 }, () => first.register(event)));
    expect(answers.filter(({ status }) => status !== 201)).toEqual([]);
  });

  it('gives those above the threshold a ticket, and the same place when they come back', async () => {
    const event = await room({ maxPerMinute: 3, maxActive: 3 });
    const answers: Answer[] = [];
    for (let i = 0; i < 8; i++) answers.push(await first.register(event));
    const admitted = answers.filter(({ status }) => status === 201);
    expect(admitted.length).toBeLessThanOrEqual(3);
    const turned = answers.filter(({ status }) => status === 429);
    expect(turned.length + admitted.length).toBe(8);
    const lobbies = turned.map(({ body }) => body.lobby as Lobby);
    expect(lobbies.map(({ number }) => number)).toEqual(lobbies.map((_, i) => i + 1));
    expect(turned.every((answer) => code(answer) === 'lobby-required')).toBe(true);
    expect(Number(turned[0]!.headers.get('retry-after'))).toBeGreaterThan(0);
    for (const app of [first, second]) {
      const again = await app.register(event, {}, { 'foyer-ticket': lobbies[2]!.ticket });
      expect(again.status).toBe(429);
      expect(again.body.lobby).toMatchObject({ ticket: lobbies[2]!.ticket, number: 3 });
    }
    await until(
      async () => (await second.call('GET', `/v1/events/${event}/lobby`)).body.issued === turned.length,
    );
  });

  it('leads browsers to its page', async () => {
    const event = await room({ mode: 'always' });
    const answer = await fetch(`${first.url}/v1/events/${event}/registrations`, {
      method: 'POST',
      redirect: 'manual',
      headers: { accept: 'text/html,application/xhtml+xml', 'content-type': 'application/json' },
      body: '{}',
    });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe(`/lobby/${event}`);
  });

  it('lets a pass register exactly once, at any replica', async () => {
    const event = await room({ mode: 'always' });
    const pass = await passOf(first, event);
    const refused = await first.register(event, { sessions: ['none-such'] }, { 'foyer-pass': pass });
    expect(refused.status).toBe(422);
    const attendee = { email: 'there-already@example.org' };
    const other = await passOf(second, event);
    expect((await second.register(event, { attendee }, { 'foyer-pass': other })).status).toBe(201);
    const taken = await first.register(event, { attendee }, { 'foyer-pass': pass });
    expect(code(taken)).toBe('already-registered');
    const both = await Promise.all([
      first.register(event, {}, { 'foyer-pass': pass }),
      second.register(event, {}, { 'foyer-pass': pass }),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(code(both.find(({ status }) => status === 409)!)).toBe('pass-spent');
    const { rows } = await first.pool.query(`select ending from lobby_calls where ending = 'registered'`);
    expect(rows.length).toBeGreaterThan(0);
  });

  it('answers a repetition with its key as the first time, though the pass is spent', async () => {
    const event = await room({ mode: 'always' });
    const pass = await passOf(first, event);
    const body = { attendee: { email: 'twice@example.org' } };
    const headers = { 'foyer-pass': pass, 'idempotency-key': 'twice' };
    const one = await first.register(event, body, headers);
    const two = await first.register(event, body, headers);
    expect([one.status, two.status]).toEqual([201, 201]);
    expect(two.body.id).toBe(one.body.id);
    expect(two.headers.get('idempotent-replayed')).toBe('true');
  });

  it('lets a client in that only repeats its request with the ticket', async () => {
    const event = await room({ mode: 'always' });
    const turned = await first.register(event);
    const { ticket } = turned.body.lobby as Lobby;
    const answer = await until(async () => {
      const again = await second.register(event, {}, { 'foyer-ticket': ticket });
      return again.status === 201 ? again : null;
    });
    expect(answer.status).toBe(201);
  });

  it('never has more people registering than it may, and offers what becomes free', async () => {
    const event = await room({ mode: 'always', maxActive: 2, claimSeconds: 10 });
    const tickets: string[] = [];
    for (let i = 0; i < 5; i++) tickets.push(String((await join(first, event)).body.ticket));
    const ask = (ticket: string): Promise<Answer> =>
      first.call('POST', `/v1/events/${event}/lobby/pass`, { body: { ticket } });
    const passes = [await passOf(first, event, tickets[0]), await passOf(second, event, tickets[1])];
    for (const ticket of tickets.slice(2)) expect((await ask(ticket)).status).toBe(202);
    expect((await first.register(event, {}, { 'foyer-pass': passes[0]! })).status).toBe(201);
    passes.push(await passOf(first, event, tickets[2]));
    expect((await ask(tickets[3]!)).status).toBe(202);
    const gone = await first.call('POST', `/v1/events/${event}/lobby/leave`, {
      body: { ticket: tickets[1] },
    });
    expect(gone.status).toBe(204);
    await passOf(first, event, tickets[3]);
    const left = await first.register(event, {}, { 'foyer-pass': passes[1]! });
    expect(code(left)).toBe('pass-expired');
    expect(
      await first.call('POST', `/v1/events/${event}/lobby/pass`, { body: { ticket: tickets[2] } }),
    ).toMatchObject({
      status: 201,
      body: { pass: passes[2] },
    });
  });

  it('gives the slot of who does not come to the next, and calls the latecomer next', async () => {
    const event = await room({ mode: 'always', maxActive: 1, claimSeconds: 5 });
    const one = String((await join(first, event)).body.ticket);
    expect(
      (await first.call('POST', `/v1/events/${event}/lobby/check-in`, { body: { ticket: one } })).status,
    ).toBe(204);
    // Called, and five seconds went by.
    await until(async () => {
      const { rowCount } = await first.pool.query(
        'update lobby_calls c set until = clock_timestamp() from events e where e.id = c.event_id and slug = $1',
        [event],
      );
      return rowCount === 1 || null;
    });
    const two = String((await join(first, event)).body.ticket);
    const pass = await passOf(first, event, two);
    expect(
      (await first.call('POST', `/v1/events/${event}/lobby/pass`, { body: { ticket: one } })).status,
    ).toBe(202);
    await first.register(event, {}, { 'foyer-pass': pass });
    await passOf(first, event, one);
  });

  it('reaches the last room, also while a round through those before takes longer than the lease', async () => {
    const stuck = await Promise.all([1, 2, 3, 4, 5].map(() => room({ mode: 'always', state: 'paused' })));
    for (const event of stuck) {
      const { ticket } = (await join(first, event)).body;
      await first.call('POST', `/v1/events/${event}/lobby/pass`, { body: { ticket } });
    }
    const other = await room({ mode: 'always' });
    const { ticket } = (await join(first, other)).body;
    const client = await first.pool.connect();
    try {
      await client.query('begin');
      await client.query(
        'select from lobby_lines l join events e on e.id = l.event_id where slug = any ($1) for update of l',
        [stuck],
      );
      await Promise.all(
        stuck.map((event) => first.operator('PATCH', `/v1/events/${event}/lobby`, { state: 'open' })),
      );
      await passOf(second, other, String(ticket));
    } finally {
      await client.query('rollback');
      client.release();
    }
    await passOf(first, stuck[0]!);
  });

  it('is led on by another replica two seconds after the one that released is gone', async () => {
    const event = await room({ mode: 'always' });
    await passOf(first, event);
    // As a replica leaves it that was killed just after it had made its lease longer.
    const gone = await first.pool.query<{ at: string }>(
      `update lobby_releaser set owner = gen_random_uuid(), epoch = epoch + 1, until = clock_timestamp() + interval '1.3 s'
       returning clock_timestamp()::text as at`,
    );
    await passOf(first, event);
    // By the lease's end and the call, as the database had them: when the answer came matters to neither.
    const { rows } = await first.pool.query<{ ms: number }>(
      `select (extract(epoch from max(called_at) - $1::timestamptz) * 1000)::float8 as ms from lobby_calls`,
      [gone.rows[0]!.at],
    );
    const tookMs = rows[0]!.ms;
    expect(tookMs).toBeGreaterThan(700);
    expect(tookMs).toBeLessThan(2_000);
  });

  it('says the same bytes to everyone, for a second', async () => {
    const event = await room({ mode: 'always', maxPerMinute: 1 });
    await join(first, event);
    const answers = await Promise.all([1, 2, 3].map(() => first.call('GET', `/v1/events/${event}/lobby`)));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0]!.headers.get('cache-control')).toBe('public, max-age=1');
    expect(answers[0]!.body).toMatchObject({ state: 'queueing', voids: [] });
  });

  it('does at every replica what its operator says, and remembers who said it', async () => {
    const event = await room({ mode: 'always' });
    const waiting = String((await join(first, event)).body.ticket);
    const patch = (body: object): Promise<Answer> =>
      first.operator('PATCH', `/v1/events/${event}/lobby`, body);
    const sees = (state: string): Promise<unknown> =>
      until(async () => (await second.call('GET', `/v1/events/${event}/lobby`)).body.state === state || null);
    await patch({ state: 'paused', message: 'A short break.' });
    await sees('paused');
    expect((await second.call('GET', `/v1/events/${event}/lobby`)).body.message).toBe('A short break.');
    await patch({ state: 'draining', message: null });
    await until(async () => code(await join(second, event)) === 'registration-closed' || null);
    expect(
      (await second.register(event, {}, { 'foyer-pass': await passOf(second, event, waiting) })).status,
    ).toBe(201);
    await patch({ state: 'closed' });
    await sees('closed');
    expect(code(await first.register(event))).toBe('registration-closed');
    await patch({ state: 'open', mode: 'off' });
    await sees('off');
    expect((await first.register(event)).status).toBe(201);
    const { items } = (await first.operator('GET', `/v1/events/${event}/lobby/history`)).body;
    expect(items.length).toBe(5);
    const figures = (await first.operator('GET', `/v1/events/${event}/lobby/figures`)).body;
    expect(figures).toMatchObject({ state: 'off', endings: { registered: 1 } });
  });

  it('calls nobody before it opens', async () => {
    const event = await room({ mode: 'always', opensAt: new Date(Date.now() + 3_600_000).toISOString() });
    const { body } = await join(first, event);
    expect(body.state).toBe('paused');
    const asked = await first.call('POST', `/v1/events/${event}/lobby/pass`, {
      body: { ticket: body.ticket },
    });
    expect(asked.status).toBe(202);
    await first.operator('PATCH', `/v1/events/${event}/lobby`, { opensAt: null });
    await passOf(first, event, String(body.ticket));
  });

  it('refuses settings that make no sense, naming each', async () => {
    const event = await first.openEvent();
    const put = (body: object): Promise<Answer> =>
      first.call('PUT', `/v1/events/${event}/lobby`, { body, token: OPERATOR });
    const answer = await put({ ...SETTINGS, maxActive: 0, maxPerMinute: 0, passSeconds: 1, claimSeconds: 0 });
    expect(answer.status).toBe(400);
    expect(answer.body.errors.map(({ pointer }) => pointer)).toEqual([
      '/maxActive',
      '/maxPerMinute',
      '/passSeconds',
      '/claimSeconds',
    ]);
    expect((await put({ ...SETTINGS, mode: 'sometimes' })).status).toBe(400);
    expect((await put({ ...SETTINGS, maxActive: -1 })).status).toBe(400);
    expect((await put({ ...SETTINGS, opensAt: 'soon' })).status).toBe(400);
    expect(
      (await first.call('PATCH', `/v1/events/${event}/lobby`, { body: {}, token: OPERATOR })).status,
    ).toBe(404);
  });

  it('refuses tickets and passes that are not its own', async () => {
    const event = await room({ mode: 'always' });
    const other = await room({ mode: 'always' });
    const foreign = await passOf(first, other);
    const ticket = String((await join(first, other)).body.ticket);
    for (const pass of [foreign, ticket, 'x', '', 'A'.repeat(48), `${foreign}A`]) {
      const answer = await first.register(event, {}, { 'foyer-pass': pass });
      expect([answer.status, code(answer)]).toEqual([403, 'pass-invalid']);
    }
    for (const path of ['check-in', 'pass', 'leave'])
      for (const wrong of [ticket, foreign, 'x', 'A'.repeat(48)]) {
        const answer = await first.call('POST', `/v1/events/${event}/lobby/${path}`, {
          body: { ticket: wrong },
        });
        expect([answer.status, code(answer)]).toEqual([400, 'invalid-request']);
      }
    expect((await join(first, event, ticket)).status).toBe(400);
    expect((await first.register(other, {}, { 'foyer-pass': foreign })).status).toBe(201);
  });
});
