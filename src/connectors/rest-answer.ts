/** What the answers of a declared backend mean: its own declaration first, then what HTTP says by itself. */
import type { Clock } from '../platform/clock.js';
import type { HttpAnswer } from '../platform/http-client/http-engine.js';
import { byStatus, clockSkewMs, type Failure, retryAfterMs, unreadable } from './call-outcome.js';
import type { CallLimits, Outcome, OutgoingRecord, Owner, QuotaUse, Reason } from './connector.js';
import type { RestAllowance, RestOutcomes } from './rest-declaration.js';
import type { Expression } from './shape.js';
import { stripValues } from './strip-values.js';
import type { Values } from './template.js';

/** Where a backend asks to wait and does not say how long. */
const WAIT_MS = 5_000;
const DAY_MS = 86_400_000;
/** Below it a reset is a number of seconds, above it a moment; from the other on in milliseconds. */
const SECONDS_MAX = 31_536_000;
const EPOCH_MS_MIN = 100_000_000_000;
const CODE = /^[\w.:-]{1,60}$/;

/** Where an answer tells of a refusal. */
export interface Told {
  readonly code: Expression | null;
  readonly message: Expression | null;
  readonly field: Expression | null;
}

export const NOTHING_TOLD: Told = { code: null, message: null, field: null };

type Sent = Pick<OutgoingRecord, 'key' | 'fields'>;

export class RestAnswers {
  constructor(
    private readonly rules: RestOutcomes,
    secrets: readonly string[],
    private readonly clock: Clock,
    private readonly allowance: RestAllowance | null = null,
  ) {
    this.secrets = { key: '', fields: Object.fromEntries(secrets.map((secret, index) => [index, secret])) };
  }

  private readonly secrets: Sent;

  /** What expressions read of an answer; `result` is the body until a member of its results takes that place. */
  valuesOf({ status, headers, body, isReadable }: HttpAnswer, values: Values, record?: Asked): Values {
    const read = isReadable ? body : undefined;
    const about = record ? keyValues(record) : {};
    return { status, headers, body: read, readable: isReadable, result: read, values, ...about };
  }

  /** Null: no line of the declaration speaks of this answer. */
  declared(values: Values, answer: HttpAnswer, told: Told, sent: readonly Sent[]): Declared | null {
    const rule = this.rules.find(({ when }) => when(values) === true);
    if (!rule) return null;
    const { is, afterMs: waitMs } = rule;
    if (is === 'written' || is === 'unchanged') return { kind: is };
    const heard = this.reason(values, answer.status, told, sent);
    const reason: Reason = {
      ...heard,
      code: rule.code ?? heard.code,
      message: rule.message ?? heard.message,
      owner: rule.owner ?? (is === 'throttled' ? 'quota' : heard.owner),
      ...fieldOf(rule.field?.(values)),
    };
    const nowMs = this.clock.now().getTime();
    const afterMs = this.waitMs(values, answer, is === 'throttled') ?? waitMs;
    if (is === 'retry') return { kind: is, afterMs, reason };
    if (is === 'throttled') return { kind: is, untilMs: nowMs + (afterMs ?? WAIT_MS), reason };
    return { kind: is, reason };
  }

  /** An answer that no line speaks of, and that is no success. */
  byHttp(values: Values, answer: HttpAnswer, told: Told, sent: readonly Sent[]): Failure {
    const { status } = answer;
    if (status >= 200 && status < 300) return unreadable(status);
    const { code, message, field } = this.told(values, told, sent);
    const failure = byStatus(status, code, status >= 400 && status < 500 ? message : null);
    const reason = { ...failure.reason, ...(field === null ? {} : { field }) };
    const afterMs = this.waitMs(values, answer, status === 429);
    if (status === 429) {
      const untilMs = this.clock.now().getTime() + (afterMs ?? WAIT_MS);
      return { kind: 'throttled', untilMs, reason: { ...reason, owner: 'quota' } };
    }
    // Refusing everybody what only our credentials lack would reject every record for good.
    if (status === 403)
      return { kind: 'unauthorised', isOfKind: true, reason: { ...reason, message: FORBIDDEN } };
    if (failure.kind === 'retry') return { kind: 'retry', afterMs, reason };
    return { ...failure, reason };
  }

