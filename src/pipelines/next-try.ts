import type { Delivering } from './delivering.js';
import type { Settlement, Taken } from './delivery.js';
import { isOver, longestWaitMs, retryAt, triesWith } from './retry-schedule.js';

const HOUR_MS = 3_600_000;

/**
 * How many tries of a record failed with the one that failed now, and when the next one is: not before the backend
 * says, and further and further off, however soon it says each time.
 */
export function nextTry(
  { previous }: Taken,
  by: Delivering,
  afterMs: number | null = null,
): Pick<Settlement, 'tries' | 'nextAttemptAt'> {
  const before = previous?.tries ?? 0;
  const tries = triesWith(before, othersGotThrough(before, by), by.settings);
  const now = by.now();
  const atMs = Math.max(retryAt(now, tries, by.settings).getTime(), now.getTime() + (afterMs ?? 0));
  return { tries, nextAttemptAt: new Date(atMs) };
}

/**
 * What would be tried once more; or where it failed for long enough while others got through, its end: rejected, so
 * that it is counted and seen, until somebody replays it or the record changes.
 */
export function orGivenUp(settlement: Settlement, by: Delivering): Settlement {
  const { state, tries, reason, taken } = settlement;
  if (state !== 'retrying' || !isOver(tries, by.settings)) return settlement;
  if (!othersGotThrough(taken.previous?.tries ?? 0, by)) return settlement;
  const last = reason === null ? '' : ` The last answer: ${reason.message}`;
  const message = `It failed for ${span(by.settings.giveUpAfterMs)} while others got through, and is not tried again unasked; mend the cause and replay it.${last}`;
  return {
    ...settlement,
    state: 'rejected',
    tries: 0,
    nextAttemptAt: null,
    reason: { owner: 'backend', ...reason, code: 'given-up', message },
  };
}

/** Since this record was tried before: that was no longer ago than its wait may be at most, unless nobody could look. */
function othersGotThrough(tries: number, { calls, target, now, settings }: Delivering): boolean {
  const waitedMs = longestWaitMs(Math.max(tries, 1), settings);
  return calls.gotThroughSince(target, new Date(now().getTime() - waitedMs));
}

function span(ms: number): string {
  const hours = Math.round(ms / HOUR_MS);
  return hours >= 48 ? `${Math.round(hours / 24)} days` : `${hours} hours`;
}
