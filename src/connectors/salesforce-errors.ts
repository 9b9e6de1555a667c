/**
 * What Salesforce's errors mean. One table for both dialects: `statusCode` inside a collection's item, `errorCode`
 * in an array at the top. Sources: recorded traffic and the REST API's list of status codes.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { type Failure, byStatus, retryAfterMs } from './call-outcome.js';
import type { Owner, OutgoingRecord, QuotaUse } from './connector.js';
import { stripValues } from './strip-values.js';

/** The allowance is counted over 24 rolling hours: asking again within the hour is of little use. */
const DAILY_LIMIT_WAIT_MS = 60 * 60 * 1000;
/** 25 calls of more than 20 s at once: one of them ends soon. */
const CONCURRENT_LIMIT_WAIT_MS = 20 * 1000;
const LOCK_WAIT_MS = 1000;

export interface SalesforceError {
  readonly code: string;
  readonly message: string;
  readonly fields: readonly string[];
}

type Kind = 'rejected' | 'retry' | 'throttled' | 'unauthorised';
type Row = readonly [kind: Kind, owner: Owner, message: string];

const rows: Readonly<Record<string, Row>> = {
  INVALID_EMAIL_ADDRESS: [
    'rejected',
    'data',
    'Salesforce does not accept the e-mail address: correct it at the person.',
  ],
  REQUIRED_FIELD_MISSING: [
    'rejected',
    'mapping',
    'A required field has no value: map it or give it a default.',
  ],
  STRING_TOO_LONG: [
    'rejected',
    'mapping',
    'The value is longer than the field: shorten it or set truncate in the mapping.',
  ],
  INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: [
    'rejected',
    'mapping',
    'The value is not in the restricted picklist: add it to the picklist table or in Salesforce.',
  ],
  INVALID_FIELD: [
    'rejected',
    'mapping',
    'The field does not exist in Salesforce or our user may not see it.',
  ],
  INVALID_FIELD_FOR_INSERT_UPDATE: [
    'rejected',
    'mapping',
    'The field cannot be written: take it out of the mapping.',
  ],
  INVALID_TYPE_ON_FIELD_IN_RECORD: [
    'rejected',
    'mapping',
    'The value has the wrong type: convert it in the mapping.',
  ],
  INVALID_TYPE: ['rejected', 'mapping', 'Salesforce does not know this object, or our user may not see it.'],
  JSON_PARSER_ERROR: [
    'rejected',
    'mapping',
    'A value has a type that Salesforce cannot read: convert it in the mapping.',
  ],
  NUMBER_OUTSIDE_VALID_RANGE: ['rejected', 'data', 'The number is outside the range of the field.'],
  NOT_FOUND: [
    'rejected',
    'mapping',
    'Salesforce does not know this object, external id field or API version: correct the mapping.',
  ],
  MALFORMED_ID: [
    'rejected',
    'mapping',
    'A value is not a Salesforce id of the right type: correct the mapping.',
  ],
  INVALID_CROSS_REFERENCE_KEY: ['rejected', 'data', 'A record referred to does not exist in Salesforce.'],
  ENTITY_IS_DELETED: [
    'rejected',
    'backend',
    'The record was deleted in Salesforce: restore it there or replay as new.',
  ],
  CANNOT_UPDATE_CONVERTED_LEAD: [
    'rejected',
    'backend',
    'The lead was converted in Salesforce: map this person to the contact instead.',
  ],
  DUPLICATE_VALUE: [
    'rejected',
    'data',
    'Another Salesforce record already has this unique value: merge the two.',
  ],
  DUPLICATES_DETECTED: [
    'rejected',
    'data',
    'A duplicate rule in Salesforce found another record: merge the two.',
  ],
  DUPLICATE_EXTERNAL_ID: [
    'rejected',
    'data',
    'Several Salesforce records have this external id: merge them.',
  ],
  MULTIPLE_CHOICES: ['rejected', 'data', 'Several Salesforce records have this external id: merge them.'],
  FIELD_CUSTOM_VALIDATION_EXCEPTION: [
    'rejected',
    'backend',
    'A validation rule in Salesforce refused the record.',
  ],
  CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY: [
    'rejected',
    'backend',
    'A trigger or flow in Salesforce refused the record.',
  ],
  FIELD_INTEGRITY_EXCEPTION: ['rejected', 'data', 'The value contradicts another field in Salesforce.'],
  FIELD_FILTER_VALIDATION_EXCEPTION: [
    'rejected',
    'backend',
    'A lookup filter in Salesforce refused the value.',
  ],
  INSUFFICIENT_ACCESS_OR_READONLY: [
    'rejected',
    'backend',
    'Our Salesforce user may not write this record: grant it.',
  ],
  INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY: [
    'rejected',
    'backend',
    'Our Salesforce user may not see a record referred to: grant it.',
  ],
  EXCEEDED_ID_LIMIT: ['rejected', 'foyer', 'Too many records in one call: this is a fault of Foyer.'],
  UNABLE_TO_LOCK_ROW: ['retry', 'backend', 'Someone else is writing this record; it is tried again.'],
  ENTITY_IS_LOCKED: ['retry', 'backend', 'The record is locked, perhaps by an approval; it is tried again.'],
  ALL_OR_NONE_OPERATION_ROLLED_BACK: [
    'retry',
    'backend',
    'Salesforce took the write back; it is tried again.',
  ],
  PROCESSING_HALTED: ['retry', 'backend', 'Salesforce stopped before this record; it is tried again.'],
  QUERY_TIMEOUT: ['retry', 'backend', 'Salesforce took too long; it is tried again.'],
  REQUEST_RUNNING_TOO_LONG: ['retry', 'backend', 'Salesforce took too long; it is tried again.'],
  SERVER_UNAVAILABLE: ['retry', 'backend', 'Salesforce is not available; it is tried again.'],
  UNKNOWN_EXCEPTION: ['retry', 'backend', 'Salesforce failed; it is tried again.'],
  REQUEST_LIMIT_EXCEEDED: [
    'throttled',
    'quota',
    'The allowance of Salesforce calls is used up: raise it or wait.',
  ],
  STORAGE_LIMIT_EXCEEDED: ['throttled', 'quota', 'The data storage of Salesforce is full: free some there.'],
  INVALID_SESSION_ID: [
    'unauthorised',
    'backend',
    'Salesforce does not accept the token: check the connected app.',
  ],
  INVALID_AUTH_HEADER: [
    'unauthorised',
    'backend',
    'Salesforce does not accept the token: check the connected app.',
  ],
  API_DISABLED_FOR_ORG: [
    'unauthorised',
    'backend',
    'The API is switched off for this user: grant API Enabled.',
  ],
  API_CURRENTLY_DISABLED: [
    'unauthorised',
    'backend',
    'The API is switched off for this user: grant API Enabled.',
  ],
};

