/**
 * How many to release, how far the line is opened for check-in, and how long the wait will be: pure functions over
 * figures and a clock, so that the releaser and a simulation drive the same code.
 *
 * 1. What is free is the smaller of two budgets: slots (`maxActive` less those who hold one) and releases
 *    (`maxPerMinute` less those of the last 60 s).
 * 2. Only those who are present are called, the lowest number first. `frontier` is the last number that may check in:
 *    about a minute's releases past the front, so that few rows stand in the database however long the line is.
 * 3. Where something is free and nobody is present, those before the frontier have had their chance: the front moves
 *    up to it and the frontier on. Who comes back later has a number before the front and is called next.
 */
export const WINDOW_MS = 60_000;
/** Someone told that it is time needs a status (fresh for 1 s) and a request of their own. */
const CHANCE_MS = 2_500;
const HORIZON_MIN = 20;
const HORIZON_MAX = 20_000;

export interface Budgets {
  readonly maxActive: number;
  /** In any 60 seconds. */
  readonly maxPerMinute: number;
}

/** The line as one statement saw it. */
export interface LineFigures {
  readonly nowMs: number;
  /** Slots held: by a call, by a pass, or booked ahead by a replica. */
  readonly active: number;
  /** Released, or booked for release, in the last 60 s. */
  readonly released: number;
  /** Checked in, and not called. */
  readonly present: number;
  /** Everyone up to here was called or had their chance. */
  readonly called: number;
  /** The last number given out. */
  readonly issued: number;
  readonly frontier: number;
  readonly frontierAtMs: number;
}

export interface Step {
  readonly release: number;
  readonly called: number;
  readonly frontier: number;
}

export function freeOf(
  { active, released }: Pick<LineFigures, 'active' | 'released'>,
  budgets: Budgets,
): number {
  return Math.max(0, Math.min(budgets.maxActive - active, budgets.maxPerMinute - released));
}

/** What to do now. `called` is the least that the front becomes; whoever is called moves it further. */
export function decide(line: LineFigures, budgets: Budgets, ratePerMinute: number): Step {
  const free = freeOf(line, budgets);
  const release = Math.min(free, line.present);
  const horizon = horizonOf(budgets, ratePerMinute);
  const starved = free > line.present;
  const hadTheirChance = line.nowMs - line.frontierAtMs >= CHANCE_MS;
  const called = starved && hadTheirChance ? Math.min(line.frontier, line.issued) : line.called;
  const frontier = Math.min(line.issued, Math.max(line.frontier, called + horizon));
  return { release, called: Math.min(called, line.issued), frontier };
}

/** About a minute's releases, and never fewer than could be released at once. */
export function horizonOf({ maxActive, maxPerMinute }: Budgets, ratePerMinute: number): number {
  const atOnce = Math.min(maxActive, maxPerMinute);
  return Math.min(HORIZON_MAX, Math.max(HORIZON_MIN, Math.ceil(1.2 * ratePerMinute), 2 * atOnce));
}

/** Does anyone wait, so that nobody may go straight through? */
export function isAnyoneWaiting({
  present,
  called,
  issued,
}: Pick<LineFigures, 'present' | 'called' | 'issued'>): boolean {
  return present > 0 || called < issued;
}

/** Has been seen at the front: how many were passed over per call, after what wait. */
export interface Flow {
  readonly ratePerMinute: number;
  /** Share of those waiting that leaves, per second. */
  readonly abandonment: number;
  /** How long those now at the front have waited; as many of them are gone already. */
  readonly frontSeconds?: number;
}

const FLOW_WINDOW_MS = 240_000;

/** Measures the flow over the last four minutes. */
export class FlowMeter {
  private steps: { atMs: number; released: number; passed: number; waitedMs: number }[] = [];
  private sinceMs: number | undefined;

  /**
   * @param released called in this step
   * @param passed numbers that the front moved past, called ones included
   * @param waitedMs how long each of those called had waited, in the mean
   */
  observe(nowMs: number, released: number, passed: number, waitedMs: number): void {
    this.sinceMs ??= nowMs;
    if (released > 0 || passed > 0) this.steps.push({ atMs: nowMs, released, passed, waitedMs });
    while (this.steps.length > 0 && nowMs - this.steps[0]!.atMs > FLOW_WINDOW_MS) this.steps.shift();
  }

