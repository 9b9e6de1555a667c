import type { Settlement } from './delivery.js';

/** When a record is looked at once more: a call that nobody answered may take effect until then. */
type Look = Pick<Settlement, 'nextAttemptAt' | 'recheckAt'>;

/**
 * A record verified after an unanswered call is looked at once more, later; at once where that time has come. A write
 * of some fields does not stand for the look: its read-back told of these alone.
 */
export function lookStays(recheckAt: Date | null, now: Date): Look {
  const nextAttemptAt = recheckAt !== null && recheckAt < now ? now : recheckAt;
  return { nextAttemptAt, recheckAt };
}

/** @param askedAt when a look at all that stands there, or a write of all, began: what began too early is made again */
export function nextLook(recheckAt: Date | null, askedAt: Date): Look {
  return recheckAt !== null && recheckAt > askedAt
    ? { nextAttemptAt: recheckAt, recheckAt }
    : { nextAttemptAt: null, recheckAt: null };
}
