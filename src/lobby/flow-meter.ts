import type { Budgets, LineFigures } from './controller.js';
import type { Flow } from './flow.js';

/** What a step did to the line. */
export interface Stepped {
  readonly released: number;
  /** Numbers that the front moved past, called ones included. */
  readonly passed: number;
  /** How long those called had waited, in the mean. */
  readonly waitedMs: number;
}

interface Bucket {
  spanMs: number;
  freed: number;
  released: number;
  passed: number;
  /** Sum over those called. */
  waitedMs: number;
}

const BUCKET_MS = 5_000;
const WINDOW_BUCKETS = 180;
/** With less than this nothing was measured. */
const STEADY_MS = 10_000;
/** How far back a change of pace is looked for, and by how many standard deviations it must show. */
const RECENT_BUCKETS = 12;
const CHANGE_SIGMAS = 4;
/** A longer silence is a fault, not a pace. */
const GAP_MS_MAX = 1_000;
const ABANDONMENT_MAX = 0.1;

/**
 * Measures the pace of a line over a quarter of an hour in which it stood.
 *
 * 1. The pace is that at which slots became free, not at which people were called: the first call fills the empty
 *    room at once, which says nothing of how it goes on.
 * 2. Time in which nobody waited does not count: what comes through then is demand, not capacity.
 * 3. Where the last minute differs from what was before by more than chance explains, what was before is forgotten.
 * 4. Who leaves does so at a hazard θ: of those at the front, who have waited w, a share of `e^(−θ·w)` is still
 *    there. θ is those who left over all the time that they and the others have waited. It is people's patience and
 *    does not change with the pace, so it keeps the whole window.
 */
export class FlowMeter {
  private readonly buckets: Bucket[] = [];
  /** Buckets since the last change of pace. */
  private paced = 0;
  private lastAtMs: number | undefined;
  private heldBefore = 0;

  /** @param seed what the replica before this one had measured */
  constructor(private readonly seed?: Flow) {}

  /** @param line as it was before the step */
  observe(
    { nowMs, active, called, issued, present }: LineFigures,
    { released, passed, waitedMs }: Stepped,
  ): void {
    const passedMs = this.lastAtMs === undefined ? 0 : nowMs - this.lastAtMs;
    const freed = this.lastAtMs === undefined ? 0 : Math.max(0, this.heldBefore - active);
    this.lastAtMs = nowMs;
    this.heldBefore = active + released;
    if (called >= issued && present === 0) return;
    const bucket = this.bucket();
    bucket.spanMs += Math.min(passedMs, GAP_MS_MAX);
    bucket.freed += freed;
    bucket.released += released;
    bucket.passed += passed;
    bucket.waitedMs += waitedMs * released;
  }

  /** @param budgets stand in until something was measured */
  flow(budgets: Budgets): Flow {
    const { spanMs, freed } = total(this.buckets.slice(-Math.max(1, this.paced)));
    if (spanMs < STEADY_MS || freed === 0) {
      const ratePerMinute = Math.min(budgets.maxPerMinute, this.seed?.ratePerMinute ?? Infinity);
      return { ...this.seed, abandonment: this.seed?.abandonment ?? 0, ratePerMinute };
    }
    const ratePerMinute = Math.min(budgets.maxPerMinute, (freed * 60_000) / spanMs);
    const { released, passed, waitedMs } = total(this.buckets);
    if (released === 0 || passed <= released) return { ratePerMinute, abandonment: 0 };
    const { released: now, waitedMs: waited } = total(this.buckets.slice(-RECENT_BUCKETS));
    const abandonment = hazardOf(passed - released, released, waitedMs / 1000);
    return now === 0
      ? { ratePerMinute, abandonment }
      : { ratePerMinute, abandonment, frontSeconds: waited / now / 1000 };
  }

  private bucket(): Bucket {
    const last = this.buckets.at(-1);
    if (last && last.spanMs < BUCKET_MS) return last;
    const next = { spanMs: 0, freed: 0, released: 0, passed: 0, waitedMs: 0 };
    this.buckets.push(next);
    this.paced++;
    if (this.buckets.length > WINDOW_BUCKETS) this.buckets.shift();
    if (this.hasChanged()) this.paced = RECENT_BUCKETS;
    this.paced = Math.min(this.paced, this.buckets.length);
    return next;
  }

  private hasChanged(): boolean {
    if (this.paced < 2 * RECENT_BUCKETS) return false;
    const before = total(this.buckets.slice(-this.paced, -RECENT_BUCKETS));
    const recent = total(this.buckets.slice(-RECENT_BUCKETS));
    const expected = (before.freed * recent.spanMs) / before.spanMs;
    const deviation = Math.sqrt(expected + expected ** 2 / Math.max(1, before.freed));
    return Math.abs(recent.freed - expected) > CHANGE_SIGMAS * Math.max(1, deviation);
  }
}

const FIXED_POINT_STEPS = 8;

/**
 * Those who left, over the time that all of them waited. When those who left did so is not known: of who leaves
 * within w, at a hazard θ, each has waited `1/θ − w/(e^(θ·w) − 1)` in the mean.
 */
function hazardOf(left: number, stayed: number, stayedSeconds: number): number {
  const wait = stayedSeconds / stayed;
  if (wait < 1) return 0;
  let hazard = left / (stayedSeconds + (left * wait) / 2);
  for (let step = 0; step < FIXED_POINT_STEPS; step++) {
    const leaver = 1 / hazard - wait / Math.expm1(hazard * wait);
    hazard = left / (stayedSeconds + left * leaver);
  }
  return Math.min(hazard, ABANDONMENT_MAX);
}

function total(buckets: readonly Bucket[]): Bucket {
  const sum = { spanMs: 0, freed: 0, released: 0, passed: 0, waitedMs: 0 };
  for (const { spanMs, freed, released, passed, waitedMs } of buckets) {
    sum.spanMs += spanMs;
    sum.freed += freed;
    sum.released += released;
    sum.passed += passed;
    sum.waitedMs += waitedMs;
  }
  return sum;
}
