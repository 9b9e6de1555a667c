/**
 * One destination's calls, spaced. All workers book from one row of the database:
 * 1. a destination of which no limit is known costs one look, and its first answer is waited for; then calls go at once;
 * 2. else whoever waits for a turn is served from a small slice of the next places in time, booked in one statement and
 *    never used late; where calls need no spacing it is as many as the last two seconds tell, and the rest is lost;
 * 3. the day's allowance is part of the booking, and the day the backend's own: while less of it was used than the
 *    day's share, calls are spaced by the rate alone, else so that it lasts until the day's end;
 * 4. of what the settings and what the backend's answers allow the stricter counts: others may call there too;
 * 5. after a throttle the gap grows by half, and shrinks again by a fifth a minute without one.
 * With the database away nothing is booked and nothing is sent: without it nothing could be settled either.
 */
import type pg from 'pg';
import type { CallLimits, QuotaUse } from '../connectors/connector.js';
import { gapOf } from './call-gap.js';

/** Of an allowed rate so much is used: a little less than all, since calls do not arrive evenly. */
const SHARE_OF_RATE = 0.98;
/** What a worker books ahead of need, and the most that it books at once. */
const SLICE_MS = 40;
const SLICE_MAX = 64;
/** Calls that need no spacing are booked for so long ahead. */
const AHEAD_MS = 100;
/** A place further off is not booked: the lane is given back until then. */
const WAIT_MAX_MS = 5_000;
/** A place missed by more would be a call too many among those booked later. */
const LATE_MS_MAX = 100;
const THROTTLE_GROWTH = 1.5;
const EASING = 0.8;
const EASING_MS = 60_000;
/** Of a destination without limits that throttles, this is what it is first spaced by at least. */
const FIRST_GAP_MS = 20;
const MEASURED_MS = 2_000;
/** So many calls are noted before those measured no more are looked for at each. */
const NOTED_MAX = 256;

/** What was heard longer ago may be true no more. */
const RECALL = `
  select told_gap_ms as gap from call_budgets
   where destination = $1 and told_gap_at > clock_timestamp() - interval '1 day'`;
const TELL = `
  insert into call_budgets as b (destination, day, told_gap_ms, told_gap_at)
  values ($1, (clock_timestamp() at time zone 'UTC')::date, $2, clock_timestamp())
  on conflict (destination) do update set told_gap_ms = excluded.told_gap_ms, told_gap_at = excluded.told_gap_at`;

/** Nothing may be called for so long. */
export class AllowanceSpentError extends Error {
  readonly code = 'allowance-spent';
  constructor(readonly waitMs: number) {
    super('The calls allowed are used up for now.');
  }
}

interface Turn {
  readonly go: () => void;
  readonly stop: (error: Error) => void;
}

export class Limiter {
  /** Calls made since the count was last taken. */
  private made = 0;
  private allowed: CallLimits = {};
  private adaptedGapMs = 0;
  private adaptedAtMs = 0;
  /** On the monotonic clock: nothing may be called before. */
  private freeAtMs = 0;
  private waiting: Turn[] = [];
  private isBooking = false;
  /** The last place was missed: the next one is taken however late, or a slow machine would call no more. */
  private hasMissed = false;
  private isHeard = false;
  /** By what any worker heard before us; our own answers count as soon as there is one. */
  private recalledGapMs = 0;
  private recalled: Promise<void> | undefined;
  /** Whether the last places booked had a gap between them. */
  private isSpaced = true;
  /** Booked and not wanted yet, good until then on the monotonic clock. */
  private spare = 0;
  private spareUntilMs = 0;
  private recent: number[] = [];
  private told: (QuotaUse & { isNew: boolean }) | undefined;

  constructor(
    private readonly pool: pg.Pool,
    readonly destination: string,
    private limits: CallLimits,
  ) {}

