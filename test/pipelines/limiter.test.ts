import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connector } from '../../src/connectors/connector.js';
import { nextMidnightMs } from '../../src/connectors/next-midnight.js';
import { Calls } from '../../src/pipelines/calls.js';
import type { Holds } from '../../src/pipelines/holds.js';
import { AllowanceSpentError, Limiter } from '../../src/pipelines/limiter.js';
import { createLogger } from '../../src/platform/logger.js';
import { freshDatabase } from '../support/database.js';
import { waitFor } from '../support/wait-for.js';

let pool: pg.Pool;
const never = new AbortController().signal;

beforeAll(async () => {
  pool = new pg.Pool({ connectionString: await freshDatabase() });
});

afterAll(() => pool.end());

async function timesOf(limiters: readonly Limiter[], calls: number): Promise<number[]> {
  const times: number[] = [];
  const turns = Array.from({ length: calls }, async (_, i) => {
    await limiters[i % limiters.length]!.turn(never);
    times.push(performance.now());
  });
  await Promise.all(turns);
  return times.sort((a, b) => a - b);
}

describe('The limiter of a destination', () => {
  it('is one for all workers: together they never call more often than allowed', async () => {
    const workers = [1, 2, 3].map(() => new Limiter(pool, 'shared', { callsPerSecond: 50 }));
    const times = await timesOf(workers, 60);
    // Whatever the machine does, calls can only come later than booked: 59 gaps of 20 ms at least.
    expect(times.at(-1)! - times[0]!).toBeGreaterThan(59 * 19);
    const { rows } = await pool.query<{ day_used: string }>(
      `select day_used from call_budgets where destination = 'shared'`,
    );
    // What a busy machine missed it booked anew.
    expect(Number(rows[0]!.day_used)).toBeGreaterThanOrEqual(60);
    expect(Number(rows[0]!.day_used)).toBeLessThan(72);
  });

  it('keeps to a rolling window as well', async () => {
    const limiter = new Limiter(pool, 'window', { window: { calls: 10, ms: 200 } });
    const times = await timesOf([limiter], 30);
    expect(times.at(-1)! - times[0]!).toBeGreaterThan(29 * 19);
  });

  it.each([
    [40, 39],
    [190, 189],
    [10, 9],
    [2, 1.8],
    [1, 0.9],
  ])(
    'of a window of %i calls uses %d: one is kept for a late one, or a tenth of a small one',
    (calls, used) => {
      const limiter = new Limiter(pool, 'reserve', { window: { calls, ms: 10_000 } });
      expect(limiter.gapMs()).toBeCloseTo(10_000 / used / 0.98, 6);
    },
  );

  it('goes on in a window of one call', async () => {
    const limiter = new Limiter(pool, 'one', { window: { calls: 1, ms: 100 } });
    const times = await timesOf([limiter], 4);
    expect(times.at(-1)! - times[0]!).toBeGreaterThan(3 * 100);
  });

  it('costs one look where no limit is known', async () => {
    let looks = 0;
    const counting = {
      query: (query: pg.QueryConfig) => {
        looks++;
        return pool.query(query);
      },
    } as unknown as pg.Pool;
    const limiter = new Limiter(counting, 'free', {});
    for (let i = 0; i < 100; i++) await limiter.turn(never);
    expect(limiter.takeCount().calls).toBe(100);
    expect(looks).toBe(1);
  });

  it('keeps a worker that starts anew to what another one heard', async () => {
    const old = new Limiter(pool, 'heard', {});
    old.learn({ window: { calls: 10, ms: 1_000 } }, undefined);
    await waitFor(
      () => pool.query(`select 1 from call_budgets where destination = 'heard'`),
      ({ rowCount }) => rowCount === 1,
    );
    const anew = new Limiter(pool, 'heard', {});
    const times = await timesOf([anew], 4);
    expect(times.at(-1)! - times[0]!).toBeGreaterThan(3 * 95);
    anew.learn({ window: { calls: 100, ms: 1_000 } }, undefined);
    expect(anew.gapMs(), 'its own answers count more').toBeLessThan(11);
  });

  it('does not use late what it missed: others have the places that follow', async () => {
    const limiter = new Limiter(pool, 'missed', { callsPerSecond: 4 });
    // Whoever books for the first time on a connection is late.
    await Promise.all([1, 2].map(() => pool.query(`select book_calls('warm', 1, 0, null, 0)`)));
    await limiter.turn(never);
    let wentAt = 0;
    const missed = limiter.turn(never).then(() => (wentAt = performance.now()));
    await new Promise((resolve) => setTimeout(resolve, 50)); // booked, a fifth of a second ahead
    for (const end = performance.now() + 600; performance.now() < end;); // as SIGSTOP does it
    const onAgain = performance.now();
    const { rows } = await pool.query<{ wait_ms: number }>(
      `select wait_ms from book_calls('missed', 1, 250, null, 5000)`,
    );
    await missed;
    // Whichever the database heard first has the place that is free, and the other the one after it.
    const places = [rows[0]!.wait_ms, wentAt - onAgain].sort((a, b) => a - b);
    expect(places[0], 'a place was free').toBeLessThan(150);
    expect(places[1], 'and one only').toBeGreaterThan(150);
  });

  it('takes another turn for a call that was held up after it had one', async () => {
    const connector = { destination: 'held-up', limits: { callsPerSecond: 4 } } as unknown as Connector;
    const calls = new Calls(pool, connector, {} as Holds, createLogger('silent'), () => new Date());
    const heldUpFor = async (ms: number): Promise<number> => {
      const turn = await calls.open(never, () => undefined);
      if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
      if (typeof turn === 'function') await turn();
      return calls.limiter.takeCount().calls;
    };
    expect(await heldUpFor(0)).toBe(1);
    const asked = performance.now();
    expect(await heldUpFor(150), 'as where its intent was long in being written').toBe(2);
    expect(performance.now() - asked, 'it left in the place after its own').toBeGreaterThan(2 * 245);
  });

  it('never spends more than the day allows, and says how long it takes until there is more', async () => {
    await pool.query(
      `insert into call_budgets (destination, day, day_used)
       values ('day', (clock_timestamp() at time zone 'UTC')::date, 99)`,
    );
    const limiter = new Limiter(pool, 'day', { callsPerDay: 100 });
    await limiter.turn(never);
    await expect(limiter.turn(never)).rejects.toBeInstanceOf(AllowanceSpentError);
    expect(limiter.waitMs()).toBeGreaterThan(0);
  });

  it('keeps to the stricter of what the settings and what the answers allow', () => {
    const limiter = new Limiter(pool, 'shared-portal', { callsPerSecond: 5 });
    const own = limiter.gapMs();
    limiter.learn({ callsPerSecond: 50, window: { calls: 190, ms: 10_000 } }, undefined);
    expect(limiter.gapMs()).toBe(own);
    limiter.learn({ window: { calls: 10, ms: 10_000 } }, undefined);
    expect(limiter.gapMs()).toBeGreaterThan(1_000);
    const open = new Limiter(pool, 'open', {});
    open.learn({ callsPerSecond: 50 }, undefined);
    expect(open.gapMs()).toBeGreaterThan(20);
  });

  it('is booked a moment ahead where calls need no spacing, and little of it is lost', async () => {
    let bookings = 0;
    const counting = {
      query: (query: pg.QueryConfig) => {
        bookings++;
        return pool.query(query);
      },
    } as unknown as pg.Pool;
    const limiter = new Limiter(counting, 'ahead', { callsPerDay: 10_000_000 });
    for (let i = 0; i < 300; i++) await limiter.turn(never);
    expect(bookings).toBeLessThan(200);
    const { rows } = await pool.query<{ used: number }>(
      `select day_used::int as used from call_budgets where destination = 'ahead'`,
    );
    expect(rows[0]!.used).toBeGreaterThanOrEqual(300);
    expect(rows[0]!.used).toBeLessThan(300 + 64);

    const [asked, now] = [performance.now(), Date.now()];
    await limiter.throttled(now + 300, now);
    await limiter.turn(never);
    expect(
      performance.now() - asked,
      'what was booked before a throttle is not used after it',
    ).toBeGreaterThan(250);
  });

  it('spaces calls so that the day lasts once more than its share is used', async () => {
    const { rows } = await pool.query<{ gap_ms: number; left_ms: number }>(
      `with spent as (
         insert into call_budgets (destination, day, day_used)
         values ('lasting', (clock_timestamp() at time zone 'UTC')::date, 999_900) returning 1)
       select 0 as gap_ms, 0 as left_ms from spent`,
    );
    expect(rows).toHaveLength(1);
    const booked = await pool.query<{ granted: number; gap_ms: number }>(
      `select granted, gap_ms from book_calls('lasting', 10, 0, 1000000, 5000)`,
    );
    const msLeft = 86_400_000 - (Date.now() % 86_400_000);
    expect(booked.rows[0]!.granted).toBe(1);
    expect(booked.rows[0]!.gap_ms).toBeGreaterThan((msLeft / 100) * 0.9);
  });

  it.each([
    ['America/Chicago', "(now() at time zone 'America/Chicago')::date"],
    ['Pacific/Kiritimati', "(now() at time zone 'Pacific/Kiritimati')::date"],
  ])('ends its day at midnight in %s', async (zone, today) => {
    await pool.query(`insert into call_budgets (destination, day, day_used) values ($1, ${today}, 10)`, [
      `at ${zone}`,
    ]);
    const spent = new Limiter(pool, `at ${zone}`, { callsPerDay: 10, day: zone });
    await expect(spent.turn(never)).rejects.toBeInstanceOf(AllowanceSpentError);
    const leftMs = nextMidnightMs(Date.now(), zone) - Date.now();
    expect(Math.abs(spent.waitMs() - leftMs)).toBeLessThan(5_000);
    await pool.query(`update call_budgets set day = ${today} - 1 where destination = $1`, [`at ${zone}`]);
    await new Limiter(pool, `at ${zone}`, { callsPerDay: 10, day: zone }).turn(never);
  });

  it('counts the last 24 hours at any moment where the backend does, and not a day that begins anew', async () => {
    await pool.query(
      `insert into call_bookings values
         ('rolling', date_trunc('hour', clock_timestamp()) - interval '23 hours', 6),
         ('rolling', date_trunc('hour', clock_timestamp()) - interval '2 hours', 3),
         ('rolling', date_trunc('hour', clock_timestamp()) - interval '26 hours', 50)`,
    );
    const limits = { callsPerDay: 10, day: 'rolling' };
    await new Limiter(pool, 'rolling', limits).turn(never);
    const spent = new Limiter(pool, 'rolling', limits);
    await pool.query(`update call_budgets set next_at = '-infinity' where destination = 'rolling'`);
    await expect(spent.turn(never)).rejects.toBeInstanceOf(AllowanceSpentError);
    expect(spent.waitMs(), 'until the first hour of them comes free').toBeLessThan(2 * 3_600_000);
    expect(spent.waitMs()).toBeGreaterThan(3_600_000 - 5_000);
  });

  it('spaces the last 24 hours so that they never run dry, once half is used', async () => {
    const gapOf = async (used: number): Promise<number> => {
      await pool.query(`delete from call_bookings where destination = 'lasts'`);
      await pool.query(
        `insert into call_bookings values ('lasts', date_trunc('hour', clock_timestamp()) - interval '1 hour', $1)`,
        [used],
      );
      const { rows } = await pool.query<{ gap: number }>(
        `select gap_ms as gap from call_day('lasts', 'rolling', 100, clock_timestamp())`,
      );
      return rows[0]!.gap;
    };
    expect(await gapOf(49)).toBe(0);
    const [least, most] = [23 * 3_600_000, 24 * 3_600_000];
    expect(await gapOf(90), 'ten until those of before come free').toBeGreaterThan(least / 10);
    expect(await gapOf(90)).toBeLessThanOrEqual(most / 10);
  });

  it('believes what the backend says it used', async () => {
    await pool.query(
      `insert into call_budgets (destination, day, told_used, told_max, told_at)
       values ('told', (clock_timestamp() at time zone 'UTC')::date, 500, 500, clock_timestamp())`,
    );
    const limiter = new Limiter(pool, 'told', {});
    limiter.learn(undefined, { used: 500, max: 500 });
    await expect(limiter.turn(never)).rejects.toBeInstanceOf(AllowanceSpentError);
  });

  it('grows slower after a throttle, and lets nobody call before the time that was asked for', async () => {
    const one = new Limiter(pool, 'throttled', { callsPerSecond: 100 });
    const other = new Limiter(pool, 'throttled', { callsPerSecond: 100 });
    await one.turn(never);
    const before = one.gapMs();
    const began = performance.now();
    await one.throttled(Date.now() + 300, Date.now());
    expect(one.gapMs()).toBeGreaterThan(before);
    await other.turn(never);
    expect(performance.now() - began).toBeGreaterThan(290);
  });

  it('lets a call go that is ended while it waits', async () => {
    const limiter = new Limiter(pool, 'ended', { callsPerSecond: 1 });
    await limiter.turn(never);
    const ending = new AbortController();
    const waiting = limiter.turn(ending.signal);
    ending.abort(new Error('the lane is lost'));
    await expect(waiting).rejects.toThrow('the lane is lost');
  });
});
