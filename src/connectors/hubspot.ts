import { Transform } from 'class-transformer';
import {
  IsNumber,
  IsOptional,
  IsString,
  IsTimeZone,
  IsUrl,
  Matches,
  Max,
  Min,
  MinLength,
} from 'class-validator';
import type { Clock } from '../platform/clock.js';
import type { DestinationSettings } from '../platform/config/destinations.js';
import { type Failure, byStatus, unconfirmed, unreadable, withoutAnswer } from './call-outcome.js';
import type { CallOptions, Connector, ObjectTarget, OutgoingRecord, QuotaUse } from './connector.js';
import { type HttpAnswer, type HttpEngine, createHttpEngine } from '../platform/http-client/http-engine.js';
import { hubspotCanonical, hubspotValue } from './hubspot-canonical.js';
import { type HubspotError, meaningOf, refusalOfAll } from './hubspot-errors.js';
import { type HubspotObject, readStored } from './hubspot-read-back.js';
import { outcomesOf } from './hubspot-upsert.js';
import { type PartResult, sendInParts } from './send-in-parts.js';
import { asNumber, readSettings, withoutTrailingSlash } from './settings.js';
import { unsupported } from './unsupported.js';

/** HubSpot's own limit of inputs in a batch call. */
const BATCH_MAX = 100;

class HubspotSettings {
  @Transform(withoutTrailingSlash)
  @IsUrl({ require_tld: false, require_protocol: true, protocols: ['http', 'https'] })
  baseUrl: string = 'https://api.hubapi.com';

  @IsString()
  @MinLength(1, { message: 'token is missing: set HUBSPOT_TOKEN to the token of a private app' })
  token: string = '';

  /** Where the object API lives: `/crm/v3/objects`, or a dated one such as `/crm/objects/2026-03`. */
  @Transform(withoutTrailingSlash)
  @Matches(/^\/[\w./-]+$/)
  objectsPath: string = '/crm/v3/objects';

  /** The account's own time zone: its daily allowance is renewed at midnight there. */
  @IsTimeZone()
  accountTimeZone: string = 'UTC';

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

export function hubspot(destination: DestinationSettings, clock: Clock): Connector {
  const settings = readSettings(HubspotSettings, destination);
  const engine = createHttpEngine(settings, clock);
  return new HubspotConnector(destination.name, settings, engine, clock);
}

class HubspotConnector implements Connector {
  private readonly headers: Record<string, string>;

  constructor(
    readonly destination: string,
    private readonly settings: HubspotSettings,
    private readonly engine: HttpEngine,
    private readonly clock: Clock,
  ) {
    this.headers = {
      authorization: `Bearer ${settings.token}`,
      'content-type': 'application/json',
      accept: 'application/json',
    };
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
    return readStored(target, records, fields, (body) => this.readBatch(target, body, options));
  }

  canonical(_target: ObjectTarget, field: string, value: unknown) {
    return hubspotCanonical(field, value);
  }

  async probe(options: CallOptions) {
    // Reads a contact that cannot exist: proves the token and its scope without touching a person.
    const body = { inputs: [{ id: '0' }], properties: ['hs_object_id'] };
    const target: ObjectTarget = { object: 'contacts', operation: 'upsert', keyField: 'email' };
    const { failure } = await this.readBatch(target, body, options);
    return failure ? { ok: false as const, reason: failure.reason } : { ok: true as const };
  }

  private async upsert(
    target: ObjectTarget,
    records: readonly OutgoingRecord[],
    options: CallOptions,
  ): Promise<PartResult> {
    const result = await this.post(
      `${target.object}/batch/upsert`,
      upsertBody(target, records),
      options,
      false,
    );
    if (result.kind !== 'answered') {
      const failure = withoutAnswer(result);
      return { outcomes: records.map(() => failure), hold: failure, requestId: null, status: null };
    }
    const { status } = result;
    const told = { requestId: requestIdOf(result), status, ...quotaOf(result) };
    const refusal = this.refusal(result);
    if (refusal) return { ...told, outcomes: records.map(() => refusal), hold: refusal };
    if (status >= 200 && status < 300) {
      if (!isBatch(result.body))
        return { ...told, outcomes: records.map(() => unreadable(status)), hold: null };
      return { ...told, outcomes: outcomesOf(result.body, status, target, records), hold: null };
    }
    return { ...told, outcomes: refusedBatch(result, records), hold: null };
  }

