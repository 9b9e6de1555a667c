import type { Check } from './decide.js';
import { type Delivering, nextLook, resend } from './deliver-batch.js';
import { type Settlement, unchanged } from './delivery.js';
import { compare, type Verdict } from './verify.js';

/**
 * Reads once more what was written before: because the first read-back differed, or because an unanswered call could
 * have taken effect since.
 */
export async function checkBatch(checks: readonly Check[], by: Delivering): Promise<Settlement[]> {
  const fields = [...new Set(checks.flatMap(({ taken }) => Object.keys(taken.previous?.shadow ?? {})))];
  const keys = checks.map(({ key, taken }) => ({ key, targetId: taken.previous?.targetId ?? null }));
  const signal = AbortSignal.any([AbortSignal.timeout(by.settings.callTimeoutMs), by.lost]);
  const { records, failure } = await by.connector.readBack(by.target, keys, fields, { signal });
  if (failure) by.holds.learn(by.connector.destination, [failure], by.now());
  return checks.map((check, i) => {
    const verdict = compare(by.connector, by.target, check.taken.previous?.shadow ?? {}, records[i]);
    return settlement(check, verdict, by);
  });
}

function settlement({ taken }: Check, verdict: Verdict, by: Delivering): Settlement {
  const previous = taken.previous!;
  const base: Settlement = { ...unchanged(taken), checks: previous.checks + 1 };
  if (verdict.kind === 'stands') {
    const state = previous.state === 'retained' ? 'retained' : 'verified';
    return { ...base, state, checks: 0, resends: 0, ...nextLook(base.recheckAt, by.now()) };
  }
  if (verdict.kind === 'unread') {
    return {
      ...base,
      checks: previous.checks,
      nextAttemptAt: new Date(by.now().getTime() + by.settings.retryFirstMs),
    };
  }
  const delayMs = by.settings.verifyDelaysMs[base.checks];
  if (delayMs === undefined) return resend(base, verdict.reason, by);
  const nextAttemptAt = new Date(by.now().getTime() + delayMs);
  return { ...base, state: 'sent', nextAttemptAt, reason: verdict.reason };
}
