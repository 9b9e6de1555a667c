import type { Outcome } from '../connectors/connector.js';
import type { Check } from './decide.js';
import { resend } from './deliver-batch.js';
import { callSignal, type Delivering } from './delivering.js';
import { type DeliveryReason, type Settlement, type Taken, unchanged } from './delivery.js';
import { nextLook } from './next-look.js';
import { orGivenUp } from './next-try.js';
import { retryAt, triesWith } from './retry-schedule.js';
import { compare, type Verdict } from './verify.js';

/**
 * Reads once more what was written before: because the first read-back differed, or because an unanswered call could
 * have taken effect since.
 */
export async function checkBatch(checks: readonly Check[], by: Delivering): Promise<Settlement[]> {
  const leave = await by.calls.enter(by.lost);
  try {
    return await readAgain(checks, by);
  } finally {
    leave();
  }
}

async function readAgain(checks: readonly Check[], by: Delivering): Promise<Settlement[]> {
  const turn = await by.calls.open(by.lost, by.assertMine);
  if (typeof turn !== 'function') {
    by.calls.heard([turn]);
    return checks.map((check) => settlement(check, { kind: 'unread' }, by, by.now(), turn));
  }
  const fields = [...new Set(checks.flatMap(({ taken }) => Object.keys(taken.previous?.shadow ?? {})))];
  const keys = checks.map(({ key, taken }) => ({ key, targetId: taken.previous?.targetId ?? null }));
  const askedAt = by.now();
  const options = { signal: callSignal(by), turn };
  const { records, failure } = await by.connector.readBack(by.target, keys, fields, options);
  by.calls.heardRead(by.target, failure);
  return checks.map((check, i) => {
    const verdict = compare(by.connector, by.target, check.taken.previous?.shadow ?? {}, records[i]);
    return settlement(check, verdict, by, askedAt, failure);
  });
}

function settlement(
  { taken }: Check,
  verdict: Verdict,
  by: Delivering,
  askedAt: Date,
  failure: Outcome | undefined,
): Settlement {
  const previous = taken.previous!;
  if (previous.state === 'inDoubt') return outOfDoubt(taken, verdict, by);
  const base: Settlement = { ...unchanged(taken), checks: previous.checks + 1 };
  if (verdict.kind === 'stands') {
    const state = previous.state === 'retained' ? 'retained' : 'verified';
    return { ...base, state, checks: 0, resends: 0, ...nextLook(base.recheckAt, askedAt) };
  }
  if (verdict.kind === 'unread')
    return { ...base, checks: previous.checks, ...nextRead(previous.tries, failure, by) };
  const delayMs = by.settings.verifyDelaysMs[base.checks];
  if (delayMs === undefined) return resend(base, verdict.reason, by);
  const nextAttemptAt = new Date(by.now().getTime() + delayMs);
  return { ...base, state: 'sent', nextAttemptAt, reason: verdict.reason };
}

/** Reads that fail come further apart, as writes do, but no record is given up for them: it was written. */
function nextRead(
  before: number,
  failure: Outcome | undefined,
  by: Delivering,
): Pick<Settlement, 'tries' | 'nextAttemptAt'> {
  if (failure?.kind === 'throttled') return { tries: before, nextAttemptAt: new Date(failure.untilMs) };
  const tries = triesWith(before, false, by.settings);
  return { tries, nextAttemptAt: retryAt(by.now(), tries, by.settings) };
}

/**
 * A write that must not be repeated and was not answered: what stands under its key was written by it; where nothing
 * stands when it can no longer take effect, it is sent again.
 */
function outOfDoubt(taken: Taken, verdict: Verdict, by: Delivering): Settlement {
  const base: Settlement = { ...unchanged(taken), tries: taken.previous!.tries };
  const now = by.now();
  if (verdict.kind === 'unread') {
    const nextAttemptAt = new Date(now.getTime() + by.settings.verifyDelaysMs.at(-1)!);
    return { ...base, state: 'inDoubt', nextAttemptAt, reason: UNREAD };
  }
  if (verdict.kind === 'stands' && taken.version === taken.previous!.wanted) {
    return { ...base, state: 'verified', targetId: verdict.targetId };
  }
  const targetId = verdict.kind === 'stands' ? verdict.targetId : null;
  const again: Settlement = { ...base, state: 'retrying', targetId, sent: targetId !== null };
  if (targetId !== null) return { ...again, nextAttemptAt: now };
  return orGivenUp({ ...again, nextAttemptAt: retryAt(now, Math.max(base.tries, 1), by.settings) }, by);
}

const UNREAD: DeliveryReason = {
  code: 'in-doubt',
  message: 'It is not known whether this was written, and it could not be read back yet.',
  owner: 'backend',
};
