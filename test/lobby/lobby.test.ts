import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, TestApp } from '../http/app.js';
import { until } from './until.js';
import { ask, codeOf, join, openRoom, passOf, ticketOf, untilState } from './visitor.js';

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

const room = (overrides: Record<string, unknown> = {}): Promise<string> =>
  openRoom(first, second, { ...SETTINGS, ...overrides });

describe('The lobby', () => {
  it('is not there for an event that has none', async () => {
    const event = await first.openEvent();
    expect((await first.register(event)).status).toBe(201);
    expect((await first.call('GET', `/v1/events/${event}/lobby`)).body.state).toBe('off');
    expect(codeOf(await join(first, event))).toBe('conflict');
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
    expect(turned.every((answer) => codeOf(answer) === 'lobby-required')).toBe(true);
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
    expect(codeOf(taken)).toBe('already-registered');
    const both = await Promise.all([
      first.register(event, {}, { 'foyer-pass': pass }),
      second.register(event, {}, { 'foyer-pass': pass }),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(codeOf(both.find(({ status }) => status === 409)!)).toBe('pass-spent');
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
    for (let i = 0; i < 5; i++) tickets.push(await ticketOf(first, event));
    const asked = (ticket: string): Promise<Answer> => ask(first, event, '/pass', ticket);
    const passes = [await passOf(first, event, tickets[0]), await passOf(second, event, tickets[1])];
    for (const ticket of tickets.slice(2)) expect((await asked(ticket)).status).toBe(202);
    expect((await first.register(event, {}, { 'foyer-pass': passes[0]! })).status).toBe(201);
    passes.push(await passOf(first, event, tickets[2]));
    expect((await asked(tickets[3]!)).status).toBe(202);
    expect((await ask(first, event, '/leave', tickets[1]!)).status).toBe(204);
    await passOf(first, event, tickets[3]);
    const left = await first.register(event, {}, { 'foyer-pass': passes[1]! });
    expect(codeOf(left)).toBe('pass-expired');
    expect(await asked(tickets[2]!)).toMatchObject({ status: 201, body: { pass: passes[2] } });
  });

  it('gives the slot of who does not come to the next, and calls the latecomer next', async () => {
    const event = await room({ mode: 'always', maxActive: 1, claimSeconds: 5 });
    const one = await ticketOf(first, event);
    expect((await ask(first, event, '/check-in', one)).status).toBe(204);
    // Called, and five seconds went by.
    await until(async () => {
      const { rowCount } = await first.pool.query(
        'update lobby_calls c set until = clock_timestamp() from events e where e.id = c.event_id and slug = $1',
        [event],
      );
      return rowCount === 1 || null;
    });
    const two = await ticketOf(first, event);
    const pass = await passOf(first, event, two);
    expect((await ask(first, event, '/pass', one)).status).toBe(202);
    await first.register(event, {}, { 'foyer-pass': pass });
    await passOf(first, event, one);
  });

  it('reaches the last room, also while a round through those before takes longer than the lease', async () => {
    const stuck = await Promise.all([1, 2, 3, 4, 5].map(() => room({ mode: 'always', state: 'paused' })));
    for (const event of stuck) {
      await ask(first, event, '/pass', await ticketOf(first, event));
    }
    const other = await room({ mode: 'always' });
    const ticket = await ticketOf(first, other);
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
      await passOf(second, other, ticket);
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
    // Whatever was published at one moment: it may be published anew between any two answers.
    const texts = new Map<unknown, string>();
    await until(async () => {
      const [one, other] = await Promise.all(
        [first, second].map((app) => app.call('GET', `/v1/events/${event}/lobby`)),
      );
      for (const { text, body, headers } of [one!, other!]) {
        expect(text).toBe(texts.get(body.at) ?? text);
        texts.set(body.at, text);
        expect(headers.get('cache-control')).toBe('public, max-age=1');
        expect(body).toMatchObject({ state: 'queueing', voids: [] });
      }
      return texts.size > 1 && one!.body.at === other!.body.at;
    });
  });

  it('does at every replica what its operator says, and remembers who said it', async () => {
    const event = await room({ mode: 'always' });
    const waiting = await ticketOf(first, event);
    const patch = (body: object): Promise<Answer> =>
      first.operator('PATCH', `/v1/events/${event}/lobby`, body);
    const sees = (state: string) => untilState(second, event, (seen) => seen === state);
    await patch({ state: 'paused', message: 'A short break.' });
    await sees('paused');
    expect((await second.call('GET', `/v1/events/${event}/lobby`)).body.message).toBe('A short break.');
    await patch({ state: 'draining', message: null });
    await until(async () => codeOf(await join(second, event)) === 'registration-closed' || null);
    expect(
      (await second.register(event, {}, { 'foyer-pass': await passOf(second, event, waiting) })).status,
    ).toBe(201);
    await patch({ state: 'closed' });
    await sees('closed');
    expect(codeOf(await first.register(event))).toBe('registration-closed');
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
    expect((await ask(first, event, '/pass', String(body.ticket))).status).toBe(202);
    await first.operator('PATCH', `/v1/events/${event}/lobby`, { opensAt: null });
    await passOf(first, event, String(body.ticket));
  });
});
