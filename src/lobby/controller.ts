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
