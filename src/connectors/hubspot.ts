import type { Clock } from '../platform/clock.js';
import type { DestinationSettings } from '../platform/config/destinations.js';
import { type Failure, byStatus, unconfirmed, unreadable, withoutAnswer } from './call-outcome.js';
import type {
  CallLimits,
  CallOptions,
  Connector,
  ObjectTarget,
  OutgoingRecord,
  QuotaUse,
} from './connector.js';
import {
  type HttpAnswer,
  type HttpEngine,
  type HttpResult,
  createHttpEngine,
} from '../platform/http-client/http-engine.js';
import { hubspotCanonical, hubspotValue } from './hubspot-canonical.js';
import { type HubspotError, meaningOf, refusalOfAll } from './hubspot-errors.js';
import { described, find, type HubspotRead, list } from './hubspot-query.js';
import { type HubspotObject, readStored } from './hubspot-read-back.js';
import { outcomesOf } from './hubspot-upsert.js';
import { removeByKey } from './remove-by-key.js';
import { type PartResult, sendByKind, sendInParts } from './send-in-parts.js';
import { HubspotSettings } from './hubspot-settings.js';
import { hubspotToken } from './hubspot-token.js';
import { type AccessToken, withToken } from './access-token.js';
import { limitsOf, readSettings } from './settings.js';
import { unsupported } from './unsupported.js';

type Kind = 'upsert' | 'update';

/** HubSpot's own limit of inputs in a batch call. */
const BATCH_MAX = 100;

export function hubspot(destination: DestinationSettings, clock: Clock): Connector {
  const settings = readSettings(HubspotSettings, destination);
  const engine = createHttpEngine(settings);
  return new HubspotConnector(destination.name, settings, engine, clock);
}

class HubspotConnector implements Connector {
  readonly limits: CallLimits;
  private readonly token: AccessToken<string>;

  constructor(
    readonly destination: string,
    private readonly settings: HubspotSettings,
    private readonly engine: HttpEngine,
    private readonly clock: Clock,
  ) {
    this.limits = limitsOf(settings);
    this.token = hubspotToken(settings, engine, clock);
  }

  batchMax(): number {
    return BATCH_MAX;
  }

  readBackMax(): number {
    return BATCH_MAX;
  }

  async send(target: ObjectTarget, records: readonly OutgoingRecord[], options: CallOptions) {
    if (target.operation !== 'upsert') return unsupported(records, target);
    const kindOf = ({ isAdopted }: OutgoingRecord) => (isAdopted ? 'update' : 'upsert');
    return sendByKind(records, kindOf, (kind, some) =>
      sendInParts(some, (part) => this.write(target, kind as Kind, part, options), unconfirmed),
    );
  }

  async remove(target: ObjectTarget, records: readonly OutgoingRecord[], options: CallOptions) {
    return removeByKey(
      records,
      (asked) => this.readBack(target, asked, [], options),
      (known) => sendInParts(known, (part) => this.archive(target, part, options), unconfirmed),
    );
  }

  async find(
    target: ObjectTarget,
    by: readonly Readonly<Record<string, string>>[],
    fields: readonly string[],
    options: CallOptions,
  ) {
    return find(target, by, fields, this.reader(options));
  }

  async list(target: ObjectTarget, fields: readonly string[], page: string | null, options: CallOptions) {
    return list(target, fields, page, this.reader(options));
  }

  async describe(object: string, options: CallOptions) {
    const result = await this.call('GET', `${this.settings.propertiesPath}/${object}`, null, options, true);
    const { body, failure } = this.readIn(result);
    return failure ? { ok: false as const, reason: failure.reason } : described(body);
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

  private async write(
    target: ObjectTarget,
    kind: Kind,
    records: readonly OutgoingRecord[],
    options: CallOptions,
  ): Promise<PartResult> {
    const body = kind === 'upsert' ? upsertBody(target, records) : updateBody(target, records);
    const result = await this.post(`${target.object}/batch/${kind}`, body, options, false);
    if (result.kind !== 'answered') {
      const failure = failureOf(result);
      return { outcomes: records.map(() => failure), hold: failure, requestId: null, status: null };
    }
    const { status } = result;
    const told = { requestId: requestIdOf(result), status, ...allowanceOf(result) };
    const refusal = this.refusal(result);
    if (refusal) return { ...told, outcomes: records.map(() => refusal), hold: refusal };
    if (status >= 200 && status < 300) {
      if (!isBatch(result.body))
        return { ...told, outcomes: records.map(() => unreadable(status)), hold: null };
      return { ...told, outcomes: outcomesOf(result.body, status, target, records), hold: null };
    }
    return { ...told, outcomes: refusedBatch(result, records), hold: null };
  }

  /** Answers 204 for all, those that were archived before among them. */
  private async archive(
    target: ObjectTarget,
    records: readonly OutgoingRecord[],
    options: CallOptions,
  ): Promise<PartResult> {
    const inputs = records.map(({ targetId }) => ({ id: targetId! }));
    const result = await this.post(`${target.object}/batch/archive`, { inputs }, options, false);
    if (result.kind !== 'answered') {
      const failure = failureOf(result);
      return { outcomes: records.map(() => failure), hold: failure, requestId: null, status: null };
    }
    const { status } = result;
    const told = { requestId: requestIdOf(result), status, ...allowanceOf(result) };
    const refusal = this.refusal(result);
    if (refusal) return { ...told, outcomes: records.map(() => refusal), hold: refusal };
    if (status !== 204) return { ...told, outcomes: refusedBatch(result, records), hold: null };
    const outcomes = records.map(({ targetId }) => ({ kind: 'written' as const, targetId, created: false }));
    return { ...told, outcomes, hold: null };
  }

  private reader(options: CallOptions): HubspotRead {
    return async (method, path, body) =>
      this.readIn(await this.call(method, `${this.settings.objectsPath}/${path}`, body, options, true));
  }

  private readIn(result: Called): { readonly body?: unknown; readonly failure?: Failure } {
    if (result.kind !== 'answered') return { failure: failureOf(result) };
    const refusal = this.refusal(result);
    if (refusal) return { failure: refusal };
    if (result.status !== 200) return { failure: byAnswer(result, []) };
    return result.isReadable ? { body: result.body } : { failure: unreadable(200) };
  }

  private async readBatch(target: ObjectTarget, body: object, options: CallOptions) {
    const result = await this.post(`${target.object}/batch/read`, body, options, true);
    if (result.kind !== 'answered') return { failure: failureOf(result), requestId: null };
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
    return this.call('POST', `${this.settings.objectsPath}/${path}`, body, options, isRepeatable);
  }

  private async call(
    method: 'GET' | 'POST',
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

/** By id, and the key with it: for records that `match` found. */
function updateBody(target: ObjectTarget, records: readonly OutgoingRecord[]): object {
  const { inputs } = upsertBody(target, records);
  return {
    inputs: inputs.map(({ idProperty: _, ...input }, index) => ({ ...input, id: records[index]!.targetId })),
  };
}

function upsertBody(target: ObjectTarget, records: readonly OutgoingRecord[]) {
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
