import type {
  Connector,
  Fields,
  ObjectTarget,
  Outcome,
  Reason,
  SendResult,
} from '../connectors/connector.js';
import { failPoint } from '../platform/fail-point.js';
import type { PipelineSettings } from '../platform/config/settings.js';
import type { Write } from './decide.js';
import { type Settlement, unchanged } from './delivery.js';
import type { Holds } from './holds.js';
import type { Batch } from './intend.js';
import { retryAt } from './retry-schedule.js';
import type { Attempt } from './settle.js';
import { compare, type Verdict } from './verify.js';

/** What a batch is delivered with. */
export interface Delivering {
  readonly connector: Connector;
  readonly target: ObjectTarget;
  readonly settings: PipelineSettings;
  readonly holds: Holds;
  readonly now: () => Date;
  /** Aborts when the lane is lost. */
  readonly lost: AbortSignal;
}

export interface Delivered {
  readonly settlements: readonly Settlement[];
  readonly attempt: Attempt;
}

/** Sends one batch, reads it back and says for each record how it stands. Throws nothing of the backend's. */
export async function deliverBatch(batch: Batch, by: Delivering): Promise<Delivered> {
  const at = by.now();
  const deadline = new Date(at.getTime() + by.settings.callTimeoutMs);
  const result = await send(batch, by);
  failPoint('after-backend-commit');
  by.holds.learn(by.connector.destination, result.outcomes, by.now());
  const verdicts = await readBack(batch.writes, result.outcomes, by);
  const settlements = batch.writes.map((write, i) =>
    outcomeToSettlement(write, batch.id, result.outcomes[i]!, verdicts.get(write) ?? null, by),
  );
  return { settlements, attempt: evidence(batch, at, deadline, result, settlements) };
}

async function send(batch: Batch, by: Delivering): Promise<SendResult> {
  const records = batch.writes.map((write, i) => ({
    traceId: `${batch.id}-${i}`,
    key: write.key,
    targetId: write.taken.previous?.targetId ?? null,
    fields: write.fields,
    repeatKey: repeatKey(write),
  }));
  const signal = AbortSignal.any([AbortSignal.timeout(by.settings.callTimeoutMs), by.lost]);
  return by.connector.send(by.target, records, { signal });
}

/** The same however often this version is tried; another after a lie, so that nobody takes the resend for a repetition. */
function repeatKey({ taken }: Write): string {
  return `${taken.key}-${taken.version}-${taken.previous?.resends ?? 0}`;
}

/** Reads in one call, without search, what the backend says it wrote. */
async function readBack(
  writes: readonly Write[],
  outcomes: readonly Outcome[],
  by: Delivering,
): Promise<Map<Write, Verdict>> {
  const verdicts = new Map<Write, Verdict>();
  const max = by.connector.readBackMax(by.target);
  if (max === 0) return verdicts;
  const told = writes.flatMap((write, i) => {
    const outcome = outcomes[i]!;
    if (outcome.kind !== 'written' && outcome.kind !== 'unchanged') return [];
    return [{ write, targetId: outcome.targetId }];
  });
  for (let i = 0; i < told.length; i += max) {
    const part = told.slice(i, i + max);
    const fields = [...new Set(part.flatMap(({ write }) => Object.keys(write.fields)))];
    const signal = AbortSignal.any([AbortSignal.timeout(by.settings.callTimeoutMs), by.lost]);
    const keys = part.map(({ write, targetId }) => ({ key: write.key, targetId }));
    const { records, failure } = await by.connector.readBack(by.target, keys, fields, { signal });
    if (failure) by.holds.learn(by.connector.destination, [failure], by.now());
    part.forEach(({ write }, n) => {
      verdicts.set(write, compare(by.connector, by.target, write.fields, records[n]));
    });
  }
  return verdicts;
}

function outcomeToSettlement(
  write: Write,
  attempt: string,
  outcome: Outcome,
  verdict: Verdict | null,
  by: Delivering,
): Settlement {
  const { taken } = write;
  const base = { ...unchanged(taken), targetKey: write.key, attempt };
  const tries = (taken.previous?.tries ?? 0) + 1;
  const later = (afterMs: number | null): Date =>
    afterMs === null ? retryAt(by.now(), tries, by.settings) : new Date(by.now().getTime() + afterMs);
  switch (outcome.kind) {
    case 'written':
    case 'unchanged':
      return afterVerdict(write, { ...base, sent: true, targetId: outcome.targetId }, verdict, by);
    case 'rejected':
      return { ...base, state: 'rejected', reason: outcome.reason };
    case 'retry':
      return { ...mayStand(base, outcome.reason), tries, nextAttemptAt: later(outcome.afterMs) };
    case 'unauthorised':
      return { ...base, state: 'retrying', tries, nextAttemptAt: later(null), reason: outcome.reason };
    case 'throttled':
      return { ...base, state: 'retrying', nextAttemptAt: new Date(outcome.untilMs), reason: outcome.reason };
    case 'unanswered':
      return unanswered({ ...base, tries, nextAttemptAt: later(null), reason: outcome.reason }, by);
  }
}

/** A server that failed may have written all the same: what stands there is then no longer known. */
function mayStand(base: Settlement, reason: Reason): Settlement {
  const isUnsure = (reason.status ?? 0) >= 500;
  return { ...base, state: 'retrying', reason, ...(isUnsure ? { sent: true, shadow: null } : {}) };
}

/**
 * It may have been done, and may still be done late. A keyed upsert is sent again and, once verified, read once more
 * when the old call can no longer take effect; anything else waits for a person or a read-back.
 */
function unanswered(base: Settlement, by: Delivering): Settlement {
  const isRepeatable = by.target.operation === 'upsert' || by.target.operation === 'update';
  if (!isRepeatable) return { ...base, state: 'inDoubt', sent: true, shadow: null, nextAttemptAt: null };
  const recheckAt = new Date(by.now().getTime() + by.settings.lateWriteMs);
  return { ...base, state: 'retrying', sent: true, shadow: null, recheckAt };
}

function afterVerdict(write: Write, base: Settlement, verdict: Verdict | null, by: Delivering): Settlement {
  const stands: Fields = { ...write.taken.previous?.shadow, ...write.fields };
  // Where nothing can be read back, what was erased is as erased as it will be.
  const unread = write.goal === 'erased' ? ('erased' as const) : ('sent' as const);
  if (verdict === null) return { ...base, state: unread, shadow: stands, reason: write.reason };
  if (verdict.kind === 'stands') {
    const done = { ...base, targetId: verdict.targetId, shadow: stands, resends: 0, reason: write.reason };
    return { ...done, state: write.goal, ...nextLook(base.recheckAt, by.now()) };
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
  if (resends > by.settings.resendMax)
    return { ...again, state: 'rejected', nextAttemptAt: null, recheckAt: null };
  return { ...again, state: 'retrying', nextAttemptAt: by.now() };
}

/** A record verified after an unanswered call is looked at once more, later. */
export function nextLook(recheckAt: Date | null, now: Date): Pick<Settlement, 'nextAttemptAt' | 'recheckAt'> {
  return recheckAt !== null && recheckAt > now
    ? { nextAttemptAt: recheckAt, recheckAt }
    : { nextAttemptAt: null, recheckAt: null };
}

function evidence(
  batch: Batch,
  at: Date,
  deadline: Date,
  result: SendResult,
  settlements: readonly Settlement[],
): Attempt {
  const failures = settlements.flatMap(({ state, taken, reason }, i) => {
    if (reason === null || state === 'verified' || state === 'retained') return [];
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
