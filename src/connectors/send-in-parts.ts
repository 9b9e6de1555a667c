import type { Failure } from './call-outcome.js';
import type { Outcome, OutgoingRecord, QuotaUse, SendResult } from './connector.js';

/** What one call told. */
export interface PartResult {
  /** By position; undefined: this answer does not tell this record's fate, and nothing of it was written. */
  readonly outcomes: readonly (Outcome | undefined)[];
  /** Set where calling on is of no use (throttled, unauthorised, no answer): what was not yet sent gets this. */
  readonly hold: Failure | null;
  readonly requestId: string | null;
  readonly status: number | null;
  readonly quota?: QuotaUse;
}

/**
 * Sends all records in one call and, where an answer refused the batch as a whole or left some untold, sends those
 * again in halves, one call after the other, down to single records: the good ones go through, the bad one is named.
 * A record is sent again only after an answer about it; after a call without answer never.
 */
export async function sendInParts(
  records: readonly OutgoingRecord[],
  send: (part: readonly OutgoingRecord[]) => Promise<PartResult>,
  whenUntold: (status: number) => Failure,
): Promise<SendResult> {
  const outcomes = new Array<Outcome | undefined>(records.length);
  const parts: number[][] = records.length === 0 ? [] : [records.map((_, index) => index)];
  let hold: Failure | null = null;
  let last: PartResult = { outcomes: [], hold: null, requestId: null, status: null };

  for (let part = parts.shift(); part; part = parts.shift()) {
    if (hold) {
      for (const index of part) outcomes[index] ??= notSent(hold);
      continue;
    }
    last = await send(part.map((index) => records[index]!));
    hold = last.hold;
    const untold: number[] = [];
    part.forEach((index, position) => {
      const outcome = last.outcomes[position];
      if (outcome) outcomes[index] = outcome;
      else untold.push(index);
    });
    if (untold.length === 1 && part.length === 1) outcomes[untold[0]!] = whenUntold(last.status ?? 0);
    else if (untold.length > 0) parts.unshift(...halves(untold));
  }
  return {
    outcomes: outcomes.map((outcome) => outcome ?? whenUntold(last.status ?? 0)),
    requestId: last.requestId,
    status: last.status,
    ...(last.quota ? { quota: last.quota } : {}),
  };
}

function halves(indexes: number[]): number[][] {
  const middle = Math.ceil(indexes.length / 2);
  return [indexes.slice(0, middle), indexes.slice(middle)].filter((half) => half.length > 0);
}

/** The part was never sent, whatever became of the call before it. */
function notSent(hold: Failure): Failure {
  if (hold.kind === 'throttled' || hold.kind === 'unauthorised') return hold;
  const afterMs = hold.kind === 'retry' ? hold.afterMs : null;
  return { kind: 'retry', afterMs, reason: hold.reason };
}
