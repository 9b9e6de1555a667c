import { setTimeout as pause } from 'node:timers/promises';
import type { Downstream } from './downstream.js';
import { Histogram } from './histogram.js';
import type { Operator } from './operator.js';

const EVERY_MS = 500;
/** A ledger counts a mapping's records: on large tables it is looked at the more seldom, the longer it takes. */
const DUTY = 0.1;
const SETTLE_MS_MAX = 60_000;
/** Where nothing is settled for so long, a backend is away: that shows as a backlog, and waiting longer would not help. */
const STALLED_MS = 10_000;
/** A mapping whose slowest changes took longer could not keep up. */
const BEHIND_MS = 10_000;

interface Mapping {
  readonly mapping: string;
  readonly destination: string;
}

interface Ledger {
  readonly states: Readonly<Record<string, number>>;
  readonly unaccounted: number;
  readonly changes: {
    readonly total: number;
    readonly settled: number;
    readonly superseded: number;
    readonly waiting: number;
  };
}

interface Destination {
  readonly destination: string;
  readonly callsToday: number;
  readonly quota: { readonly used: number; readonly max: number; readonly forecast: number } | null;
}

interface Look {
  readonly atMs: number;
  readonly ledger: Ledger;
}

/** Follows the ledger of every mapping in force while people register, and until what they made is settled. */
export class DownstreamWatch {
  private readonly looks = new Map<string, Look[]>();
  private isOver = false;
  /** How long the last look took. */
  private tookMs = 0;
  private watching: Promise<void> = Promise.resolve();
  private mappings: readonly Mapping[] = [];
  private callsBefore = new Map<string, number>();

  constructor(
    private readonly operator: Operator,
    private readonly nowMs: () => number,
  ) {}

  async start(): Promise<void> {
    this.mappings = (await this.operator.read<{ items: Mapping[] }>('/v1/mappings'))?.items ?? [];
    this.callsBefore = new Map(
      (await this.destinations()).map(({ destination, callsToday }) => [destination, callsToday]),
    );
    await this.look();
    this.watching = this.watch();
  }

  /** @returns what was seen, once all is settled, or can no longer be waited for */
  async stop(): Promise<Downstream[]> {
    // Only a look that began after the last change can tell that nothing waits.
    this.isOver = true;
    await this.watching;
    await this.look();
    const end = this.nowMs() + SETTLE_MS_MAX;
    let [done, doneAtMs] = [this.done(), this.nowMs()];
    while (this.isWaiting() && this.nowMs() < end && this.nowMs() - doneAtMs < STALLED_MS) {
      await this.pausedLook();
      if (this.done() > done) [done, doneAtMs] = [this.done(), this.nowMs()];
    }
    const destinations = await this.destinations();
    return this.mappings.flatMap((mapping) => {
      const looks = this.looks.get(mapping.mapping) ?? [];
      const destination = destinations.find((one) => one.destination === mapping.destination);
      return looks.length < 2 ? [] : [this.seen(mapping, looks, destination)];
    });
  }

  private isWaiting(): boolean {
    return [...this.looks.values()].some((looks) => (looks.at(-1)?.ledger.changes.waiting ?? 0) > 0);
  }

  private done(): number {
    return [...this.looks.values()].reduce((sum, looks) => sum + doneOf(looks.at(-1)!.ledger), 0);
  }

  private async watch(): Promise<void> {
    while (!this.isOver) await this.pausedLook();
  }

  private async pausedLook(): Promise<void> {
    await pause(Math.max(EVERY_MS, this.tookMs / DUTY) - this.tookMs);
    const began = this.nowMs();
    await this.look().catch(() => undefined); // It cannot answer now; the next look tells.
    this.tookMs = this.nowMs() - began;
  }

  private async look(): Promise<void> {
    for (const { mapping } of this.mappings) {
      const ledger = await this.operator.read<Ledger>(`/v1/mappings/${mapping}/ledger`);
      if (!ledger) continue;
      const looks = this.looks.get(mapping) ?? [];
      looks.push({ atMs: this.nowMs(), ledger });
      this.looks.set(mapping, looks);
    }
  }

  private async destinations(): Promise<Destination[]> {
    return (await this.operator.read<{ items: Destination[] }>('/v1/destinations'))?.items ?? [];
  }

  private seen(
    { mapping, destination }: Mapping,
    looks: readonly Look[],
    now: Destination | undefined,
  ): Downstream {
    const [first, last] = [looks[0]!.ledger, looks.at(-1)!.ledger];
    const grown = (state: string): number => (last.states[state] ?? 0) - (first.states[state] ?? 0);
    const lag = lagsOf(looks);
    const waiting = looks.map(({ ledger }) => ledger.changes.waiting);
    const at = (share: number): number => Math.round(lag.percentile(share));
    const lagMs = lag.count === 0 ? null : { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
    const calls = now ? now.callsToday - (this.callsBefore.get(destination) ?? 0) : 0;
    const { used = null, max = null, forecast = null } = now?.quota ?? {};
    return {
      mapping,
      destination,
      changes: last.changes.total - first.changes.total,
      settled: doneOf(last) - doneOf(first),
      verified: grown('verified'),
      rejected: grown('rejected'),
      unaccounted: last.unaccounted,
      backlogMax: Math.max(...waiting),
      lagMs,
      everyMs: Math.round((looks.at(-1)!.atMs - looks[0]!.atMs) / (looks.length - 1)),
      perMinute: lagMs && lagMs.p99 > BEHIND_MS ? settledPerMinute(looks) : null,
      // Counted by the hour and day: at midnight it begins anew.
      quota: { calls: Math.max(0, calls), used, max, forecast },
      series: { atSeconds: looks.map(({ atMs }) => Math.round(atMs / 100) / 10), waiting },
    };
  }
}

function doneOf({ changes }: Ledger): number {
  return changes.settled + changes.superseded;
}

/**
 * From each change to when it was settled, from two counts that only grow: the n-th change was made when `total` came to
 * n and answered when settled + superseded did. Changes of one lane keep their order, so this is each one's own lag but
 * for what lanes overtake each other, and it needs no look at any single record.
 */
function lagsOf(looks: readonly Look[]): Histogram {
  const lags = new Histogram();
  let made = 0;
  for (let i = 1; i < looks.length; i++) {
    const before = doneOf(looks[i - 1]!.ledger);
    for (let n = before + 1; n <= doneOf(looks[i]!.ledger); n++) {
      while (made < looks.length - 1 && looks[made]!.ledger.changes.total < n) made++;
      // What was made before the first look belongs to others.
      if (made > 0)
        lags.add(timeOf(looks, i, n, doneOf) - timeOf(looks, made, n, ({ changes }) => changes.total));
    }
  }
  return lags;
}

/** Between two looks as if it had gone evenly. */
function timeOf(looks: readonly Look[], i: number, n: number, of: (ledger: Ledger) => number): number {
  const [before, after] = [looks[i - 1]!, looks[i]!];
  const [low, high] = [of(before.ledger), of(after.ledger)];
  const share = high === low ? 1 : (n - low) / (high - low);
  return before.atMs + share * (after.atMs - before.atMs);
}

function settledPerMinute(looks: readonly Look[]): number {
  let [done, ms] = [0, 0];
  for (let i = 1; i < looks.length; i++) {
    if (looks[i - 1]!.ledger.changes.waiting === 0) continue;
    done += doneOf(looks[i]!.ledger) - doneOf(looks[i - 1]!.ledger);
    ms += looks[i]!.atMs - looks[i - 1]!.atMs;
  }
  return ms === 0 ? 0 : Math.round((done * 60_000) / ms);
}
