import type { Clock } from '../platform/clock.js';
import type { HttpAnswer, HttpCall, HttpEngine } from '../platform/http-client/http-engine.js';
import { type AccessToken, withToken } from './access-token.js';
import { type Failure, byStatus, unreadable, withoutAnswer } from './call-outcome.js';
import type { CallOptions, OutgoingRecord } from './connector.js';
import { errorsIn, type MarketoError, meaningOf } from './marketo-errors.js';
import type { PartResult } from './send-in-parts.js';

/** A page of a read is 300 records; more pages than this say that a filter's values are no keys. */
const PAGES_MAX = 20;
const TOKEN_CODES = new Set(['601', '602']);

/** What an answer says inside its HTTP 200. */
type Said =
  | {
      readonly results: readonly unknown[];
      /** The token of the next page; null: this was the last. */
      readonly next: unknown;
      readonly requestId: string | null;
    }
  | {
      readonly failure: Failure;
      readonly error: MarketoError | null;
      readonly status: number | null;
      readonly requestId: string | null;
    };

export interface MarketoRows {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly requestId: string | null;
  readonly failure?: Failure;
}

/** Calls of one instance's REST API: the token, the envelope, and what refuses a whole call. */
export class MarketoApi {
  constructor(
    private readonly engine: HttpEngine,
    private readonly token: AccessToken<string>,
    private readonly baseUrl: string,
    private readonly clock: Clock,
  ) {}

  nowMs(): number {
    return this.clock.now().getTime();
  }

  /**
   * A write of up to 300 records, whose results stand in the order of the input.
   * @param isOfAll says that a refusal is about what all of them share, so that halves would fare no better
   */
  async write(
    path: string,
    body: object,
    records: readonly OutgoingRecord[],
    outcomeOf: (result: Readonly<Record<string, unknown>>, index: number) => PartResult['outcomes'][number],
    options: CallOptions,
    isOfAll: (error: MarketoError) => boolean = () => false,
  ): Promise<PartResult> {
    const said = await this.call(
      'POST',
      path,
      JSON.stringify(body),
      'application/json',
      records,
      options,
      false,
    );
    if ('failure' in said) {
      const { failure, error, status, requestId } = said;
      const isShared = records.length === 1 || failure.kind !== 'rejected' || isAboutTheCall(error, isOfAll);
      const outcomes = records.map(() => (isShared ? failure : undefined));
      return { outcomes, hold: failure.kind === 'rejected' ? null : failure, requestId, status };
    }
    const { results, requestId } = said;
    // Nothing but their place tells whose a result is: more or fewer of them say nothing of any record.
    const outcomes = records.map((_, index) =>
      results.length === records.length ? outcomeOf(asObject(results[index]), index) : unreadable(200),
    );
    return { outcomes, hold: null, requestId, status: 200 };
  }

  /** All pages of a read. A filter's values may be longer than an address takes, so it is posted. */
  async read(
    path: string,
    query: Readonly<Record<string, string>>,
    options: CallOptions,
  ): Promise<MarketoRows> {
    const rows: Record<string, unknown>[] = [];
    const isFilter = query.filterType !== undefined;
    let page: Record<string, string> = {};
    for (let n = 0; n < PAGES_MAX; n++) {
      const form = new URLSearchParams({ ...query, ...page }).toString();
      const said = isFilter
        ? await this.call(
            'POST',
            `${path}?_method=GET`,
            form,
            'application/x-www-form-urlencoded',
            [],
            options,
            true,
          )
        : await this.call('GET', form === '' ? path : `${path}?${form}`, null, null, [], options, true);
      if ('failure' in said) return { rows, requestId: said.requestId, failure: said.failure };
      rows.push(...said.results.map(asObject));
      if (said.next === null) return { rows, requestId: said.requestId };
      // There is more, and nothing says where: these are not all.
      if (typeof said.next !== 'string') break;
      page = { nextPageToken: said.next };
    }
    return { rows, requestId: null, failure: unreadable(200) };
  }

  private async call(
    method: HttpCall['method'],
    path: string,
    body: string | null,
    type: string | null,
    records: readonly OutgoingRecord[],
    options: CallOptions,
    isRepeatable: boolean,
  ): Promise<Said> {
    const done = await withToken(
      this.token,
      (token) =>
        this.engine.call({
          method,
          url: `${this.baseUrl}/rest/v1/${path}`,
          headers: {
            authorization: `Bearer ${token}`,
            accept: 'application/json',
            ...(type === null ? {} : { 'content-type': type }),
          },
          ...(body === null ? {} : { body }),
          isRepeatable,
          ...options,
        }),
      options,
      isTokenRefused,
    );
    if ('failure' in done) return { failure: done.failure, error: null, status: null, requestId: null };
    if (done.result.kind !== 'answered')
      return { failure: withoutAnswer(done.result), error: null, status: null, requestId: null };
    return this.said(done.result, records);
  }

  private said(answer: HttpAnswer, records: readonly OutgoingRecord[]): Said {
    const { status, body } = answer;
    const { requestId: id, success, result, errors, moreResult, nextPageToken } = asObject(body);
    const requestId = typeof id === 'string' ? id : null;
    const error = errorsIn(errors)[0];
    // Whatever the status: a gateway's page carries none of these.
    if (success === false && error)
      return { failure: meaningOf([error], records, this.nowMs()), error, status, requestId };
    if (status !== 200) return { failure: byStatus(status, null, null), error: null, status, requestId };
    if (
      success !== true ||
      (result !== undefined && !Array.isArray(result)) ||
      (result === undefined && records.length > 0)
    )
      return { failure: unreadable(200), error: null, status, requestId };
    const next = moreResult === true ? nextPageToken : null;
    return { results: (result ?? []) as unknown[], next, requestId };
  }
}

/** Three digits refuse the call for what it is, whoever stands in it; seven hundred and some may be about a record. */
function isAboutTheCall(error: MarketoError | null, isOfAll: (error: MarketoError) => boolean): boolean {
  return error !== null && (/^[56]\d\d$/.test(error.code) || isOfAll(error));
}

/** 401 comes from the identity service alone; the REST API says it inside HTTP 200. */
function isTokenRefused({ status, body }: HttpAnswer): boolean {
  return status === 401 || errorsIn(asObject(body).errors).some(({ code }) => TOKEN_CODES.has(code));
}

const asObject = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