  /** @param budgets stand in until something was measured */
  flow(nowMs: number, budgets: Budgets): Flow {
    const spanMs = Math.min(FLOW_WINDOW_MS, nowMs - (this.sinceMs ?? nowMs));
    const released = sum(this.steps, (step) => step.released);
    const passed = sum(this.steps, (step) => step.passed);
    const steady = spanMs >= 10_000 && released > 0;
    const measured = steady ? (released * 60_000) / spanMs : budgets.maxPerMinute;
    const ratePerMinute = Math.min(budgets.maxPerMinute, measured);
    if (!steady || passed <= released) return { ratePerMinute, abandonment: 0 };
    const waited = sum(this.steps, (step) => step.waitedMs * step.released) / released / 1000;
    const abandonment = waited > 1 ? -Math.log(released / passed) / waited : 0;
    return { ratePerMinute, abandonment: Math.min(abandonment, 0.1), frontSeconds: waited };
  }
}

/**
 * The wait of someone with n numbers before them, where each of these leaves with hazard θ and the front calls μ a
 * second. Of n people who are all there: `dn/dt = −μ − θ·n`, hence `t = ln(1 + θ·n/μ)/θ`. Where it is known how long
 * those at the front have waited (a), the numbers before include some who left: the front moves by `μ·e^(θ·a)` numbers
 * a second now and by `μ·e^(θ·t)` when ours comes, so `t = n / (μ·e^(θ·(a + t)/2))`, found in a few steps.
 */
export function expectedWaitSeconds(
  ahead: number,
  { ratePerMinute, abandonment, frontSeconds }: Flow,
): number {
  const perSecond = ratePerMinute / 60;
  if (ahead <= 0) return 0;
  if (perSecond <= 0) return Number.POSITIVE_INFINITY;
  const plain = ahead / perSecond;
  if (abandonment < 1e-9) return plain;
  let wait = Math.log1p(abandonment * plain) / abandonment;
  if (frontSeconds === undefined) return wait;
  for (let step = 0; step < FIXED_POINT_STEPS; step++)
    wait = (wait + plain * Math.exp((-abandonment * (frontSeconds + wait)) / 2)) / 2;
  return wait;
}

const FIXED_POINT_STEPS = 12;
const INTERVAL_Z = 1.64;
const RATE_UNCERTAINTY = 0.05;

/** An honest interval: nine of ten arrivals at the front fall into it while the flow stays as it is. */
export function waitInterval(ahead: number, flow: Flow): { low: number; high: number } {
  const expected = expectedWaitSeconds(ahead, flow);
  if (!Number.isFinite(expected)) return { low: 86_400, high: 86_400 };
  const spread = ahead <= 0 ? 0 : INTERVAL_Z * Math.sqrt(1 / ahead + RATE_UNCERTAINTY ** 2);
  return {
    low: Math.floor(expected * Math.max(0, 1 - spread)),
    high: Math.ceil(expected * (1 + spread)) + 1,
  };
}

const FORECAST_EVERY_MS = 5_000;
const FORECASTS_MAX = 2_000;

/** Judges the estimates: what the last in line was told, against when the front came there. */
export class Forecasts {
  private told: { atMs: number; number: number; waitMs: number }[] = [];

  note({ nowMs, issued, called }: LineFigures, flow: Flow): void {
    const last = this.told.at(-1);
    if (issued <= called || (last && (nowMs - last.atMs < FORECAST_EVERY_MS || issued === last.number)))
      return;
    const waitMs = expectedWaitSeconds(issued - called - 1, flow) * 1000;
    if (waitMs > 0 && this.told.length < FORECASTS_MAX)
      this.told.push({ atMs: nowMs, number: issued, waitMs });
  }

  /** @returns for each that has come true: how far it was off, as a share of what was told */
  settle({ nowMs, called }: Pick<LineFigures, 'nowMs' | 'called'>): number[] {
    const errors: number[] = [];
    while (this.told.length > 0 && this.told[0]!.number <= called) {
      const { atMs, waitMs } = this.told.shift()!;
      errors.push(Math.abs(nowMs - atMs - waitMs) / waitMs);
    }
    return errors;
  }
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += of(item);
  return total;
}
