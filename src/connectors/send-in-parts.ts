import { type Failure, unconfirmed } from './call-outcome.js';
import type { CallLimits, Outcome, OutgoingRecord, QuotaUse, SendResult } from './connector.js';

/** What one call told. */
export interface PartResult {
  /** By position; undefined: this answer does not tell this record's fate, and nothing of it was written. */
  readonly outcomes: readonly (Outcome | undefined)[];
  /** Set where calling on is of no use (throttled, unauthorised, no answer): what was not yet sent gets this. */
  readonly hold: Failure | null;
  readonly requestId: string | null;
  readonly status: number | null;
  readonly quota?: QuotaUse;
  readonly allowed?: CallLimits;
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
      for (const index of part) outcomes[index] ??= unsent(hold);
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
    ...(last.allowed ? { allowed: last.allowed } : {}),
  };
}

/**
 * Sends records of two or more kinds that cannot share a call, kind after kind. Where calling on is of no use, the
 * kinds not yet sent get what the one before got, as not sent.
 */
export async function sendByKind(
  records: readonly OutgoingRecord[],
  kindOf: (record: OutgoingRecord) => string,
  send: (kind: string, records: readonly OutgoingRecord[]) => Promise<SendResult>,
): Promise<SendResult> {
  const kinds = new Map<string, number[]>();
  records.forEach((record, index) => {
    const kind = kindOf(record);
    kinds.set(kind, [...(kinds.get(kind) ?? []), index]);
  });
  const outcomes = new Array<Outcome | undefined>(records.length);
  let last: SendResult = { outcomes: [], requestId: null, status: null };
  let hold: Failure | null = null;
  for (const [kind, indexes] of kinds) {
    if (hold === null) {
      last = await send(
        kind,
        indexes.map((index) => records[index]!),
      );
      indexes.forEach((index, place) => (outcomes[index] = last.outcomes[place]!));
      hold = holdOf(last);
    } else for (const index of indexes) outcomes[index] = unsent(hold);
  }
  return { ...last, outcomes: outcomes as Outcome[] };
}

/** Sends records that take a call each, one after the other as long as calling on is of use. */
export function sendOneByOne(
  records: readonly OutgoingRecord[],
  send: (record: OutgoingRecord) => Promise<PartResult>,
): Promise<SendResult> {
  const place = new Map(records.map((record, index) => [record, String(index)]));
  return sendByKind(
    records,
    (record) => place.get(record)!,
    (_, some) => sendInParts(some, ([record]) => send(record!), unconfirmed),
  );
}

/** What befell all of them befalls the next call too; a refusal is about the records, or about their kind. */
function holdOf({ outcomes }: SendResult): Failure | null {
  const failures = outcomes.filter(isOfCall);
  return outcomes.length > 0 && failures.length === outcomes.length ? failures[0]! : null;
}

function isOfCall(outcome: Outcome): outcome is Failure {
  if (outcome.kind !== 'retry') return ['throttled', 'unauthorised', 'unanswered'].includes(outcome.kind);
  // A fault of the transport, or a server that failed as a whole.
  return outcome.reason.status === undefined || outcome.reason.status >= 500;
}

function halves(indexes: number[]): number[][] {
  const middle = Math.ceil(indexes.length / 2);
  return [indexes.slice(0, middle), indexes.slice(middle)].filter((half) => half.length > 0);
}

/** The part was never sent, whatever became of the call before it. */
export function unsent(hold: Failure): Failure {
  if (hold.kind === 'throttled' || hold.kind === 'unauthorised') return hold;
  const afterMs = hold.kind === 'retry' ? hold.afterMs : null;
  return { kind: 'retry', afterMs, reason: hold.reason };
}
