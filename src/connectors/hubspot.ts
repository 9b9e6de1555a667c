import type { Clock } from '../platform/clock.js';
import type { DestinationSettings } from '../platform/config/destinations.js';
import { createHttpEngine } from '../platform/http-client/http-engine.js';
import { unconfirmed } from './call-outcome.js';
import type {
  CallLimits,
  CallOptions,
  Connector,
  DescribedField,
  FieldValue,
  ObjectTarget,
  OutgoingRecord,
} from './connector.js';
import { HubspotApi } from './hubspot-api.js';
import { hubspotCanonical } from './hubspot-canonical.js';
import {
  EVENT_FIELDS,
  isCompletion,
  isOfEvents,
  readEvents,
  removeEvents,
  sendEvents,
} from './hubspot-events.js';
import { archiveObjects, readObjects, writeObjects, type WriteKind } from './hubspot-objects.js';
import {
  canonicalParticipation,
  isFurther,
  PARTICIPATION_FIELDS,
  PARTICIPATIONS,
  sendParticipations,
} from './hubspot-participations.js';
import { readParticipations } from './hubspot-participations-read.js';
import { described, find, type HubspotLook, list } from './hubspot-query.js';
import { readStored } from './hubspot-read-back.js';
import { HubspotSettings } from './hubspot-settings.js';
import { hubspotToken } from './hubspot-token.js';
import { removeByKey } from './remove-by-key.js';
import { sendByKind, sendInParts } from './send-in-parts.js';
import { limitsOf, readSettings } from './settings.js';
import { unsupported } from './unsupported.js';

/** HubSpot's own limit of inputs in a batch call. */
const BATCH_MAX = 100;

/** The fields of what its own calls write, by object; all else is a CRM object. */
const OWN_FIELDS: Readonly<Record<string, Readonly<Record<string, DescribedField>>>> = {
  ...EVENT_FIELDS,
  [PARTICIPATIONS]: PARTICIPATION_FIELDS,
};

export function hubspot(destination: DestinationSettings, clock: Clock): Connector {
  const settings = readSettings(HubspotSettings, destination);
  const engine = createHttpEngine(settings);
  const api = new HubspotApi(settings, engine, hubspotToken(settings, engine, clock), clock);
  return new HubspotConnector(destination.name, api);
}

class HubspotConnector implements Connector {
  readonly limits: CallLimits;

  constructor(
    readonly destination: string,
    private readonly api: HubspotApi,
  ) {
    this.limits = limitsOf(api.settings, { day: api.settings.accountTimeZone });
  }

  batchMax(): number {
    return BATCH_MAX;
  }

  readBackMax(): number {
    return BATCH_MAX;
  }

  /** An event's upsert demands its name and organizer; a participation is told as a whole. */
  writesWhole({ object }: ObjectTarget): boolean {
    return Object.hasOwn(OWN_FIELDS, object);
  }

  /** What others put into an account's marketing events is none of ours, and is not looked through. */
  lists({ object }: ObjectTarget): boolean {
    return !Object.hasOwn(OWN_FIELDS, object);
  }

  async send(target: ObjectTarget, records: readonly OutgoingRecord[], options: CallOptions) {
    if (target.operation !== 'upsert') return unsupported(records, target);
    if (isOfEvents(target)) return sendEvents(this.api, target, records, options);
    if (target.object === PARTICIPATIONS) return sendParticipations(this.api, records, options);
    const kindOf = ({ isAdopted }: OutgoingRecord) => (isAdopted ? 'update' : 'upsert');
    return sendByKind(records, kindOf, (kind, some) => {
      const write = (part: readonly OutgoingRecord[]) =>
        writeObjects(this.api, target, kind as WriteKind, part, options);
      return sendInParts(some, write, unconfirmed);
    });
  }

  async remove(target: ObjectTarget, records: readonly OutgoingRecord[], options: CallOptions) {
    if (isCompletion(target) || target.object === PARTICIPATIONS)
      return unsupported(records, target, 'remove');
    if (isOfEvents(target)) return removeEvents(this.api, records, options);
    return removeByKey(
      records,
      (asked) => this.readBack(target, asked, [], options),
      (known) => sendInParts(known, (part) => archiveObjects(this.api, target, part, options), unconfirmed),
    );
  }

  async find(
    target: ObjectTarget,
    by: readonly Readonly<Record<string, string>>[],
    fields: readonly string[],
    options: CallOptions,
  ) {
    return find(target, by, fields, this.look(options));
  }

  async list(target: ObjectTarget, fields: readonly string[], page: string | null, options: CallOptions) {
    return list(target, fields, page, this.look(options));
  }

  async describe(object: string, options: CallOptions) {
    const own = Object.hasOwn(OWN_FIELDS, object) ? OWN_FIELDS[object] : undefined;
    if (own) return { ok: true as const, fields: own };
    const path = `${this.api.settings.propertiesPath}/${object}`;
    const { body, failure } = await this.api.read('GET', path, null, options);
    return failure ? { ok: false as const, reason: failure.reason } : described(body);
  }

  async readBack(
    target: ObjectTarget,
    records: readonly Pick<OutgoingRecord, 'key' | 'targetId'>[],
    fields: readonly string[],
    options: CallOptions,
  ) {
    if (isOfEvents(target)) return readEvents(this.api, target, records, options);
    if (target.object === PARTICIPATIONS) return readParticipations(this.api, records, options);
    return readStored(target, records, fields, (body) => readObjects(this.api, target, body, options));
  }

  canonical({ object }: ObjectTarget, field: string, value: unknown) {
    return object === PARTICIPATIONS ? canonicalParticipation(field, value) : hubspotCanonical(field, value);
  }

  isFulfilled({ object }: ObjectTarget, field: string, wanted: FieldValue, stored: FieldValue): boolean {
    return object === PARTICIPATIONS && isFurther(field, wanted, stored);
  }

  async probe(options: CallOptions) {
    // Reads a contact that cannot exist: proves the token and its scope without touching a person.
    const body = { inputs: [{ id: '0' }], properties: ['hs_object_id'] };
    const target: ObjectTarget = { object: 'contacts', operation: 'upsert', keyField: 'email' };
    const { failure } = await readObjects(this.api, target, body, options);
    return failure ? { ok: false as const, reason: failure.reason } : { ok: true as const };
  }

  private look(options: CallOptions): HubspotLook {
    return (method, path, body) =>
      this.api.read(method, `${this.api.settings.objectsPath}/${path}`, body, options);
  }
}
