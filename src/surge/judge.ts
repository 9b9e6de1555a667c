import type { Visit } from './visit.js';

/** Shorter waits have no estimate worth a word. */
const JUDGED_WAIT_SECONDS = 30;

export interface Order {
  /** Visits whose turn can be told from their own notes. */
  readonly judged: number;
  /** Called before somebody who was there, had the lower number, and was not called yet. */
  readonly overtaken: number;
  /** Got a number above that of somebody who joined only after they had theirs. */
  readonly numbersOutOfOrder: number;
  readonly placesShown: number;
  readonly placesLost: number;
}

/** Judges by what the visitors noted, and only where there is no doubt: a call happened somewhere between two answers. */
export function judgeOrder(visits: readonly Visit[]): Order {
  const inLine = visits.filter(({ number }) => number !== null).sort((a, b) => a.number! - b.number!);
  const judged = inLine.filter(isJudgeable);
  return {
    judged: judged.length,
    overtaken: countOvertaken(judged),
    numbersOutOfOrder: countNumbersOutOfOrder(inLine),
    placesShown: sum(visits, ({ placesShown }) => placesShown),
    placesLost: sum(visits, ({ placesLost }) => placesLost),
  };
}

function isJudgeable({ wasAway, uncalledMs, passMs }: Visit): boolean {
  return !wasAway && uncalledMs !== null && (passMs === null || uncalledMs <= passMs);
}

/** @param visits in the order of their numbers */
function countOvertaken(visits: readonly Visit[]): number {
  let overtaken = 0;
  // The earliest pass of all behind: only where that is before someone's own call is a closer look needed.
  let earliestBehindMs = Number.POSITIVE_INFINITY;
  for (let i = visits.length - 1; i >= 0; i--) {
    const { presentMs, uncalledMs, passMs } = visits[i]!;
    if (presentMs !== null && earliestBehindMs < uncalledMs!) {
      const passedBy = visits.some(
        (other, j) =>
          j > i && other.passMs !== null && other.passMs < uncalledMs! && other.uncalledMs! > presentMs,
      );
      if (passedBy) overtaken++;
    }
    earliestBehindMs = Math.min(earliestBehindMs, passMs ?? Number.POSITIVE_INFINITY);
  }
  return overtaken;
}

/** @param visits in the order of their numbers */
function countNumbersOutOfOrder(visits: readonly Visit[]): number {
  let count = 0;
  let earliestJoinedBehindMs = Number.POSITIVE_INFINITY;
  for (let i = visits.length - 1; i >= 0; i--) {
    if (earliestJoinedBehindMs < visits[i]!.joinAskedMs!) count++;
    earliestJoinedBehindMs = Math.min(earliestJoinedBehindMs, visits[i]!.joinedMs!);
  }
  return count;
}

/** How many held a pass at once, as they know it themselves: never more than really did. */
export function holdersMax(visits: readonly Visit[], passSeconds: number): number {
  const marks = visits.flatMap(({ passMs, formDoneMs, endedMs }) => {
    if (passMs === null) return [];
    const until = Math.min(formDoneMs ?? endedMs ?? passMs, passMs + passSeconds * 1000);
    return [
      { atMs: passMs, n: 1 },
      { atMs: Math.max(passMs, until), n: -1 },
    ];
  });
  marks.sort((a, b) => a.atMs - b.atMs || a.n - b.n);
  let [holders, most] = [0, 0];
  for (const { n } of marks) most = Math.max(most, (holders += n));
  return most;
}

export interface Estimates {
  readonly judged: number;
  /** Whose wait was within what they were told on joining. */
  readonly withinShare: number | null;
  /** How far the middle of what was told was off, at p90, as a share of it. */
  readonly p90Error: number | null;
}

/** @param opensAtMs what is told before counts from the opening, which everyone is told beside it */
export function judgeEstimates(visits: readonly Visit[], opensAtMs: number): Estimates {
  const judged = visits.filter(
    (visit) =>
      isJudgeable(visit) &&
      visit.passMs !== null &&
      visit.joinedMs! >= opensAtMs &&
      middle(visit) >= JUDGED_WAIT_SECONDS,
  );
  if (judged.length === 0) return { judged: 0, withinShare: null, p90Error: null };
  const within = judged.filter((visit) => {
    const waited = waitSeconds(visit);
    return waited >= visit.toldWait!.low && waited <= visit.toldWait!.high;
  });
  const errors = judged.map((visit) => Math.abs(waitSeconds(visit) - middle(visit)) / middle(visit));
  return {
    judged: judged.length,
    withinShare: within.length / judged.length,
    p90Error: errors.sort((a, b) => a - b)[Math.ceil(errors.length * 0.9) - 1]!,
  };
}

/** From the place in line to the pass in hand. */
export function waitSeconds({ joinedMs, passMs }: Visit): number {
  return (passMs! - joinedMs!) / 1000;
}

function middle({ toldWait }: Visit): number {
  return toldWait ? (toldWait.low + toldWait.high) / 2 : 0;
}

function sum(visits: readonly Visit[], of: (visit: Visit) => number): number {
  return visits.reduce((total, visit) => total + of(visit), 0);
}
