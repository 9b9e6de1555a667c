import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Claims, type TokenKind, tokenKeys, Tokens } from '../../src/lobby/token.js';
import { type Clock, systemClock } from '../../src/platform/clock.js';
import { type Answer, OPERATOR, TestApp } from '../http/app.js';
import { judge } from './judge.js';
import { Notes } from './notes.js';
import { until } from './until.js';
import { ask, codeOf, join, openRoom, passOf, ticketOf, untilState } from './visitor.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const ROOM = { mode: 'always', maxActive: 3, maxPerMinute: 600, passSeconds: 60, claimSeconds: 30 };
const SECRET = 'for-tests-only-for-tests-only-for-tests-only';
const OURS = new Tokens(tokenKeys('', SECRET));
const THEIRS = new Tokens(tokenKeys('', `${SECRET}-of-somebody-else`));

/** Two replicas whose clocks are ten minutes apart. */
const offBy = (ms: number): Clock => ({
  ...systemClock,
  now: () => new Date(systemClock.now().getTime() + ms),
});
let ahead: TestApp;
let behind: TestApp;

beforeAll(async () => {
  ahead = await TestApp.start({ clock: offBy(5 * MINUTE_MS) });
  behind = await TestApp.start({ clock: offBy(-5 * MINUTE_MS), databaseUrl: ahead.databaseUrl });
});
afterAll(() => Promise.all([ahead.stop(), behind.stop()]));

const room = (overrides: Record<string, unknown> = {}): Promise<string> =>
  openRoom(ahead, behind, { ...ROOM, ...overrides });
const withPass = (app: TestApp, event: string, pass: string, key?: string): Promise<Answer> =>
  app.register(event, {}, { 'foyer-pass': pass, ...(key === undefined ? {} : { 'idempotency-key': key }) });
const code = (answer: Answer): string => `${answer.status} ${codeOf(answer)}`;
const again = (kind: TokenKind, token: string, changes: Partial<Claims>, tokens = OURS): string =>
  tokens.sign(kind, { ...OURS.verify(kind, token)!, ...changes });

