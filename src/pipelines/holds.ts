import type { Outcome } from '../connectors/connector.js';

const HOLD_FIRST_MS = 500;
const HOLD_MAX_MS = 30_000;

/**
 * Which destinations this process leaves alone for now: the backend asked for a pause, or nothing got through.
 * While a destination is held, its lanes read nothing: what arrives meanwhile fills the next batches.
 */
export class Holds {
  private readonly held = new Map<string, { until: number; failures: number }>();

  /** Epoch milliseconds; 0 where the destination is free. */
  until(destination: string, now: Date): number {
    const until = this.held.get(destination)?.until ?? 0;
    return until > now.getTime() ? until : 0;
  }

  learn(destination: string, outcomes: readonly Outcome[], now: Date): void {
    const asked = outcomes.flatMap((outcome) => (outcome.kind === 'throttled' ? [outcome.untilMs] : []));
    if (asked.length > 0) {
      this.held.set(destination, { until: Math.max(...asked), failures: 0 });
      return;
    }
    if (outcomes.some((outcome) => !isAway(outcome))) {
      this.held.delete(destination);
      return;
    }
    // Calls that were under way when the hold began tell of the same silence.
    if (this.until(destination, now) > 0) return;
    const failures = (this.held.get(destination)?.failures ?? 0) + 1;
    const waitMs = Math.min(HOLD_FIRST_MS * 2 ** (failures - 1), HOLD_MAX_MS);
    this.held.set(destination, { until: now.getTime() + waitMs, failures });
  }
}

/** Whether the answer says that the destination as a whole does not work now, not this record. */
function isAway(outcome: Outcome): boolean {
  if (outcome.kind === 'unauthorised' || outcome.kind === 'unanswered') return true;
  return outcome.kind === 'retry' && (outcome.reason.status === undefined || outcome.reason.status >= 500);
}
