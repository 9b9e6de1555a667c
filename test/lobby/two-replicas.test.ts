import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tokenKeys, Tokens } from '../../src/lobby/token.js';
import { TestApp } from '../http/app.js';
import { until } from './until.js';
import { join, openRoom, passOf, ticketOf, untilState } from './visitor.js';

const EXACT_MS = 50;
const ROOM = { mode: 'always', maxActive: 500, maxPerMinute: 5_000, passSeconds: 60, claimSeconds: 30 };
const TOKENS = new Tokens(tokenKeys('', 'for-tests-only-for-tests-only-for-tests-only'));

let right: TestApp;
let wrong: TestApp;

beforeAll(async () => {
  right = await TestApp.start();
  const clock = { now: () => new Date(Date.now() + 7_000) };
  wrong = await TestApp.start({ databaseUrl: right.databaseUrl, clock });
});
afterAll(() => Promise.all([right.stop(), wrong.stop()]));

/** How far the database's clock is ahead of this process's. */
async function aheadMs(): Promise<number> {
  const readings: { ms: number; tookMs: number }[] = [];
  for (let i = 0; i < 5; i++) {
    const asked = Date.now();
    const { rows } = await right.pool.query<{ now: Date }>('select clock_timestamp() as now');
    const tookMs = Date.now() - asked;
    readings.push({ ms: rows[0]!.now.getTime() - asked - tookMs / 2, tookMs });
  }
  return readings.sort((a, b) => a.tookMs - b.tookMs)[0]!.ms;
}

interface Told {
  readonly by: string;
  readonly state: unknown;
  /** Asked and answered, by the database's clock. */
  readonly fromMs: number;
  readonly toMs: number;
}

it('A room opens at the same moment at every replica, to 50 ms by the clock of the database, whatever their own say', async () => {
  const opensAtMs = Date.now() + (await aheadMs()) + 1_800;
  const event = await openRoom(right, wrong, { ...ROOM, opensAt: new Date(opensAtMs).toISOString() });
  const ticket = await ticketOf(right, event);
  const ahead = await aheadMs();
  const told: Told[] = [];
  const watch = async (by: string, ask: () => Promise<{ body: { state?: unknown } }>): Promise<void> => {
    let state: unknown;
    do {
      const fromMs = Date.now() + ahead;
      state = (await ask()).body.state;
      told.push({ by, state, fromMs, toMs: Date.now() + ahead });
      await pause(3);
    } while (state === 'paused');
  };
  const apps = { right, wrong };
  const ways = Object.entries(apps).flatMap(([name, app]) => [
    watch(`${name}, status`, () => app.call('GET', `/v1/events/${event}/lobby`)),
    watch(`${name}, joining`, () => join(app, event, ticket)),
  ]);
  await Promise.all(ways);
  // A process may be held up between question and answer; what was told is wrong only where no moment of that fits.
  const early = told.filter(({ state, toMs }) => state !== 'paused' && toMs < opensAtMs - EXACT_MS);
  const late = told.filter(({ state, fromMs }) => state === 'paused' && fromMs > opensAtMs + EXACT_MS);
  expect({ early, late }).toEqual({ early: [], late: [] });
  for (const by of new Set(told.map((one) => one.by)))
    expect(new Set(told.filter((one) => one.by === by).map(({ state }) => state))).toEqual(
      new Set(['paused', 'queueing']),
    );
});

it('Numbers are given in the order in which people ask, whichever replica they ask', async () => {
  const event = await openRoom(right, wrong, { ...ROOM, state: 'paused' });
  const ahead = await aheadMs();
  const joined: { number: number; atMs: number; fromMs: number; toMs: number }[] = [];
  const come = async (n: number): Promise<void> => {
    for (let i = 0; i < 25; i++) {
      await pause(Math.random() * 10);
      const fromMs = Date.now() + ahead;
      const { body } = await join((n + i) % 2 === 0 ? right : wrong, event);
      const { number, atMs } = TOKENS.verify('ticket', String(body.ticket))!;
      joined.push({ number, atMs, fromMs, toMs: Date.now() + ahead });
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, n) => come(n)));
  joined.sort((a, b) => a.number - b.number);
  expect(joined.map(({ number }) => number)).toEqual(joined.map((_, i) => i + 1));
  let latestAskedMs = 0;
  for (const [i, { atMs, fromMs, toMs }] of joined.entries()) {
    latestAskedMs = Math.max(latestAskedMs, fromMs);
    expect(toMs, `${i + 1} had its number before a lower one was asked for`).toBeGreaterThanOrEqual(
      latestAskedMs - 1,
    );
    expect(atMs, 'by the clock of the database').toBeGreaterThanOrEqual(fromMs - EXACT_MS);
    expect(atMs).toBeLessThanOrEqual(toMs + EXACT_MS);
    if (i > 0) expect(atMs).toBeGreaterThanOrEqual(joined[i - 1]!.atMs);
  }
});

