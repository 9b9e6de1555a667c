import { Transform } from 'class-transformer';
import { IsNumber, IsOptional, IsString, IsUrl, Matches, Max, Min, MinLength } from 'class-validator';
import type { Clock } from '../platform/clock.js';
import type { DestinationSettings } from '../platform/config/destinations.js';
import { type Failure, byStatus, unconfirmed, unreadable, withoutAnswer } from './call-outcome.js';
import type { CallOptions, Connector, ObjectTarget, Outcome, OutgoingRecord } from './connector.js';
import {
  type HttpAnswer,
  type HttpCall,
  type HttpEngine,
  type HttpResult,
  createHttpEngine,
} from '../platform/http-client/http-engine.js';
import { salesforceCanonical } from './salesforce-canonical.js';
import { errorsIn, meaningOf, quotaIn, withStatedWait } from './salesforce-errors.js';
import { type ReadCall, readStored } from './salesforce-read-back.js';
import { SalesforceToken } from './salesforce-token.js';
import { outcomesOf, upsertBody } from './salesforce-upsert.js';
import { type PartResult, sendInParts } from './send-in-parts.js';
import { asNumber, readSettings, withoutTrailingSlash } from './settings.js';
import { unsupported } from './unsupported.js';

/** Salesforce's own limit of records in a collection call. */
const BATCH_MAX = 200;

class SalesforceSettings {
  /** The My Domain host: client credentials are refused at login.salesforce.com. */
  @Transform(withoutTrailingSlash)
  @IsUrl(
    { require_tld: false, require_protocol: true, protocols: ['http', 'https'] },
    { message: 'baseUrl must be a URL: set SALESFORCE_BASE_URL to https://<my domain>.my.salesforce.com' },
  )
  baseUrl: string = '';

  @IsString()
  @MinLength(1, { message: 'clientId is missing: set SALESFORCE_CLIENT_ID' })
  clientId: string = '';

  @IsString()
  @MinLength(1, { message: 'clientSecret is missing: set SALESFORCE_CLIENT_SECRET' })
  clientSecret: string = '';

  @Matches(/^v\d{2,3}\.0$/)
  apiVersion: string = 'v60.0';

  @Transform(asNumber)
  @IsNumber()
  @Min(100)
  @Max(300_000)
  callTimeoutMs: number = 30_000;

  @Transform(asNumber)
  @IsOptional()
  @IsNumber()
  @Min(0.1)
  callsPerSecond: number | null = null;
}

export function salesforce(destination: DestinationSettings, clock: Clock): Connector {
  const settings = readSettings(SalesforceSettings, destination);
  const engine = createHttpEngine(settings, clock);
  return new SalesforceConnector(destination.name, settings, engine, clock);
}

type Authorised = { result: HttpResult } | { failure: Failure };

class SalesforceConnector implements Connector {
  private readonly token: SalesforceToken;

  constructor(
    readonly destination: string,
    private readonly settings: SalesforceSettings,
    private readonly engine: HttpEngine,
    private readonly clock: Clock,
  ) {
    this.token = new SalesforceToken(engine, settings.baseUrl, settings.clientId, settings.clientSecret);
  }

  batchMax(): number {
    return BATCH_MAX;
  }

  readBackMax(): number {
    return BATCH_MAX;
  }

  async send(target: ObjectTarget, records: readonly OutgoingRecord[], options: CallOptions) {
    if (target.operation !== 'upsert') return unsupported(records, target);
    return sendInParts(records, (part) => this.upsert(target, part, options), unconfirmed);
  }

  async readBack(
    target: ObjectTarget,
    records: readonly Pick<OutgoingRecord, 'key' | 'targetId'>[],
    fields: readonly string[],
    options: CallOptions,
  ) {
    const read: ReadCall = (path, body) => this.read('POST', path, body, options);
    return readStored(target, records, fields, this.settings.apiVersion, read);
  }

  canonical(_target: ObjectTarget, _field: string, value: unknown) {
    return salesforceCanonical(value);
  }

  async probe(options: CallOptions) {
    const { failure } = await this.read('GET', 'limits', null, options);
    return failure ? { ok: false as const, reason: failure.reason } : { ok: true as const };
  }

