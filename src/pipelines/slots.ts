/**
 * The calls under way at once at one destination. Where there is a limit, all processes share it through the database:
 * 1. a process holds some of the slots for `HELD_MS`, and a call within them costs no look;
 * 2. it asks when it needs more, and every `RENEW_MS` while it calls; what it does not need the others have;
 * 3. it begins nothing past the time for which it holds them: who starts waits until the others have given theirs up.
 * With the database away nothing begins: nothing could be settled either.
 */
import type pg from 'pg';

/** What a process that died had under way counts for so long; one that was stopped begins nothing new with it. */
const HELD_MS = 10_000;
const RENEW_MS = 1_000;
/** Who holds none at all looks that often for one that was given up. */
const LOOK_MS = 200;
/** More is asked for than is needed just now, so that a need that grows costs few looks. */
const AHEAD = 2;

interface Waiting {
  readonly go: () => void;
  readonly stop: (error: Error) => void;
}

export class Slots {
  private underWay = 0;
  /** The most that was under way or waiting since the last look. */
  private needed = 0;
  private granted = 0;
  /** So many were asked for at the last look. */
  private asked = 0;
  /** While it is being asked no more than it was told: what is granted then may be less than before. */
  private told = Infinity;
  /** On the monotonic clock, which a stopped process does not stop. */
  private grantedUntilMs = 0;
  private waiting: Waiting[] = [];
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;
  private isClosed = false;

  /**
   * @param worker names this process
   * @param most under way at once in all processes; Infinity: no limit
   * @param isPaceKnown until it is, one call goes alone: its answer may tell a limit
   */
  constructor(
    private readonly pool: pg.Pool,
    private readonly destination: string,
    private readonly worker: string,
    private readonly most: () => number,
    private readonly isPaceKnown: () => boolean,
  ) {}

  /**
   * Resolves when one call more may be under way; what is returned ends it.
   * @throws what `signal` was ended with
   */
  async enter(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.mayGo()) this.begin();
    else await this.turn(signal);
    this.keepLooking();
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.end();
    };
  }

  /** What those wait for who wait may have changed. */
  look(): void {
    while (this.waiting.length > 0 && this.mayGo()) {
      this.begin();
      this.waiting.shift()!.go();
    }
    if (this.waiting.length > 0) this.keepLooking();
  }

  /** Gives back what is held, when nothing is under way any more. */
  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.timer);
    await this.looking;
    if (this.granted > 0 && this.underWay === 0) await this.ask(0);
  }

  private mayGo(): boolean {
    if (!this.isPaceKnown() && this.underWay > 0) return false;
    const most = this.most();
    if (most === Infinity) return true;
    const may = Math.min(this.granted, this.told, most);
    return performance.now() < this.grantedUntilMs && this.underWay < may;
  }

  private begin(): void {
    this.underWay++;
    this.needed = Math.max(this.needed, this.underWay + this.waiting.length);
  }

  private end(): void {
    this.underWay--;
    // The others wait for what is used beyond our share.
    if (this.underWay >= this.granted && this.most() < Infinity) void this.renewed();
    this.look();
  }

  private turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => stop(signal!.reason as Error);
      const stop = (error: Error): void => {
        signal?.removeEventListener('abort', end);
        this.waiting = this.waiting.filter((other) => other !== one);
        reject(error);
      };
      const go = (): void => {
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const one: Waiting = { go, stop };
      signal?.addEventListener('abort', end, { once: true });
      this.waiting.push(one);
      this.needed = Math.max(this.needed, this.underWay + this.waiting.length);
      if (this.mayAskForMore()) void this.renewed();
      else this.keepLooking();
    });
  }

  /** Not where it was just said that there are no more. */
  private mayAskForMore(): boolean {
    const most = this.most();
    if (most === Infinity) return false;
    if (performance.now() >= this.grantedUntilMs) return true;
    return this.granted < most && this.granted >= this.asked;
  }

  private keepLooking(): void {
    if (this.isClosed || this.timer !== undefined || this.most() === Infinity) return;
    const hasNone = this.granted === 0 && this.underWay === 0;
    this.timer = setTimeout(
      () => {
        this.timer = undefined;
        void this.renewed();
      },
      hasNone ? LOOK_MS : RENEW_MS,
    ).unref();
  }

  /** One look at a time; who needs more after it asks again. */
  private renewed(): Promise<void> {
    this.looking ??= this.ask(this.takeNeed())
      .catch((error: unknown) => {
        for (const one of [...this.waiting]) one.stop(error as Error);
      })
      .finally(() => {
        this.looking = undefined;
        this.look();
        if (this.waiting.length > 0 && this.mayAskForMore()) void this.renewed();
        else if (this.underWay > 0 || this.granted > 0) this.keepLooking();
      });
    return this.looking;
  }

  private takeNeed(): number {
    const needed = Math.max(this.needed, this.underWay + this.waiting.length);
    this.needed = this.underWay + this.waiting.length;
    return Math.min(needed * AHEAD, this.most());
  }

  private async ask(wanted: number): Promise<void> {
    const askedAtMs = performance.now();
    this.asked = wanted;
    this.told = this.underWay;
    try {
      const { rows } = await this.pool.query<{ granted: number }>({
        name: 'take-call-slots',
        text: 'select take_call_slots($1, $2, $3, $4, $5, $6) as granted',
        values: [this.destination, this.worker, wanted, this.told, this.most(), HELD_MS],
      });
      this.granted = rows[0]!.granted;
      this.grantedUntilMs = askedAtMs + HELD_MS;
    } catch (error) {
      // It may have been granted less before the answer was lost.
      this.granted = Math.min(this.granted, this.told);
      throw error;
    } finally {
      this.told = Infinity;
    }
  }
}
