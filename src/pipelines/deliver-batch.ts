import type { Fields, Outcome, OutgoingRecord, Reason, SendResult } from '../connectors/connector.js';
import { failPoint } from '../platform/fail-point.js';
import type { Write } from './decide.js';
import { callSignal, type Delivering, isRepeatable } from './delivering.js';
import { type Settlement, unchanged } from './delivery.js';
import type { Batch } from './intend.js';
import { findMatches, type Match } from './match.js';
import { lookStays, nextLook } from './next-look.js';
import { nextTry, orGivenUp } from './next-try.js';
import type { Attempt } from './settle.js';
import type { Verdict } from './verify.js';

export interface Delivered {
  readonly settlements: readonly Settlement[];
  readonly attempt: Attempt;
}

/** A call that was made, and what its answer says; what stands there is read back apart, with that of other calls. */
export interface Sent {
  readonly batch: Batch;
  readonly at: Date;
  readonly deadline: Date;
  readonly result: SendResult;
}

/**
 * Sends one batch. Throws nothing of the backend's.
 * @param announce called when the turn of the call has come, and awaited before it leaves; what it throws is thrown
 */
export async function sendBatch(
  batch: Batch,
  by: Delivering,
  announce: () => Promise<void> | undefined,
): Promise<Sent> {
  const leave = await by.calls.enter(by.lost);
  try {
    const turn = await by.calls.open(by.lost, by.assertMine);
    if (typeof turn === 'function') await announce();
    const at = by.now();
    const deadline = new Date(at.getTime() + by.settings.callTimeoutMs);
    const result = typeof turn === 'function' ? await send(batch, by, turn) : unsent(batch, turn);
    failPoint('after-backend-commit');
    by.calls.heard(result.outcomes, result, by.target);
    return { batch, at, deadline, result };
  } finally {
    leave();
  }
}

/** Says for each record of a call how it stands, by what the answer said and what was read back. */
export function delivered(sent: Sent, verdicts: ReadonlyMap<Write, Verdict>, by: Delivering): Delivered {
  const { batch, at, result } = sent;
  const call = { id: batch.id, at };
  const settlements = batch.writes.map((write, i) =>
    outcomeToSettlement(write, call, result.outcomes[i]!, verdicts.get(write) ?? null, by),
  );
  return { settlements, attempt: evidence(sent, settlements) };
}

function unsent(batch: Batch, outcome: Outcome): SendResult {
  return { outcomes: batch.writes.map(() => outcome), requestId: null, status: null };
}

async function send(batch: Batch, by: Delivering, turn: () => Promise<void>): Promise<SendResult> {
  const options = { signal: callSignal(by), turn };
  const matches = await findMatches(batch.writes, by, options);
  const going = batch.writes.filter((write) => matches.get(write)?.kind !== 'stop');
  const places = new Map(batch.writes.map((write, place) => [write, place]));
  const records = going.map((write) =>
    outgoing(write, `${batch.id}-${places.get(write)}`, matches.get(write)),
  );
  const isRemoval = batch.writes[0]?.isRemoval === true;
  const result =
    records.length === 0
      ? { outcomes: [], requestId: null, status: null }
      : isRemoval
        ? await by.connector.remove!(by.target, records, options)
        : await by.connector.send(by.target, records, options);
  if (going.length === batch.writes.length) return result;
  const sent = new Map(going.map((write, i) => [write, result.outcomes[i]!]));
  const outcomes = batch.writes.map((write) => sent.get(write) ?? stopped(matches.get(write)!));
  return { ...result, outcomes };
}

function outgoing(write: Write, traceId: string, match: Match | undefined): OutgoingRecord {
  const adopted = match?.kind === 'adopt' ? { targetId: match.targetId, isAdopted: true } : {};
  const { seq, changedAt } = write.taken;
  return {
    traceId,
    key: write.key,
    targetId: write.taken.previous?.targetId ?? null,
    fields: write.fields,
    repeatKey: repeatKey(write),
    ...(seq === undefined || changedAt === undefined ? {} : { change: { seq, at: changedAt } }),
    ...adopted,
  };
}

function stopped(match: Match): Outcome {
  if (match.kind === 'stop') return match.outcome;
  throw new Error('an adopted record was not sent');
}

/** The same however often this version is tried; another after a lie, so that nobody takes the resend for a repetition. */
function repeatKey({ taken }: Write): string {
  return `${taken.key}-${taken.version}-${taken.previous?.resends ?? 0}`;
}

function outcomeToSettlement(
  write: Write,
  call: { readonly id: string; readonly at: Date },
  outcome: Outcome,
  verdict: Verdict | null,
  by: Delivering,
): Settlement {
  const { taken } = write;
  const base = { ...unchanged(taken), targetKey: write.key, attempt: call.id };
  switch (outcome.kind) {
    case 'written':
    case 'unchanged':
      if (write.isRemoval) return afterRemoval(write, base, verdict, by);
      return afterVerdict(write, { ...base, sent: true, targetId: outcome.targetId }, verdict, by, call.at);
    case 'rejected':
      return { ...base, state: 'rejected', reason: outcome.reason };
    case 'throttled': {
      const tries = taken.previous?.tries ?? 0;
      const nextAttemptAt = new Date(outcome.untilMs);
      return { ...base, state: 'retrying', tries, nextAttemptAt, reason: outcome.reason };
    }
    case 'unauthorised':
      return { ...base, state: 'retrying', ...nextTry(taken, by), reason: outcome.reason };
    case 'retry': {
      const next = { ...base, ...nextTry(taken, by, outcome.afterMs) };
      return failed(write, mayStand(next, outcome.reason, by), by);
    }
    case 'unanswered': {
      const next = { ...base, ...nextTry(taken, by), reason: outcome.reason };
      return failed(write, unanswered(next, by), by);
    }
  }
}