  private async readBatch(target: ObjectTarget, body: object, options: CallOptions) {
    const result = await this.post(`${target.object}/batch/read`, body, options, true);
    if (result.kind !== 'answered') return { failure: withoutAnswer(result), requestId: null };
    const requestId = requestIdOf(result);
    const refusal = this.refusal(result);
    if (refusal) return { failure: refusal, requestId };
    if (result.status < 200 || result.status >= 300) {
      return { failure: byAnswer(result, []), requestId };
    }
    if (!isBatch(result.body)) return { failure: unreadable(result.status), requestId };
    return { batch: result.body as { results: HubspotObject[]; errors?: HubspotError[] }, requestId };
  }

  private refusal(answer: HttpAnswer): Failure | null {
    const nowMs = this.clock.now().getTime();
    return refusalOfAll(answer.status, answer.headers, errorIn(answer), nowMs, this.settings.accountTimeZone);
  }

  private post(path: string, body: object, options: CallOptions, isRepeatable: boolean) {
    return this.engine.call({
      method: 'POST',
      url: `${this.settings.baseUrl}${this.settings.objectsPath}/${path}`,
      headers: this.headers,
      body: JSON.stringify(body),
      isRepeatable,
      ...options,
    });
  }
}

function upsertBody(target: ObjectTarget, records: readonly OutgoingRecord[]): object {
  return {
    inputs: records.map((record) => {
      const properties: Record<string, string> = { [target.keyField]: record.key };
      for (const [field, value] of Object.entries(record.fields)) properties[field] = hubspotValue(value);
      return { id: record.key, idProperty: target.keyField, objectWriteTraceId: record.traceId, properties };
    }),
  };
}

/**
 * A refusal of the whole batch is often about one record: a property that does not exist condemns those that carry
 * it, anything else is found by sending halves. A single record takes the refusal as its own.
 */
function refusedBatch(answer: HttpAnswer, records: readonly OutgoingRecord[]) {
  const failure = byAnswer(answer, records);
  if (records.length === 1 || failure.kind !== 'rejected') return records.map(() => failure);
  const { code, field } = failure.reason;
  if (code === 'NON_UNIQUE_ID_PROPERTY') return records.map(() => failure);
  if (code !== 'PROPERTY_DOESNT_EXIST' || field === undefined) return records.map(() => undefined);
  return records.map((record) => (Object.hasOwn(record.fields, field) ? failure : undefined));
}

function byAnswer(answer: HttpAnswer, records: readonly OutgoingRecord[]): Failure {
  if (!answer.isReadable || answer.status < 400) return byStatus(answer.status, null, null);
  return meaningOf(errorIn(answer), answer.status, records);
}

function errorIn(answer: HttpAnswer): HubspotError {
  const { body } = answer;
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {};
}

const isBatch = (body: unknown): body is { results: unknown[]; errors?: unknown } =>
  typeof body === 'object' && body !== null && Array.isArray((body as { results?: unknown }).results);

function requestIdOf(answer: HttpAnswer): string | null {
  const header = answer.headers['x-hubspot-correlation-id'];
  const inBody = (errorIn(answer) as { correlationId?: unknown }).correlationId;
  return typeof header === 'string' ? header : typeof inBody === 'string' ? inBody : null;
}

function quotaOf(answer: HttpAnswer): { quota?: QuotaUse } {
  const max = Number(answer.headers['x-hubspot-ratelimit-daily']);
  const remaining = Number(answer.headers['x-hubspot-ratelimit-daily-remaining']);
  return Number.isFinite(max) && Number.isFinite(remaining) ? { quota: { used: max - remaining, max } } : {};
}
