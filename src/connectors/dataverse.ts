/**
 * Microsoft Dataverse, the store of Dynamics 365. Objects are entity sets (`contacts`); records are known by an
 * alternate key of one column, which has to be defined and active there.
 */
import type { Clock } from '../platform/clock.js';
import type { DestinationSettings } from '../platform/config/destinations.js';
import { createHttpEngine } from '../platform/http-client/http-engine.js';
import { tokenFor } from './access-token.js';
import { unconfirmed } from './call-outcome.js';
import type { CallLimits, CallOptions, Connector, ObjectTarget, OutgoingRecord } from './connector.js';
import { DataverseApi } from './dataverse-api.js';
import { dataverseCanonical } from './dataverse-canonical.js';
import { describe } from './dataverse-describe.js';
import { find, list, readStored } from './dataverse-read.js';
import { DataverseSettings } from './dataverse-settings.js';
import { type Write, write } from './dataverse-write.js';
import { removeByKey } from './remove-by-key.js';
import { sendByKind, sendInParts } from './send-in-parts.js';
import { limitsOf, readSettings } from './settings.js';
import { unsupported } from './unsupported.js';

export function dataverse(destination: DestinationSettings, clock: Clock): Connector {
  const settings = readSettings(DataverseSettings, destination);
  const engine = createHttpEngine(settings);
  const { baseUrl, loginUrl, tenantId, clientId: client_id, clientSecret: client_secret } = settings;
  const form = { grant_type: 'client_credentials', client_id, client_secret, scope: `${baseUrl}/.default` };
  const words = { who: 'Microsoft', advice: 'check tenant, client id and secret of the app registration' };
  const token = tokenFor(engine, `${loginUrl}/${tenantId}/oauth2/v2.0/token`, form, words, clock);
  const api = new DataverseApi(engine, token, baseUrl, settings.apiVersion, clock);
  return new DataverseConnector(destination.name, settings, api);
}

class DataverseConnector implements Connector {
  readonly limits: CallLimits;

  constructor(
    readonly destination: string,
    private readonly settings: DataverseSettings,
    private readonly api: DataverseApi,
  ) {
    this.limits = limitsOf(settings);
  }

  batchMax(): number {
    return this.settings.batchSize;
  }

  readBackMax(): number {
    return this.settings.batchSize;
  }

  async send(target: ObjectTarget, records: readonly OutgoingRecord[], options: CallOptions) {
    if (target.operation !== 'upsert') return unsupported(records, target);
    const kindOf = ({ isAdopted }: OutgoingRecord): Write => (isAdopted ? 'update' : 'upsert');
    return sendByKind(records, kindOf, (kind, some) => this.write(target, kind as Write, some, options));
  }

  async readBack(
    target: ObjectTarget,
    records: readonly Pick<OutgoingRecord, 'key' | 'targetId'>[],
    fields: readonly string[],
    options: CallOptions,
  ) {
    return readStored(this.api, target, records, fields, options);
  }

  async remove(target: ObjectTarget, records: readonly OutgoingRecord[], options: CallOptions) {
    return removeByKey(
      records,
      (asked) => this.readBack(target, asked, [], options),
      (known) => this.write(target, 'delete', known, options),
    );
  }

  async find(
    target: ObjectTarget,
    by: readonly Readonly<Record<string, string>>[],
    fields: readonly string[],
    options: CallOptions,
  ) {
    return find(this.api, target, by, fields, options);
  }

  async list(target: ObjectTarget, fields: readonly string[], page: string | null, options: CallOptions) {
    return list(this.api, target, fields, page, options);
  }

  canonical(_target: ObjectTarget, field: string, value: unknown) {
    return dataverseCanonical(field, value);
  }

  async probe(options: CallOptions) {
    const { failure } = await this.api.read(`${this.api.root}/WhoAmI`, options);
    return failure ? { ok: false as const, reason: failure.reason } : { ok: true as const };
  }

  async describe(object: string, options: CallOptions) {
    return describe(this.api, object, options);
  }

  private write(target: ObjectTarget, kind: Write, records: readonly OutgoingRecord[], options: CallOptions) {
    return sendInParts(records, (part) => write(this.api, target, kind, part, options), unconfirmed);
  }
}