/** What takes a record back, or back out of it, is never given up: whose consent ended must not stay there for it. */
function failed({ goal }: Write, settlement: Settlement, by: Delivering): Settlement {
  return goal === 'verified' ? orGivenUp(settlement, by) : settlement;
}

/** What a call that failed in this way did there is not known. */
const UNSURE_STATUS = 500;
/** Says that nothing was done. */
const NOT_DONE_STATUS = 503;

/** A server that failed may have written all the same: what stands there is then no longer known. */
function mayStand(base: Settlement, reason: Reason, by: Delivering): Settlement {
  const status = reason.status ?? 0;
  if (status < UNSURE_STATUS) return { ...base, state: 'retrying', reason };
  if (status !== NOT_DONE_STATUS && !isRepeatable(by)) return inDoubt({ ...base, reason }, by);
  return { ...base, state: 'retrying', reason, sent: true, shadow: null };
}

/**
 * It may have been done, and may still be done late. A keyed upsert is sent again and, once verified, read once more
 * when the old call can no longer take effect; anything else waits for a read-back or for a person.
 */
function unanswered(base: Settlement, by: Delivering): Settlement {
  if (!isRepeatable(by)) return inDoubt(base, by);
  const recheckAt = new Date(by.now().getTime() + by.settings.lateWriteMs);
  return { ...base, state: 'retrying', sent: true, shadow: null, recheckAt };
}

/** Never sent again unasked. Where it can be read back, that is done when the call can no longer take effect. */
function inDoubt(base: Settlement, by: Delivering): Settlement {
  const isReadable = by.connector.readBackMax(by.target) > 0;
  const nextAttemptAt = isReadable ? new Date(by.now().getTime() + by.settings.lateWriteMs) : null;
  return { ...base, state: 'inDoubt', sent: true, shadow: null, nextAttemptAt };
}

/** Removed and seen to be gone, or where nothing can be read back, said to be: as if it had never been sent. */
function afterRemoval(write: Write, base: Settlement, verdict: Verdict | null, by: Delivering): Settlement {
  if (verdict === null || verdict.kind === 'stands') {
    const nothing = { sent: false, targetId: null, targetKey: null, shadow: null, recheckAt: null };
    return { ...base, ...nothing, state: write.goal, reason: write.reason };
  }
  const reason = verdict.kind === 'differs' ? verdict.reason : null;
  return { ...base, state: 'retrying', ...nextTry(write.taken, by), reason };
}

function afterVerdict(
  write: Write,
  base: Settlement,
  verdict: Verdict | null,
  by: Delivering,
  at: Date,
): Settlement {
  const stands: Fields = { ...write.taken.previous?.shadow, ...write.fields };
  // Where nothing can be read back, what was erased is as erased as it will be.
  const unread = write.goal === 'erased' ? ('erased' as const) : ('sent' as const);
  if (verdict === null) return { ...base, state: unread, shadow: stands, reason: write.reason };
  if (verdict.kind === 'stands') {
    const done = { ...base, targetId: verdict.targetId, shadow: stands, resends: 0, reason: write.reason };
    const isWhole = (write.taken.previous?.shadow ?? null) === null;
    const look = isWhole ? nextLook(base.recheckAt, at) : lookStays(base.recheckAt, by.now());
    return { ...done, state: write.goal, ...look };
  }
  // Not counted yet: some backends show a write only after a while.
  const delayMs = by.settings.verifyDelaysMs[1];
  if (verdict.kind === 'differs' && delayMs === undefined) return resend(base, verdict.reason, by);
  return {
    ...base,
    state: 'sent',
    shadow: stands,
    checks: 1,
    nextAttemptAt: new Date(by.now().getTime() + (delayMs ?? by.settings.retryFirstMs)),
    reason: verdict.kind === 'differs' ? verdict.reason : null,
  };
}

/** Written, acknowledged, and yet not there: again in full, and after so many times a matter for people. */
export function resend(base: Settlement, reason: Settlement['reason'], by: Delivering): Settlement {
  const resends = base.resends + 1;
  const again = { ...base, checks: 0, resends, shadow: null, sent: true, reason };
  if (!isRepeatable(by) || resends > by.settings.resendMax)
    return { ...again, state: 'rejected', nextAttemptAt: null, recheckAt: null };
  return { ...again, state: 'retrying', nextAttemptAt: by.now() };
}

function evidence({ batch, at, deadline, result }: Sent, settlements: readonly Settlement[]): Attempt {
  const failures = settlements.flatMap(({ taken, reason }, i) => {
    if (reason === null || reason === batch.writes[i]!.reason) return [];
    const kind = result.outcomes[i]!.kind;
    return [{ key: taken.key, outcome: kind === 'written' ? ('differs' as const) : kind, reason }];
  });
  return {
    id: batch.id,
    at,
    deadline,
    requestId: result.requestId,
    status: result.status,
    keys: batch.writes.map((write) => write.taken.key),
    versions: batch.writes.map((write) => write.taken.version),
    failures,
  };
}
