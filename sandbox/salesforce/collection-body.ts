import { type Call, isObject, jsonOf } from '../call.js';
import { Unreadable } from './errors.js';
import type { Org } from './org.js';
import type { SObject } from './sobject.js';

export const COLLECTION_RECORDS_MAX = 200;
/** Runs of one type that a create or update of mixed types may have. */
const CHUNKS_MAX = 10;

export interface CollectionRecord {
  sobject: SObject;
  given: Record<string, unknown>;
}

export interface CollectionBody {
  isAllOrNone: boolean;
  records: CollectionRecord[];
}

/** Reads `{"allOrNone":…,"records":[…]}`; throws Unreadable with what is wrong. */
export function readCollection(org: Org, call: Call): CollectionBody {
  const body = jsonOf(call);
  if (body === undefined)
    throw new Unreadable('JSON_PARSER_ERROR', 'Unexpected end-of-input at [line:1, column:1]');
  if (!isObject(body) || !Array.isArray(body.records))
    throw new Unreadable(
      'JSON_PARSER_ERROR',
      'The request body must be an object with "records" at [line:1, column:1]',
    );
  if (body.allOrNone !== undefined && typeof body.allOrNone !== 'boolean')
    throw new Unreadable('JSON_PARSER_ERROR', 'Cannot deserialize instance of boolean at [line:1, column:1]');
  const given = body.records as unknown[];
  if (given.length > COLLECTION_RECORDS_MAX)
    throw new Unreadable(
      'LIMIT_EXCEEDED',
      `record limit reached. cannot submit more than ${COLLECTION_RECORDS_MAX} records into this call`,
    );
  const records = given.map((record) => readRecord(org, record));
  const chunks = records.filter(({ sobject }, index) => sobject !== records[index - 1]?.sobject).length;
  if (chunks > CHUNKS_MAX)
    throw new Unreadable(
      'LIMIT_EXCEEDED',
      `Cannot have more than ${CHUNKS_MAX} chunks in a single operation.`,
    );
  return { isAllOrNone: body.allOrNone === true, records };
}

function readRecord(org: Org, given: unknown): CollectionRecord {
  if (!isObject(given))
    throw new Unreadable('JSON_PARSER_ERROR', 'A record must be an object at [line:1, column:1]');
  const type = isObject(given.attributes) ? given.attributes.type : undefined;
  if (typeof type !== 'string') {
    const message =
      "Missing entity type information. sObject requires a separate 'attributes' field to be sent with entity type.";
    throw new Unreadable('INVALID_INPUT', message);
  }
  const sobject = org.sobject(type);
  if (sobject === undefined) {
    throw new Unreadable('INVALID_TYPE', `sObject type '${type}' is not supported.`);
  }
  return { sobject, given };
}
