import type { Clock } from '../platform/clock.js';
import type { HttpCall, HttpEngine, HttpResult } from '../platform/http-client/http-engine.js';
import { type AccessToken, withToken } from './access-token.js';
import { type Failure, unreadable, withoutAnswer } from './call-outcome.js';
import type { CallOptions, OutgoingRecord } from './connector.js';
import { answersIn, type BatchAnswer, batchBody, type BatchRequest, isMultipart } from './dataverse-batch.js';
import { failureIn } from './dataverse-errors.js';

/** What became of a batch: an answer for each request in their order, or why there is none. */
export type Batched =
  | { readonly answers: readonly BatchAnswer[]; readonly requestId: string | null }
  | { readonly failure: Failure; readonly status: number | null; readonly requestId: string | null };

/** Calls of one environment's Web API. */
export class DataverseApi {
  /** From the root of the host: `/api/data/v9.2`. */
  readonly root: string;

  constructor(
    private readonly engine: HttpEngine,
    private readonly token: AccessToken<string>,
    readonly baseUrl: string,
    version: string,
    private readonly clock: Clock,
  ) {
    this.root = `/api/data/${version}`;
  }

  nowMs(): number {
    return this.clock.now().getTime();
  }

  /** One call for many requests, each of which stands or falls alone: no change set, and on after an error. */
  async batch(
    requests: readonly BatchRequest[],
    records: readonly Pick<OutgoingRecord, 'key' | 'fields'>[],
    options: CallOptions,
    isRepeatable: boolean,
  ): Promise<Batched> {
    const { body, type: sent } = batchBody(requests);
    const headers = { 'content-type': sent, prefer: 'odata.continue-on-error', accept: 'application/json' };
    const done = await this.call('POST', `${this.root}/$batch`, headers, body, options, isRepeatable);
    if ('failure' in done) return { failure: done.failure, status: null, requestId: null };
    const { result } = done;
    if (result.kind !== 'answered') return { failure: withoutAnswer(result), status: null, requestId: null };
    const requestId = requestIdOf(result.headers);
    const { status } = result;
    const type = result.headers['content-type'];
    if (status >= 200 && status < 300) {
      const answers = answersIn(result.bytes, type);
      if (answers?.length === requests.length) return { answers, requestId };
      return { failure: unreadable(status), status, requestId };
    }
    // Parts under a failed head are those before the first failure: what became of which is not worth guessing.
    if (isMultipart(type)) return { failure: unreadable(status), status, requestId };
    return { failure: failureIn(result, records, this.nowMs()), status, requestId };
  }

  /** A call that changes nothing: its body, or why there is none. */
  async read(path: string, options: CallOptions, headers: Readonly<Record<string, string>> = {}) {
    const done = await this.call(
      'GET',
      path,
      { accept: 'application/json', ...headers },
      null,
      options,
      true,
    );
    if ('failure' in done) return { body: null, failure: done.failure };
    const { result } = done;
    if (result.kind !== 'answered') return { body: null, failure: withoutAnswer(result) };
    if (result.status !== 200) return { body: null, failure: failureIn(result, [], this.nowMs()) };
    const isObject = typeof result.body === 'object' && result.body !== null;
    return isObject
      ? { body: result.body as Record<string, unknown> }
      : { body: null, failure: unreadable(200) };
  }

  private call(
    method: HttpCall['method'],
    path: string,
    headers: Readonly<Record<string, string>>,
    body: string | null,
    options: CallOptions,
    isRepeatable: boolean,
  ): Promise<{ readonly result: HttpResult } | { readonly failure: Failure }> {
    const call = (token: string): Promise<HttpResult> =>
      this.engine.call({
        method,
        url: `${this.baseUrl}${path}`,
        headers: {
          authorization: `Bearer ${token}`,
          'odata-version': '4.0',
          'odata-maxversion': '4.0',
          'if-none-match': 'null',
          ...headers,
        },
        ...(body === null ? {} : { body }),
        isRepeatable,
        ...options,
      });
    return withToken(this.token, call, options);
  }
}

function requestIdOf(headers: Readonly<Record<string, unknown>>): string | null {
  const id = headers['x-ms-service-request-id'] ?? headers['req_id'];
  return typeof id === 'string' ? id : null;
}