  /**
   * Resolves when the next call may leave.
   * @throws AllowanceSpentError where that is too far off; what `signal` was ended with
   */
  async turn(signal: AbortSignal): Promise<void> {
    await this.recall();
    signal.throwIfAborted();
    if ((this.gapMs() > 0 || this.dayMax() !== null) && !this.takeSpare()) await this.booked(signal);
    this.made++;
    this.noteCall();
  }

  /** Whether a turn taken then is missed; it counts as a call all the same, as it was booked. */
  hasLapsed(takenAtMs: number): boolean {
    return this.gapMs() > 0 && performance.now() - takenAtMs > LATE_MS_MAX;
  }

  /** Milliseconds until the next call may leave, as far as it is known here. */
  waitMs(): number {
    return Math.max(0, this.freeAtMs - performance.now());
  }

  /** Calls under way at once in all processes; Infinity: no limit. */
  concurrency(): number {
    return Math.min(this.limits.concurrency ?? Infinity, this.allowed.concurrency ?? Infinity);
  }

  /** Until it is, an answer may still tell a limit. */
  knowsPace(): boolean {
    return this.isHeard || this.gapMs() > 0;
  }

  /** What another worker heard, once it was looked up. */
  recall(): Promise<void> {
    return (this.recalled ??= this.recallNow());
  }

  /** What an answer said of our limits and of what we used. */
  learn(allowed: CallLimits | undefined, quota: QuotaUse | undefined): void {
    const before = gapOf(this.allowed);
    if (allowed) this.allowed = { ...this.allowed, ...allowed };
    if (gapOf(this.allowed) !== before) this.tellOthers(gapOf(this.allowed));
    this.isHeard = true;
    if (quota) this.told = { ...quota, isNew: true };
  }

  /** The backend asked everyone to slow down. */
  async throttled(untilMs: number, nowMs: number): Promise<void> {
    const measured = this.recent.length > 1 ? MEASURED_MS / this.recent.length : 0;
    const grown = Math.max(this.gapMs(), measured, FIRST_GAP_MS) * THROTTLE_GROWTH;
    const now = performance.now();
    // Calls that were under way when the first was refused tell nothing new.
    if (now - this.adaptedAtMs > MEASURED_MS || this.adaptedGapMs === 0) this.adaptedGapMs = grown;
    this.adaptedAtMs = now;
    this.spare = 0;
    await this.pool.query({
      name: 'budget-hold',
      text: `insert into call_budgets as b (destination, day, next_at)
             values ($1, (clock_timestamp() at time zone 'UTC')::date, clock_timestamp() + $2 * interval '1 ms')
             on conflict (destination) do update set next_at = greatest(b.next_at, excluded.next_at)`,
      values: [this.destination, Math.max(0, untilMs - nowMs)],
    });
  }

  /** For the count that is written down now and then; what it returns is counted once. */
  takeCount(): { calls: number; told: QuotaUse | null } {
    const calls = this.made;
    this.made = 0;
    const told = this.told?.isNew ? this.told : null;
    if (this.told) this.told.isNew = false;
    return { calls, told };
  }

  /** Milliseconds between two calls, by what is allowed and what was learned; 0: no spacing. */
  gapMs(): number {
    const toldMs = gapOf(this.allowed) || this.recalledGapMs;
    return Math.max(gapOf(this.limits) / SHARE_OF_RATE, toldMs / SHARE_OF_RATE, this.eased());
  }

  private dayMax(): number | null {
    return this.limits.callsPerDay ?? this.allowed.callsPerDay ?? this.told?.max ?? null;
  }

  private eased(): number {
    if (this.adaptedGapMs === 0) return 0;
    const steps = Math.floor((performance.now() - this.adaptedAtMs) / EASING_MS);
    const gap = this.adaptedGapMs * EASING ** steps;
    if (gap < 1) this.adaptedGapMs = 0;
    return gap < 1 ? 0 : gap;
  }

