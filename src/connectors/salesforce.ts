import { Transform } from 'class-transformer';
import { IsOptional, IsString, IsUrl, Matches, MinLength, ValidateIf } from 'class-validator';
import { createPrivateKey } from 'node:crypto';
import type { Clock } from '../platform/clock.js';
import type { DestinationSettings } from '../platform/config/destinations.js';
import { createHttpEngine } from '../platform/http-client/http-engine.js';
import { unconfirmed } from './call-outcome.js';
import type {
  CallLimits,
  CallOptions,
  Connector,
  FieldValue,
  ObjectTarget,
  OutgoingRecord,
} from './connector.js';
import { oneAtATime } from './one-at-a-time.js';
import { removeByKey } from './remove-by-key.js';
import { SalesforceApi } from './salesforce-api.js';
import { isOutdone, keepAttended } from './salesforce-attended.js';
import { salesforceCanonical } from './salesforce-canonical.js';
import { describe } from './salesforce-describe.js';
import { isMember, MemberStatuses, sendMembers } from './salesforce-members.js';
import { find, list } from './salesforce-query.js';
import { type ReadCall, readStored } from './salesforce-read-back.js';
import { type SalesforceGrant, salesforceToken } from './salesforce-token.js';
import { remove, update, upsert } from './salesforce-write.js';
import { sendByKind, sendInParts, unsent } from './send-in-parts.js';
import {
  asList,
  CallSettings,
  DestinationSettingsError,
  limitsOf,
  readSettings,
  withoutTrailingSlash,
} from './settings.js';
import { unsupported } from './unsupported.js';

/** Salesforce's own limit of records in a collection call. */
const BATCH_MAX = 200;

class SalesforceSettings extends CallSettings {
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

  /** Client credentials; not needed where a private key is given. */
  @ValidateIf(({ privateKey }: SalesforceSettings) => privateKey === '')
  @IsString()
  @MinLength(1, { message: 'clientSecret is missing: set SALESFORCE_CLIENT_SECRET' })
  clientSecret: string = '';

  /** JWT bearer: the key of the app's certificate, as PEM; its line breaks may be written \\n. */
  @Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? value.replaceAll('\\n', '\n') : value,
  )
  @IsString()
  privateKey: string = '';

  @ValidateIf(({ privateKey }: SalesforceSettings) => privateKey !== '')
  @IsString()
  @MinLength(1, {
    message: 'username is missing: set SALESFORCE_USERNAME to the user that a private key logs in',
  })
  username: string = '';

  /** login.salesforce.com, or test.salesforce.com for a sandbox. */
  @IsOptional()
  @IsUrl({ require_tld: false, require_protocol: true })
  audience: string = 'https://login.salesforce.com';

  @Matches(/^v\d{2,3}\.0$/)
  apiVersion: string = 'v60.0';

  /** Campaign member statuses that count as a response, where Foyer makes them. */
  @Transform(asList)
  @IsString({ each: true })
  respondedStatuses: string[] = ['Attended', 'Attended On Demand'];

  /** Campaign member statuses that say what somebody did: a member is moved among them, and never out of them. */
  @Transform(asList)
  @IsString({ each: true })
  attendanceStatuses: string[] = ['No Show', 'Attended', 'Attended On Demand'];
}

export function salesforce(destination: DestinationSettings, clock: Clock): Connector {
  const settings = readSettings(SalesforceSettings, destination);
  const engine = createHttpEngine(settings);
  const token = salesforceToken(engine, settings.baseUrl, grantIn(settings, destination.name), clock);
  const api = new SalesforceApi(engine, token, settings.apiVersion, clock);
  return new SalesforceConnector(destination.name, settings, api);
}

function grantIn(settings: SalesforceSettings, destination: string): SalesforceGrant {
  const { clientId, clientSecret, privateKey, username, audience } = settings;
  if (privateKey === '') return { kind: 'secret', clientId, clientSecret };
  try {
    createPrivateKey(privateKey);
  } catch {
    // The library's own words may quote the key.
    throw new DestinationSettingsError(destination, ['privateKey is no private key in PEM']);
  }
  return { kind: 'key', clientId, username, privateKey, audience };
}

class SalesforceConnector implements Connector {
  readonly limits: CallLimits;
  private readonly statuses: MemberStatuses;
  private readonly attendance: ReadonlySet<FieldValue>;

  constructor(
    readonly destination: string,
    settings: SalesforceSettings,
    private readonly api: SalesforceApi,
  ) {
    this.limits = limitsOf(settings, { day: 'rolling' });
    this.attendance = new Set(settings.attendanceStatuses);
    this.statuses = new MemberStatuses(api, new Set(settings.respondedStatuses));
  }

  batchMax(): number {
    return BATCH_MAX;
  }

  readBackMax(): number {
    return BATCH_MAX;
  }

  /** A member's write has to name its campaign: the statuses that it may have are the campaign's. */
  writesWhole(target: ObjectTarget): boolean {
    return isMember(target);
  }

  async send(target: ObjectTarget, records: readonly OutgoingRecord[], options: CallOptions) {
    if (target.operation !== 'upsert') return unsupported(records, target);
    if (!isMember(target)) return this.write(target, records, options);
    const failure = await this.statuses.ensure(records, options);
    if (failure) return { outcomes: records.map(() => unsent(failure)), requestId: null, status: null };
    const read = (some: readonly OutgoingRecord[]) => this.readBack(target, some, ['Status'], options);
    return keepAttended(records, this.attendance, read, (open) =>
      sendMembers(open, (part) => this.write(target, part, options)),
    );
  }

  async readBack(
    target: ObjectTarget,
    records: readonly Pick<OutgoingRecord, 'key' | 'targetId'>[],
    fields: readonly string[],
    options: CallOptions,
  ) {
    const read: ReadCall = (path, body) => this.api.read('POST', path, body, options);
    // Where calls under way are counted, this is one of them.
    const asked = this.limits.concurrency == null ? read : oneAtATime(read);
    return readStored(target, records, fields, this.api.version, asked);
  }

  canonical(_target: ObjectTarget, _field: string, value: unknown) {
    return salesforceCanonical(value);
  }

  isFulfilled(target: ObjectTarget, field: string, wanted: FieldValue, stored: FieldValue): boolean {
    return isMember(target) && field === 'Status' && isOutdone(this.attendance, wanted, stored);
  }

  async probe(options: CallOptions) {
    const { failure } = await this.api.read('GET', 'limits', null, options);
    return failure ? { ok: false as const, reason: failure.reason } : { ok: true as const };
  }

  async remove(target: ObjectTarget, records: readonly OutgoingRecord[], options: CallOptions) {
    return removeByKey(
      records,
      (asked) => this.readBack(target, asked, [], options),
      (known) => sendInParts(known, (part) => remove(this.api, part, options), unconfirmed),
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

  async describe(object: string, options: CallOptions) {
    return describe(this.api, object, options);
  }

  private write(target: ObjectTarget, records: readonly OutgoingRecord[], options: CallOptions) {
    const kindOf = ({ isAdopted }: OutgoingRecord): string => (isAdopted ? 'update' : 'upsert');
    return sendByKind(records, kindOf, (kind, some) => {
      const write = kind === 'update' ? update : upsert;
      return sendInParts(some, (part) => write(this.api, target, part, options), unconfirmed);
    });
  }
}
