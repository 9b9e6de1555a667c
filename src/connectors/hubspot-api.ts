import type { Clock } from '../platform/clock.js';
import type { HttpAnswer, HttpCall, HttpEngine, HttpResult } from '../platform/http-client/http-engine.js';
import { type AccessToken, withToken } from './access-token.js';
import { type Failure, byStatus, unreadable, withoutAnswer } from './call-outcome.js';
import type { CallLimits, CallOptions, Outcome, OutgoingRecord, QuotaUse } from './connector.js';
import { type HubspotError, meaningOf, refusalOfAll } from './hubspot-errors.js';
import type { HubspotSettings } from './hubspot-settings.js';
import type { PartResult } from './send-in-parts.js';

export interface HubspotRead {
  readonly body?: unknown;
  readonly failure?: Failure;
  readonly requestId: string | null;
  /** HTTP status; null where no answer came. */
  readonly status: number | null;
}

/** Calls of one account: the token, what refuses a whole call, and what the answers say of our allowance. */
export class HubspotApi {
  constructor(
    readonly settings: HubspotSettings,
    private readonly engine: HttpEngine,
    private readonly token: AccessToken<string>,
    private readonly clock: Clock,
  ) {}

  /**
   * One call that writes.
   * @param tell the records' outcomes, by position, from an answer that does not refuse everyone
   */
  async write(
    method: HttpCall['method'],
    path: string,
    body: object | null,
    records: readonly OutgoingRecord[],
    tell: (answer: HttpAnswer) => readonly (Outcome | undefined)[],
    options: CallOptions,
  ): Promise<PartResult> {
    const result = await this.call(method, path, body, options, false);
    if (result.kind !== 'answered') {
      const failure = failureOf(result);
      return { outcomes: records.map(() => failure), hold: failure, requestId: null, status: null };
    }
    const told = { requestId: requestIdOf(result), status: result.status, ...allowanceOf(result) };
    const refusal = this.refusal(result);
    if (refusal) return { ...told, outcomes: records.map(() => refusal), hold: refusal };
    return { ...told, outcomes: tell(result), hold: null };
  }

  /** A call that changes nothing: its body, or why there is none. */
  async read(
    method: 'GET' | 'POST',
    path: string,
    body: object | null,
    options: CallOptions,
  ): Promise<HubspotRead> {
    const result = await this.call(method, path, body, options, true);
    if (result.kind !== 'answered') return { failure: failureOf(result), requestId: null, status: null };
    const { status } = result;
    const told = { requestId: requestIdOf(result), status };
    const refusal = this.refusal(result);
    if (refusal) return { ...told, failure: refusal };
    if (status < 200 || status >= 300) return { ...told, failure: byAnswer(result, []) };
    return result.isReadable ? { ...told, body: result.body } : { ...told, failure: unreadable(status) };
  }

  private refusal(answer: HttpAnswer): Failure | null {
    const nowMs = this.clock.now().getTime();
    return refusalOfAll(answer.status, answer.headers, errorIn(answer), nowMs, this.settings.accountTimeZone);
  }

  private async call(
    method: HttpCall['method'],
    path: string,
    body: object | null,
    options: CallOptions,
    isRepeatable: boolean,
  ): Promise<Called> {
    const call = (token: string): Promise<HttpResult> =>
      this.engine.call({
        method,
        url: `${this.settings.baseUrl}${path}`,
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          accept: 'application/json',
        },
        ...(body === null ? {} : { body: JSON.stringify(body) }),
        isRepeatable,
        ...options,
      });
    // A private app's token cannot be renewed: that it is refused is the answer.
    const isRenewable = this.settings.refreshToken !== '';
    const isRefused = ({ status }: HttpAnswer): boolean => isRenewable && status === 401;
    const done = await withToken(this.token, call, options, isRefused);
    return 'failure' in done ? { kind: 'withoutLogin', failure: done.failure } : done.result;
  }
}

type Called = HttpResult | { readonly kind: 'withoutLogin'; readonly failure: Failure };

const failureOf = (result: Exclude<Called, HttpAnswer>): Failure =>
  result.kind === 'withoutLogin' ? result.failure : withoutAnswer(result);

/** What a refusal says of the records that it was about. */
export function byAnswer(answer: HttpAnswer, records: readonly OutgoingRecord[]): Failure {
  if (!answer.isReadable || answer.status < 400) return byStatus(answer.status, null, null);
  return meaningOf(errorIn(answer), answer.status, records);
}

export const isBatch = (
  body: unknown,
): body is { readonly results: readonly unknown[]; readonly errors?: unknown } =>
  typeof body === 'object' && body !== null && Array.isArray((body as { results?: unknown }).results);

function errorIn(answer: HttpAnswer): HubspotError {
  const { body } = answer;
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {};
}

function requestIdOf(answer: HttpAnswer): string | null {
  const header = answer.headers['x-hubspot-correlation-id'];
  const inBody = (errorIn(answer) as { correlationId?: unknown }).correlationId;
  return typeof header === 'string' ? header : typeof inBody === 'string' ? inBody : null;
}

/** What the portal allows, and what of the day's calls is used, where the answer tells. */
function allowanceOf({ headers }: HttpAnswer): { quota?: QuotaUse; allowed?: CallLimits } {
  const told = (name: string): number => Number(headers[`x-hubspot-ratelimit-${name}`]);
  const [max, remaining] = [told('daily'), told('daily-remaining')];
  const window = { calls: told('max'), ms: told('interval-milliseconds') };
  const callsPerSecond = told('secondly');
  return {
    ...(Number.isFinite(max - remaining) ? { quota: { used: max - remaining, max } } : {}),
    ...(window.calls > 0 && window.ms > 0
      ? { allowed: { window, ...(callsPerSecond > 0 ? { callsPerSecond } : {}) } }
      : {}),
  };
}