  /** Why an answer to a reading call is none; null where it is one. */
  failureOf(values: Values, answer: HttpAnswer): Failure | null {
    const declared = this.declared(values, answer, NOTHING_TOLD, []);
    if (declared && declared.kind !== 'written' && declared.kind !== 'unchanged') return declared;
    if (answer.status < 200 || answer.status >= 300) return this.byHttp(values, answer, NOTHING_TOLD, []);
    return isPage(answer) || !answer.isReadable ? unreadable(answer.status) : null;
  }

  /** What the answer says of our allowance, where that is declared and it says so. */
  allowed(values: Values): { quota?: QuotaUse; allowed?: CallLimits } {
    if (!this.allowance) return {};
    const { ms } = this.allowance;
    const max = Number(this.allowance.max(values));
    const left = Number(this.allowance.left?.(values));
    if (!Number.isInteger(max) || max <= 0) return {};
    if (ms < DAY_MS) return { allowed: { window: { calls: max, ms } } };
    return left >= 0 ? { quota: { used: Math.max(0, max - left), max } } : {};
  }

  private waitMs(values: Values, { headers }: HttpAnswer, isThrottled: boolean): number | null {
    const nowMs = this.clock.now().getTime();
    const stated = retryAfterMs(headers, nowMs);
    const reset = isThrottled ? Number(this.allowance?.reset?.(values) ?? NaN) : NaN;
    if (stated !== null || !(reset > 0)) return stated;
    if (reset < SECONDS_MAX) return Math.min(reset * 1000, DAY_MS);
    const atMs = reset < EPOCH_MS_MIN ? reset * 1000 : reset;
    return Math.max(0, Math.min(atMs - nowMs - clockSkewMs(headers, nowMs), DAY_MS));
  }

  /** The answer says of itself that nothing was written. */
  refused(values: Values, answer: HttpAnswer, told: Told, sent: readonly Sent[]): Failure {
    return { kind: 'rejected', reason: this.reason(values, answer.status, told, sent) };
  }

  private reason(values: Values, status: number, told: Told, sent: readonly Sent[]): Reason {
    const { code, message, field } = this.told(values, told, sent);
    const owner: Owner = 'backend';
    return { code: code ?? 'refused', message: message ?? REFUSED, owner, status, ...fieldOf(field) };
  }

  private told(values: Values, told: Told, sent: readonly Sent[]) {
    const clean = (value: unknown): string | null => {
      if (typeof value !== 'string' && typeof value !== 'number') return null;
      return stripValues(String(value), [...sent, this.secrets]);
    };
    const code = clean(told.code?.(values));
    const message = clean(told.message?.(values));
    const field = clean(told.field?.(values));
    return {
      code: code !== null && CODE.test(code) ? code : null,
      message: message === null || message === '' ? null : `The backend says: ${message}`,
      field: field !== null && CODE.test(field) ? field : null,
    };
  }
}

export type Declared = Failure | { readonly kind: 'written' } | { readonly kind: 'unchanged' };

export type Asked = Pick<OutgoingRecord, 'key' | 'targetId'>;

/** What expressions read of the record that an answer, or one of its results, is about. */
export const keyValues = ({ key, targetId }: Asked): Values => ({ key, targetId: targetId ?? undefined });

/** A page for people is no answer of an API, whatever its status says: a proxy or a login stands between. */
export function isPage({ headers }: HttpAnswer): boolean {
  return /^\s*text\/html\b/i.test(headers['content-type'] ?? '');
}

/** An id as the backend's own text. */
export function idOf(value: unknown): string | null {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  return typeof value === 'string' && value !== '' ? value : null;
}

/** What befell this call befalls the next one too. */
export function holdIn(outcome: Outcome): Failure | null {
  const { kind } = outcome;
  const isOfCall =
    kind === 'throttled' || kind === 'unauthorised' || kind === 'retry' || kind === 'unanswered';
  return isOfCall ? outcome : null;
}

const FORBIDDEN = 'The backend does not permit this to our credentials: grant them the right to it.';
const REFUSED = 'The backend says that it did not write this record, and gives no reason we know.';

function fieldOf(field: unknown): { field?: string } {
  return typeof field === 'string' && CODE.test(field) ? { field } : {};
}