describe('Whoever tampers gets a clear refusal', () => {
  it('with tickets that are forged, of another room, expired, or of the future', async () => {
    const [event, other] = [await room(), await room()];
    const [ticket, foreign] = [await ticketOf(ahead, event), await ticketOf(ahead, other)];
    const now = Date.now();
    for (const wrong of [
      again('ticket', ticket, {}, THEIRS),
      foreign,
      again('ticket', ticket, { atMs: now - 8 * DAY_MS }),
      again('ticket', ticket, { atMs: now + 2 * MINUTE_MS }),
      OURS.sign('pass', OURS.verify('ticket', ticket)!),
      ticket.toLowerCase(),
      `${ticket} `,
      'x',
      'A'.repeat(48),
    ])
      for (const path of ['/check-in', '/pass', '/leave'])
        expect(code(await ask(behind, event, path, wrong))).toBe('400 invalid-request');
    expect(code(await join(behind, event, foreign))).toBe('400 invalid-request');
    // One that nobody was given yet is good for nothing before it is: its number is called by nobody.
    const invented = again('ticket', ticket, { number: 1_000_000 });
    expect((await ask(ahead, event, '/pass', invented)).status).toBe(202);
    expect(await passOf(behind, event, ticket)).toHaveLength(48);
  });

  it('with passes that are forged, of another room, expired, never given, or used before', async () => {
    const [event, other] = [await room(), await room()];
    const pass = await passOf(ahead, event, await ticketOf(ahead, event));
    const ticket = await ticketOf(ahead, other);
    const foreign = await passOf(ahead, other, ticket);
    for (const wrong of [
      again('pass', pass, {}, THEIRS),
      foreign,
      `${foreign}A`,
      ticket,
      'x',
      '',
      'A'.repeat(48),
    ])
      expect(code(await withPass(behind, event, wrong))).toBe('403 pass-invalid');
    expect((await withPass(behind, other, foreign)).status).toBe(201);
    const expired = again('pass', pass, { atMs: Date.now() - 1_000 });
    expect(code(await withPass(behind, event, expired))).toBe('403 pass-expired');
    // With our key itself: who was never called has no slot, and the registration's transaction knows.
    for (const invented of [again('pass', pass, { number: 77 }), again('pass', pass, { turn: 1 })])
      expect(code(await withPass(behind, event, invented))).toBe('403 pass-invalid');
    expect((await withPass(behind, event, pass, 'mine')).status).toBe(201);
    for (const key of [undefined, 'another'])
      expect(code(await withPass(ahead, event, pass, key))).toBe('409 pass-spent');
  });

  it('with a copied ticket: it is one place, and one of both registers', async () => {
    const event = await room();
    const ticket = await ticketOf(ahead, event);
    const [mine, copied] = [await passOf(ahead, event, ticket), await passOf(behind, event, ticket)];
    expect(copied).toBe(mine);
    expect((await withPass(behind, event, copied)).status).toBe(201);
    expect(code(await withPass(ahead, event, mine))).toBe('409 pass-spent');
    expect(code(await ask(ahead, event, '/check-in', ticket))).toBe('410 gone');
  });

  it('with headers and tickets that are far too long, or sent twice', async () => {
    const event = await room();
    expect(code(await withPass(ahead, event, 'A'.repeat(12_000)))).toBe('403 pass-invalid');
    const twice = await fetch(`${ahead.url}/v1/events/${event}/registrations`, {
      method: 'POST',
      headers: [
        ['foyer-pass', 'a'],
        ['foyer-pass', 'b'],
        ['content-type', 'application/json'],
      ],
      body: '{}',
    });
    expect(twice.status).toBe(403);
    expect(code(await ahead.register(event, {}, { 'foyer-ticket': 'B'.repeat(12_000) }))).toBe(
      '400 invalid-request',
    );
    expect(code(await ahead.register(event, {}, { 'foyer-ticket': 'B'.repeat(40_000) }))).toBe(
      '431 headers-too-large',
    );
    expect(code(await ask(ahead, event, '/pass', 'C'.repeat(100_000)))).toBe('400 invalid-request');
    expect((await ahead.call('POST', `/v1/events/${event}/lobby/pass`, { raw: '{"ticket":' })).status).toBe(
      400,
    );
  });

  it('and operators with settings that would let nobody in, or that are none', async () => {
    const event = await room();
    const put = (body: object): Promise<Answer> =>
      ahead.call('PUT', `/v1/events/${event}/lobby`, { body, token: OPERATOR });
    const none = await put({ ...ROOM, maxActive: 0, maxPerMinute: 0, passSeconds: 1, claimSeconds: 0 });
    expect([none.status, none.body.errors.map(({ pointer }) => pointer)]).toEqual([
      400,
      ['/maxActive', '/maxPerMinute', '/passSeconds', '/claimSeconds'],
    ]);
    for (const wrong of [
      { ...ROOM, mode: 'sometimes' },
      { ...ROOM, maxActive: -1 },
      { ...ROOM, maxActive: 1.5 },
      { ...ROOM, maxPerMinute: 1e9 },
      { ...ROOM, passSeconds: 86_400 },
      { ...ROOM, claimSeconds: -5 },
      { ...ROOM, message: 'm'.repeat(501) },
      { ...ROOM, opensAt: 'soon' },
      { ...ROOM, opensAt: '2027-02-30T00:00:00Z' },
      { ...ROOM, onFailure: 'panic' },
      { ...ROOM, state: 'ajar' },
      { mode: 'always' },
    ])
      expect([wrong, (await put(wrong)).status]).toEqual([wrong, 400]);
    const { items } = (await ahead.operator('GET', `/v1/events/${event}/lobby/history`)).body;
    expect(items).toHaveLength(1);
    const roomless = `/v1/events/${await ahead.openEvent()}/lobby`;
    expect((await ahead.call('PATCH', roomless, { body: {}, token: OPERATOR })).status).toBe(404);
  });
});

