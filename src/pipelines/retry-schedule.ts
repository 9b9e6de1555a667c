/**
 * When a record that failed is tried again, and for how long.
 * 1. The waits double from the first to the longest, each a fifth shorter or longer by chance, so that a crowd does not
 *    come back at once.
 * 2. After so many failed tries that their waits add up to `giveUpAfterMs`, the record is given up.
 * 3. Tries count towards that only where others got through meanwhile. Else the destination is away, which no record
 *    can be blamed for: the waits grow to the longest and stay there, however many days it takes.
 */
import type { PipelineSettings } from '../platform/config/settings.js';

export type RetrySchedule = Pick<PipelineSettings, 'retryFirstMs' | 'retryMaxMs' | 'giveUpAfterMs'>;

const JITTER = 0.2;
/** As many as the column holds: one more, and no settle of the lane would go through. */
const TRIES_MAX = 32_767;

/** @param tries failed so far, one at least */
export function retryAt(now: Date, tries: number, schedule: RetrySchedule): Date {
  const spread = 1 + JITTER * (2 * Math.random() - 1);
  return new Date(now.getTime() + waitMs(tries, schedule) * spread);
}

/** What the wait after so many failed tries may be, with all that chance adds to it. */
export function longestWaitMs(tries: number, schedule: RetrySchedule): number {
  return waitMs(tries, schedule) * (1 + JITTER);
}

/** How many tries have failed with this one. */
export function triesWith(before: number, othersGotThrough: boolean, schedule: RetrySchedule): number {
  const tries = Math.min(before + 1, TRIES_MAX);
  return othersGotThrough ? tries : Math.max(before, Math.min(tries, triesToLongest(schedule)));
}

/** Whether the waits between so many tries add up to the time after which a record is given up. */
export function isOver(tries: number, schedule: RetrySchedule): boolean {
  const { retryFirstMs, retryMaxMs, giveUpAfterMs } = schedule;
  if (giveUpAfterMs === 0) return false;
  const waits = tries - 1;
  const growing = Math.min(waits, triesToLongest(schedule) - 1);
  return retryFirstMs * (2 ** growing - 1) + retryMaxMs * (waits - growing) >= giveUpAfterMs;
}

function waitMs(tries: number, { retryFirstMs, retryMaxMs }: RetrySchedule): number {
  return Math.min(retryFirstMs * 2 ** (tries - 1), retryMaxMs);
}

/** The number of the try that the longest wait follows first. */
function triesToLongest({ retryFirstMs, retryMaxMs }: RetrySchedule): number {
  return 1 + Math.max(0, Math.ceil(Math.log2(retryMaxMs / retryFirstMs)));
}
