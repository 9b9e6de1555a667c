import type { Advice } from './advice.js';
import type { ErrorCount, Latency } from './ask-log.js';
import type { Loot } from './cheats.js';
import type { Downstream } from './downstream.js';
import type { Fairness } from './fairness.js';
import type { Estimates, Order } from './judge.js';
import type { Cheat, Manner, Mix } from './manners.js';
import type { Series } from './series.js';
import type { Fate } from './visit.js';

/** Everything that was asked for. With the same one, a simulation is the same to the byte. */
export interface Scenario {
  readonly seed: number;
  readonly visitors: number;
  /** `poisson`, `spike`, `ramp`, or the name of a recorded profile's file. */
  readonly arrivals: string;
  readonly minutes: number;
  readonly formSeconds: number;
  readonly patienceSeconds: number;
  /** The longest wait that the advice aims at. */
  readonly waitMinutes: number;
  /** The lobby lets people join at once and in from then on. */
  readonly opensAfterMinutes: number;
  readonly mix: Mix;
  readonly lobby: {
    readonly mode: string;
    readonly maxActive: number;
    readonly maxPerMinute: number;
    readonly passSeconds: number;
    readonly claimSeconds: number;
  };
  /** null: without limit */
  readonly capacity: number | null;
}

export interface Overshoot {
  /** The most slots held at once, and released in a minute, as the lobby's own figures have it. */
  readonly activeMax: number;
  readonly perMinuteMax: number;
  /** The most passes in hand at once by the visitors' own notes. */
  readonly holdersMax: number;
  /** By how many any of them was more than allowed: must be 0. */
  readonly over: number;
}

/** As `--json` gives it, and what the page is made of. */
export interface Report {
  readonly kind: 'simulated' | 'measured';
  /** Where it was measured. */
  readonly target: { readonly api: string; readonly event: string; readonly startedAt: string } | null;
  readonly scenario: Scenario;
  /** Every promise was kept. */
  readonly held: boolean;
  /** What was not as promised, a sentence each. */
  readonly broken: readonly string[];
  readonly seconds: number;
  readonly visitors: {
    readonly arrived: number;
    /** Registered at once, without a lobby in between. */
    readonly straight: number;
    readonly inLine: number;
    readonly admitted: number;
    readonly fates: Readonly<Record<Fate, number>>;
    readonly manners: Readonly<Record<Manner, { readonly arrived: number; readonly registered: number }>>;
    /** Why those who were refused were. */
    readonly refusals: Readonly<Record<string, number>>;
  };
  readonly overshoot: Overshoot;
  readonly order: Order;
  readonly fairness: Fairness;
  readonly waitSeconds: {
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly max: number;
  } | null;
  readonly estimates: Estimates;
  /** Slots held of those that could have been, while somebody present waited and the minute had room; 0–1. */
  readonly use: number | null;
  readonly latency: readonly Latency[];
  /** How late the load generator itself was. */
  readonly generatorLag: Omit<Latency, 'ask'>;
  readonly errors: readonly ErrorCount[];
  readonly cheats: Readonly<Record<Cheat, Loot>>;
  /** What the event's own registrations say, against what the visitors were told. */
  readonly ledger: {
    readonly acknowledged: number;
    readonly registered: number;
    /** Ids of registrations that are not the run's: they are left as they are. */
    readonly others: readonly string[];
  } | null;
  readonly downstream: readonly Downstream[];
  readonly advice: Advice;
  readonly series: Series;
}