/** What the errors of one record, or of a whole answer, mean. The first decides; Salesforce puts the cause first. */
export function meaningOf(
  errors: readonly SalesforceError[],
  status: number,
  records: readonly OutgoingRecord[],
  nowMs: number,
): Failure {
  const error = errors[0];
  if (!error) return byStatus(status, null, null);
  const code = isLock(error) ? 'UNABLE_TO_LOCK_ROW' : error.code;
  const row = Object.hasOwn(rows, code) ? rows[code] : undefined;
  if (!row) return unknown(error, status, records);

  const [kind, owner, message] = row;
  const field = error.fields[0] ?? namedColumn(error);
  const reason = { code, message, owner, status, ...(field ? { field } : {}) };
  switch (kind) {
    case 'throttled':
      return { kind, untilMs: nowMs + limitWaitMs(error), reason };
    case 'retry':
      return { kind, afterMs: code === 'UNABLE_TO_LOCK_ROW' ? LOCK_WAIT_MS : null, reason };
    default:
      return { kind, reason };
  }
}

/** Kept and shown with Salesforce's own code; never guessed. */
function unknown(error: SalesforceError, status: number, records: readonly OutgoingRecord[]): Failure {
  const text = stripValues(error.message, records);
  const message = text === '' ? null : `Salesforce: ${text}`;
  const failure = byStatus(status < 400 ? 400 : status, error.code === '' ? null : error.code, message);
  const field = error.fields[0];
  return { ...failure, reason: { ...failure.reason, status, ...(field ? { field } : {}) } };
}

/** Where the backend states a time itself, that time; Salesforce does on 503 only. */
export function withStatedWait(failure: Failure, headers: IncomingHttpHeaders, nowMs: number): Failure {
  const statedMs = retryAfterMs(headers, nowMs);
  if (statedMs === null) return failure;
  if (failure.kind === 'retry') return { ...failure, afterMs: statedMs };
  return failure.kind === 'throttled' ? { ...failure, untilMs: nowMs + statedMs } : failure;
}

/** Both dialects, as they stand in an item's `errors` or in the array at the top. */
export function errorsIn(value: unknown): SalesforceError[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) return [];
    const { statusCode, errorCode, message, fields } = entry as Record<string, unknown>;
    const code = [statusCode, errorCode].find((candidate) => typeof candidate === 'string') ?? '';
    if (code === '' && typeof message !== 'string') return [];
    return [
      {
        code,
        message: typeof message === 'string' ? message : '',
        fields: Array.isArray(fields) ? fields.filter((field) => typeof field === 'string') : [],
      },
    ];
  });
}

/** `Sforce-Limit-Info: api-usage=8408/15000` */
export function quotaIn(headers: IncomingHttpHeaders): QuotaUse | null {
  const header = headers['sforce-limit-info'];
  const found = /(?:^|[\s;,])api-usage=(\d+)\/(\d+)/.exec(typeof header === 'string' ? header : '');
  return found ? { used: Number(found[1]), max: Number(found[2]) } : null;
}

const isLock = (error: SalesforceError): boolean =>
  /UNABLE_TO_LOCK_ROW|unable to obtain exclusive access/i.test(error.message);

const limitWaitMs = (error: SalesforceError): number =>
  /concurrent/i.test(error.message) ? CONCURRENT_LIMIT_WAIT_MS : DAILY_LIMIT_WAIT_MS;

/** `No such column 'FavoritePet__c' on sobject of type Account` */
const namedColumn = (error: SalesforceError): string | undefined =>
  /No such column '(\w+)'/.exec(error.message)?.[1];
