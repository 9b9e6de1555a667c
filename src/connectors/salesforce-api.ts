import type { Clock } from '../platform/clock.js';
import type { HttpAnswer, HttpCall, HttpEngine } from '../platform/http-client/http-engine.js';
import { type AccessToken, withToken } from './access-token.js';
import { type Failure, byStatus, unreadable, withoutAnswer } from './call-outcome.js';
import type { CallOptions, OutgoingRecord } from './connector.js';
import { errorsIn, meaningOf, withStatedWait } from './salesforce-errors.js';
import type { Login } from './salesforce-token.js';

export interface SalesforceRead {
  readonly body: unknown;
  readonly requestId: string | null;
  /** When it was read, at the earliest, by Salesforce's own clock; null where the answer does not say. */
  readonly readAtMs?: number | null;
  readonly failure?: Failure;
}

/** Calls of one org's REST API: the token, the version and what refuses a whole call. */
export class SalesforceApi {
  constructor(
    private readonly engine: HttpEngine,
    private readonly token: AccessToken<Login>,
    readonly version: string,
    private readonly clock: Clock,
  ) {}

  nowMs(): number {
    return this.clock.now().getTime();
  }

  /** @param path below `/services/data/<version>/`, or from the root as Salesforce gives it for a further page */
  call(
    method: HttpCall['method'],
    path: string,
    body: object | null,
    options: CallOptions,
    isRepeatable: boolean,
  ) {
    const from = path.startsWith('/') ? path : `/services/data/${this.version}/${path}`;
    return withToken(
      this.token,
      (login) =>
        this.engine.call({
          method,
          url: `${login.instanceUrl}${from}`,
          headers: {
            authorization: `Bearer ${login.accessToken}`,
            'content-type': 'application/json',
            accept: 'application/json',
          },
          ...(body === null ? {} : { body: JSON.stringify(body) }),
          isRepeatable,
          ...options,
        }),
      options,
    );
  }

  /** A call that changes nothing: its body, or why there is none. */
  async read(
    method: 'GET' | 'POST',
    path: string,
    body: object | null,
    options: CallOptions,
  ): Promise<SalesforceRead> {
    const askedAt = performance.now();
    const done = await this.call(method, path, body, options, true);
    if ('failure' in done) return { body: null, failure: done.failure, requestId: null };
    if (done.result.kind !== 'answered')
      return { body: null, failure: withoutAnswer(done.result), requestId: null };
    const answer = done.result;
    const requestId = requestIdOf(answer);
    if (answer.status !== 200) return { body: null, failure: this.failureIn(answer, []), requestId };
    const answeredAtMs = Date.parse(answer.headers.date ?? '');
    const readAtMs = Number.isNaN(answeredAtMs) ? null : answeredAtMs - (performance.now() - askedAt);
    return answer.isReadable
      ? { body: answer.body, requestId, readAtMs }
      : { body: null, failure: unreadable(200), requestId };
  }

  /** What an answer that is no success says of everything that was in the call. */
  failureIn(answer: HttpAnswer, records: readonly OutgoingRecord[]): Failure {
    if (answer.status < 400) return byStatus(answer.status, null, null);
    const meaning = meaningOf(errorsIn(answer.body), answer.status, records, this.nowMs());
    return withStatedWait(meaning, answer.headers, this.nowMs());
  }
}

export function requestIdOf(answer: HttpAnswer): string | null {
  const header = answer.headers['x-sfdc-request-id'] ?? answer.headers['x-request-id'];
  return typeof header === 'string' ? header : null;
}