  private noteCall(): void {
    const now = performance.now();
    this.recent.push(now);
    if (this.recent.length > NOTED_MAX || this.recent[0]! < now - MEASURED_MS)
      this.recent = this.recent.filter((at) => at >= now - MEASURED_MS);
  }

  private takeSpare(): boolean {
    if (this.spare === 0 || performance.now() > this.spareUntilMs) return false;
    this.spare--;
    return true;
  }

  private booked(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => stop(signal.reason as Error);
      const stop = (error: Error): void => {
        signal.removeEventListener('abort', end);
        this.waiting = this.waiting.filter((other) => other !== turn);
        reject(error);
      };
      const go = (): void => {
        signal.removeEventListener('abort', end);
        resolve();
      };
      const turn: Turn = { go, stop };
      signal.addEventListener('abort', end, { once: true });
      this.waiting.push(turn);
      if (!this.isBooking) void this.book();
    });
  }

  private async book(): Promise<void> {
    this.isBooking = true;
    try {
      while (this.waiting.length > 0) await this.bookSlice();
    } catch (error) {
      for (const turn of [...this.waiting]) turn.stop(error as Error);
    } finally {
      this.isBooking = false;
    }
  }

  private async bookSlice(): Promise<void> {
    const gap = this.gapMs();
    const ahead = gap > 0 ? Math.floor(SLICE_MS / gap) : SLICE_MAX;
    const many = Math.max(1, Math.min(Math.max(this.waiting.length, this.soon()), ahead, SLICE_MAX));
    const asking = performance.now();
    const { rows } = await this.pool.query<{ granted: number; wait_ms: number; gap_ms: number }>({
      name: 'book-calls',
      text: 'select * from book_calls($1, $2, $3, $4, $5, $6)',
      values: [this.destination, many, gap, this.dayMax(), WAIT_MAX_MS, this.limits.day ?? 'UTC'],
    });
    const { granted, wait_ms: waitMs, gap_ms: gapMs } = rows[0]!;
    const asked = performance.now();
    if (granted === 0) {
      this.freeAtMs = asked + waitMs;
      throw new AllowanceSpentError(waitMs);
    }
    this.freeAtMs = asked + waitMs + granted * gapMs;
    this.isSpaced = gapMs > 0 || waitMs > 0;
    for (let place = 0; place < granted; place++) {
      await until(asked + waitMs + place * gapMs);
      if (gapMs > 0 && this.isMissed(asking + waitMs + place * gapMs)) return;
      const turn = this.waiting.shift();
      if (!turn) {
        this.keep(granted - place);
        return;
      }
      turn.go();
    }
  }

  /** Whether the place is to be booked anew: this process was stopped, or had no time when it came. */
  private isMissed(atMs: number): boolean {
    this.hasMissed = !this.hasMissed && performance.now() - atMs > LATE_MS_MAX;
    return this.hasMissed;
  }

  private async recallNow(): Promise<void> {
    try {
      const { rows } = await this.pool.query<{ gap: number }>({ text: RECALL, values: [this.destination] });
      this.recalledGapMs = rows[0]?.gap ?? 0;
    } catch (error) {
      this.recalled = undefined;
      throw error;
    }
  }

  private tellOthers(gapMs: number): void {
    this.pool.query(TELL, [this.destination, gapMs]).catch(() => undefined); // the next one to start hears it itself
  }

  /** How many calls the next moment will want, where they need no spacing. */
  private soon(): number {
    return this.isSpaced ? 0 : Math.ceil((this.recent.length * AHEAD_MS) / MEASURED_MS);
  }

  private keep(places: number): void {
    if (this.isSpaced) return;
    this.spare = places;
    this.spareUntilMs = performance.now() + AHEAD_MS;
  }
}

async function until(atMs: number): Promise<void> {
  const waitMs = atMs - performance.now();
  if (waitMs > 0.5) await new Promise((resolve) => setTimeout(resolve, waitMs));
}