describe('Honest visitors are unharmed', () => {
  it('by replicas whose clocks are five minutes ahead and behind', async () => {
    const event = await room({ passSeconds: 10 });
    for (const [one, other] of [
      [ahead, behind],
      [behind, ahead],
    ] as const) {
      const pass = await passOf(other, event, await ticketOf(one, event));
      expect((await withPass(one, event, pass)).status).toBe(201);
      const page = await fetch(`${other.url}/lobby/${event}`, { redirect: 'manual' });
      const cookies = page.headers.getSetCookie().join('\n');
      expect(Number(/foyer_ticket_\S+; .*Max-Age=(\d+)/i.exec(cookies)![1])).toBeGreaterThan(DAY_MS / 1000);
    }
    const late = await passOf(ahead, event, await ticketOf(behind, event));
    await ahead.pool.query(`update lobby_calls set until = clock_timestamp() where ended_at is null`);
    expect(code(await withPass(behind, event, late))).toBe('403 pass-expired');
  });

  it('by nine in ten who join and never come back', async () => {
    const event = await room({ maxPerMinute: 60 });
    const tickets: string[] = [];
    for (let i = 0; i < 10; i++) {
      await Promise.all(Array.from({ length: 18 }, (_, n) => join(n % 2 === 0 ? ahead : behind, event)));
      tickets.push(await ticketOf(ahead, event), await ticketOf(behind, event));
    }
    const notes = new Notes();
    await Promise.all(
      tickets.map(async (ticket, i) => {
        const app = i % 2 === 0 ? ahead : behind;
        const { number } = OURS.verify('ticket', ticket)!;
        await until(async () => (await ask(app, event, '/check-in', ticket)).status === 204);
        notes.add({ what: 'present', number });
        const { status, body } = await withPass(ahead, event, await passOf(app, event, ticket));
        expect(status).toBe(201);
        notes.add({ what: 'registered', number, id: body.id });
      }),
    );
    // When a client hears of its call says little of when it was called, so the ledger is judged, not the answers.
    const { rows } = await ahead.pool.query<{ id: string; calls: number }>(
      `select e.id, count(*)::int as calls from events e join lobby_calls c on c.event_id = e.id
        where e.slug = $1 group by e.id`,
      [event],
    );
    const verdict = await judge(ahead.databaseUrl, rows[0]!.id, notes.save());
    expect(verdict).toMatchObject({ violations: [], acknowledged: 20, registered: 20 });
    // The minute's budget was spent on none of the 180 who are not there.
    expect(rows[0]!.calls).toBe(20);
  });

  it('by a room that is taken away, and put up again, while they wait', async () => {
    const event = await room({ maxActive: 1 });
    const [first, second] = [await ticketOf(ahead, event), await ticketOf(behind, event)];
    await passOf(ahead, event, first);
    const patch = (body: object) => ahead.operator('PATCH', `/v1/events/${event}/lobby`, body);
    const sees = (state: string) => untilState(behind, event, (seen) => seen === state);
    await patch({ mode: 'off' });
    await sees('off');
    expect(code(await ask(behind, event, '/pass', second))).toBe('409 conflict');
    expect((await behind.register(event, {}, { 'foyer-ticket': second })).status).toBe(201);
    await patch({ mode: 'always' });
    await sees('queueing');
    const third = await join(behind, event);
    expect(third.body.number, 'the line goes on where it was').toBe(3);
    expect((await ask(behind, event, '/leave', first)).status).toBe(204);
    await passOf(behind, event, second);
    await patch({ state: 'closed' });
    await sees('closed');
    expect(code(await ask(behind, event, '/pass', String(third.body.ticket)))).toBe('410 gone');
    await patch({ state: 'open' });
    await sees('queueing');
    await passOf(behind, event, String(third.body.ticket));
  });

  it('by an event that closes or goes while they wait', async () => {
    const event = await room();
    const ticket = await ticketOf(ahead, event);
    const pass = await passOf(ahead, event, ticket);
    await ahead.operator('PATCH', `/v1/events/${event}`, { state: 'closed' });
    await until(async () => {
      const answer = await withPass(behind, event, pass);
      return answer.status === 409 && code(answer) === '409 registration-closed';
    });
    await ahead.operator('PATCH', `/v1/events/${event}`, { state: 'draft' });
    await until(async () => (await withPass(behind, event, pass)).status === 404);
    await ahead.operator('PATCH', `/v1/events/${event}`, { state: 'open' });
    // A refused registration has spent nothing.
    await until(async () => (await withPass(behind, event, pass)).status === 201);
  });
});