  private async upsert(
    target: ObjectTarget,
    records: readonly OutgoingRecord[],
    options: CallOptions,
  ): Promise<PartResult> {
    const path = `composite/sobjects/${target.object}/${target.keyField}`;
    const done = await this.authorised('PATCH', path, upsertBody(target, records), options, false);
    if ('failure' in done || done.result.kind !== 'answered') {
      const failure =
        'failure' in done ? done.failure : withoutAnswer(done.result as Exclude<HttpResult, HttpAnswer>);
      return { outcomes: records.map(() => failure), hold: failure, requestId: null, status: null };
    }
    const answer = done.result;
    const quota = quotaIn(answer.headers);
    const told = { requestId: requestIdOf(answer), status: answer.status, ...(quota ? { quota } : {}) };
    if (answer.status === 200) {
      if (!Array.isArray(answer.body))
        return { ...told, outcomes: records.map(() => unreadable(200)), hold: null };
      const outcomes = outcomesOf(answer.body, 200, records, this.clock.now().getTime());
      return { ...told, outcomes, hold: null };
    }
    const failure = this.failureIn(answer, records);
    const isOfAll = failure.kind !== 'rejected';
    return { ...told, outcomes: refusedBatch(failure, records), hold: isOfAll ? failure : null };
  }

  private async read(method: 'GET' | 'POST', path: string, body: object | null, options: CallOptions) {
    const done = await this.authorised(method, path, body, options, true);
    if ('failure' in done) return { body: null, failure: done.failure, requestId: null };
    if (done.result.kind !== 'answered')
      return { body: null, failure: withoutAnswer(done.result), requestId: null };
    const answer = done.result;
    const requestId = requestIdOf(answer);
    if (answer.status !== 200) return { body: null, failure: this.failureIn(answer, []), requestId };
    return answer.isReadable
      ? { body: answer.body, requestId }
      : { body: null, failure: unreadable(200), requestId };
  }

  /** A refused token is renewed once; a call refused for its token did nothing, so it is safe to send again. */
  private async authorised(
    method: HttpCall['method'],
    path: string,
    body: object | null,
    options: CallOptions,
    isRepeatable: boolean,
  ): Promise<Authorised> {
    const first = await this.token.get(null);
    if ('failure' in first) return first;
    const call = (login: { accessToken: string; instanceUrl: string }): Promise<HttpResult> =>
      this.engine.call({
        method,
        url: `${login.instanceUrl}/services/data/${this.settings.apiVersion}/${path}`,
        headers: {
          authorization: `Bearer ${login.accessToken}`,
          'content-type': 'application/json',
          accept: 'application/json',
        },
        ...(body === null ? {} : { body: JSON.stringify(body) }),
        isRepeatable,
        ...options,
      });
    const result = await call(first.login);
    if (result.kind !== 'answered' || result.status !== 401) return { result };
    const second = await this.token.get(first.login);
    return 'failure' in second ? second : { result: await call(second.login) };
  }

  private failureIn(answer: HttpAnswer, records: readonly OutgoingRecord[]): Failure {
    const nowMs = this.clock.now().getTime();
    if (answer.status < 400) return byStatus(answer.status, null, null);
    return withStatedWait(
      meaningOf(errorsIn(answer.body), answer.status, records, nowMs),
      answer.headers,
      nowMs,
    );
  }
}

/**
 * A refusal of the whole call is often about one record: a field that does not exist condemns those that carry it,
 * an unknown object all of them, anything else is found by sending halves.
 */
function refusedBatch(failure: Failure, records: readonly OutgoingRecord[]): (Outcome | undefined)[] {
  if (failure.kind !== 'rejected' || records.length === 1) return records.map(() => failure);
  const { code, field, status } = failure.reason;
  if (status === 404 || code === 'INVALID_TYPE') return records.map(() => failure);
  if (code !== 'INVALID_FIELD' || field === undefined) return records.map(() => undefined);
  return records.map((record) => (Object.hasOwn(record.fields, field) ? failure : undefined));
}

function requestIdOf(answer: HttpAnswer): string | null {
  const header = answer.headers['x-sfdc-request-id'] ?? answer.headers['x-request-id'];
  return typeof header === 'string' ? header : null;
}