it('What an operator sets at one replica holds at the other within a second', async () => {
  const event = await openRoom(right, wrong, { ...ROOM, message: 'first' });
  const changes: [settings: object, isSo: (status: Record<string, unknown>) => boolean][] = [
    [{ state: 'paused' }, ({ state }) => state === 'paused'],
    [{ message: 'second' }, ({ message }) => message === 'second'],
    [{ state: 'closed' }, ({ state }) => state === 'closed'],
    [{ state: 'open' }, ({ state }) => state === 'queueing'],
  ];
  for (const [settings, isSo] of changes) {
    await right.operator('PATCH', `/v1/events/${event}/lobby`, settings);
    const setMs = performance.now();
    let askedMs = setMs;
    const outdated = await until(async () => {
      const lastMs = askedMs - setMs;
      askedMs = performance.now();
      const { body } = await wrong.call('GET', `/v1/events/${event}/lobby`);
      return isSo(body) ? { lastMs } : null;
    });
    expect(outdated.lastMs, JSON.stringify(settings)).toBeLessThan(1_000);
  }
});

it('A room that is open below its threshold opens again after a race has left numbers that nobody holds', async () => {
  const event = await openRoom(right, wrong, { ...ROOM, mode: 'auto' });
  expect((await wrong.register(event)).status).toBe(201);
  // As two requests of one identity at once leave them, or people who were gone when their number was drawn.
  const leave = (numbers: number) =>
    right.pool.query(
      `with l as (update lobby_lines set issued = issued + $2::int
                   where event_id = (select id from events where slug = $1) returning event_id, issued)
       insert into lobby_voids (event_id, number) select event_id, n from l, generate_series(issued - $2 + 1, issued) n`,
      [event, numbers],
    );
  await leave(3);
  await untilState(wrong, event, (state) => state === 'queueing');
  const turned = await wrong.register(event);
  expect(turned).toMatchObject({ status: 429, body: { lobby: { number: 4, position: 0 } } });
  await leave(2);
  const { ticket } = turned.body.lobby as { ticket: string };
  const pass = await passOf(right, event, ticket);
  expect((await right.register(event, {}, { 'foyer-pass': pass })).status).toBe(201);
  for (const app of [right, wrong]) await untilState(app, event, (state) => state === 'open');
  expect((await right.register(event)).status).toBe(201);
  expect((await wrong.register(event)).status).toBe(201);
});

it('A replica tells the figures of a room, with how far its estimates were off, while it releases and no longer', async () => {
  const event = await openRoom(right, wrong, { ...ROOM, state: 'paused', maxPerMinute: 60 });
  const tickets: string[] = [];
  for (let n = 0; n < 4; n++) tickets.push(await ticketOf(right, event));
  await right.operator('PATCH', `/v1/events/${event}/lobby`, { state: 'open' });
  for (const ticket of tickets) await passOf(right, event, ticket);
  const isTold = async (name: string): Promise<boolean> =>
    (await right.call('GET', '/metrics')).text.includes(`foyer_lobby_${name}{event="${event}"}`);
  await until(() => isTold('estimate_error_ratio_count'));
  await until(() => isTold('active'));
  const { estimateError } = await until(async () => {
    const { body } = await wrong.operator('GET', `/v1/events/${event}/lobby/figures`);
    return body.estimateError === null ? null : body;
  });
  expect(estimateError).toEqual({ judged: 1, p90: expect.any(Number) as number });
  // Another replica, elsewhere, has the lease for a while.
  await right.pool.query(
    `update lobby_releaser set owner = gen_random_uuid(), epoch = epoch + 1, until = clock_timestamp() + interval '4 s'`,
  );
  await until(async () => !(await isTold('active')));
  for (const name of ['waiting', 'present', 'released_per_minute', 'abandonment_per_second'])
    expect(await isTold(name), name).toBe(false);
  expect(await isTold('released_total'), 'what it counted stays').toBe(true);
  await until(() => isTold('active'));
});
