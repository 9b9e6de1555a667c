/**
 * Adobe Marketo Engage. Nearly every answer is HTTP 200; what became of a call, and of each record in it, stands
 * inside. Three objects: `leads`, `program-members`, and `activity-<type id>` for custom activities.
 */
import type { Clock } from '../platform/clock.js';
import type { DestinationSettings } from '../platform/config/destinations.js';
import { createHttpEngine } from '../platform/http-client/http-engine.js';
import { tokenFor } from './access-token.js';
import { unconfirmed } from './call-outcome.js';
import type {
  CallLimits,
  CallOptions,
  Connector,
  FieldValue,
  ObjectTarget,
  OutgoingRecord,
} from './connector.js';
import { activityTypeOf, addActivities } from './marketo-activities.js';
import { MarketoApi } from './marketo-api.js';
import { canonicalAddress } from './canonical-value.js';
import { describe } from './marketo-describe.js';
import { DAY_ZONE, WINDOW_MS } from './marketo-errors.js';
import { findLeads, readLeads, removeLeads, writeLeads } from './marketo-leads.js';
import { isReached, readMembers, removeMembers, sendMembers } from './marketo-members.js';
import { MarketoSettings } from './marketo-settings.js';
import { removeByKey } from './remove-by-key.js';
import { sendByKind, sendInParts } from './send-in-parts.js';
import { limitsOf, readSettings } from './settings.js';
import { unsupported } from './unsupported.js';

/** Marketo's own limit of records in a call, and of values in a filter. */
const BATCH_MAX = 300;

export function marketo(destination: DestinationSettings, clock: Clock): Connector {
  const settings = readSettings(MarketoSettings, destination);
  const engine = createHttpEngine(settings);
  const { baseUrl, clientId: client_id, clientSecret: client_secret } = settings;
  const form = { grant_type: 'client_credentials', client_id, client_secret };
  const words = { who: 'Marketo', advice: 'check client id and secret of the custom service' };
  // Asked for before its end, Marketo gives the same token with the life that is left.
  const token = tokenFor(engine, `${baseUrl}${settings.tokenPath}`, form, words, clock);
  return new MarketoConnector(destination.name, settings, new MarketoApi(engine, token, baseUrl, clock));
}

class MarketoConnector implements Connector {
  readonly limits: CallLimits;

  constructor(
    readonly destination: string,
    private readonly settings: MarketoSettings,
    private readonly api: MarketoApi,
  ) {
    const { callsPerWindow: calls } = settings;
    const window = calls === null ? null : { calls, ms: WINDOW_MS };
    this.limits = limitsOf(settings, { window, day: DAY_ZONE });
  }

  batchMax(): number {
    return BATCH_MAX;
  }

  /** An activity carries no key of ours: nothing can be read back of it. */
  readBackMax({ object }: ObjectTarget): number {
    return activityTypeOf(object) === null ? BATCH_MAX : 0;
  }

  async send(target: ObjectTarget, records: readonly OutgoingRecord[], options: CallOptions) {
    const { api } = this;
    const activityType = activityTypeOf(target.object);
    if (target.operation !== (activityType === null ? 'upsert' : 'append'))
      return unsupported(records, target);
    if (activityType !== null)
      return sendInParts(records, (part) => addActivities(api, activityType, part, options), unconfirmed);
    if (target.object === 'program-members') return sendMembers(api, records, options);
    const kindOf = ({ isAdopted }: OutgoingRecord): string => (isAdopted ? 'by id' : 'by key');
    return sendByKind(records, kindOf, (kind, some) =>
      sendInParts(some, (part) => writeLeads(api, target, kind === 'by id', part, options), unconfirmed),
    );
  }

  async readBack(
    target: ObjectTarget,
    records: readonly Pick<OutgoingRecord, 'key' | 'targetId'>[],
    fields: readonly string[],
    options: CallOptions,
  ) {
    if (target.object === 'program-members') return readMembers(this.api, records, fields, options);
    return readLeads(this.api, target, records, fields, options);
  }

  async remove(target: ObjectTarget, records: readonly OutgoingRecord[], options: CallOptions) {
    if (activityTypeOf(target.object) !== null) return unsupported(records, target, 'remove');
    if (target.object === 'program-members') return removeMembers(this.api, records, options);
    return removeByKey(
      records,
      (asked) => this.readBack(target, asked, [], options),
      (known) => sendInParts(known, (part) => removeLeads(this.api, part, options), unconfirmed),
    );
  }

  async find(
    target: ObjectTarget,
    by: readonly Readonly<Record<string, string>>[],
    fields: readonly string[],
    options: CallOptions,
  ) {
    return findLeads(this.api, target, by, fields, options);
  }

  canonical(_target: ObjectTarget, _field: string, value: unknown) {
    return canonicalAddress(value);
  }

  isFulfilled({ object }: ObjectTarget, field: string, wanted: FieldValue, stored: FieldValue): boolean {
    const isStep = object === 'program-members' && field === 'statusName';
    return isStep && isReached(this.settings.statusSteps, wanted, stored);
  }

  async probe(options: CallOptions) {
    const { failure } = await this.api.read('leads/describe.json', {}, options);
    return failure ? { ok: false as const, reason: failure.reason } : { ok: true as const };
  }

  async describe(object: string, options: CallOptions) {
    return describe(this.api, object, options);
  }
}
