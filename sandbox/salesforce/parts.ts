import { type Call, decoded, isObject, jsonOf } from '../call.js';
import type { Part } from '../vendor.js';

const COLLECTION = /^\/services\/data\/[^/]+\/composite\/sobjects(?:\/([^/]+)(?:\/([^/]+))?)?\/?$/;
const ROW = /^\/services\/data\/[^/]+\/sobjects\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?\/?$/;
const COMPOSITE = /^\/services\/data\/[^/]+\/composite(?:\/graph)?\/?$/;

/** The records that a write carried, read without judging them: for a call that is refused as a whole. */
export function partsOf(call: Call): Part[] {
  if (call.method === 'GET' || call.method === 'HEAD') return [];
  const collection = COLLECTION.exec(call.path);
  if (collection !== null) return collectionParts(call, collection[1], collection[2]);
  const row = ROW.exec(call.path);
  if (row !== null)
    return [{ object: row[1]!, key: decodedKey(row[3] ?? row[2]), request: jsonOf(call) ?? null }];
  return COMPOSITE.test(call.path) ? compositeParts(call) : [];
}

function collectionParts(call: Call, object: string | undefined, keyName: string | undefined): Part[] {
  if (call.method === 'POST' && object !== undefined) return [];
  if (call.method === 'DELETE')
    return (call.query.get('ids') ?? '')
      .split(',')
      .map((id) => ({ object: 'unknown', key: id, request: { Id: id } }));
  const body = jsonOf(call);
  const records = isObject(body) && Array.isArray(body.records) ? (body.records as unknown[]) : [];
  if (records.length === 0) return [{ object: object ?? 'unknown', key: null, request: body ?? null }];
  return records.map((request) => ({
    object: object ?? typeOf(request),
    key: keyIn(request, keyName ?? 'Id'),
    request,
  }));
}

function compositeParts(call: Call): Part[] {
  const body = jsonOf(call);
  const subrequests =
    isObject(body) && Array.isArray(body.compositeRequest) ? (body.compositeRequest as unknown[]) : [];
  return subrequests.flatMap((each) => {
    if (!isObject(each) || each.method === 'GET' || typeof each.url !== 'string') return [];
    const row = ROW.exec(each.url);
    return [
      { object: row?.[1] ?? 'unknown', key: decodedKey(row?.[3] ?? row?.[2]), request: each.body ?? null },
    ];
  });
}

function typeOf(record: unknown): string {
  const attributes = isObject(record) ? record.attributes : undefined;
  return isObject(attributes) && typeof attributes.type === 'string' ? attributes.type : 'unknown';
}

function keyIn(record: unknown, name: string): string | null {
  if (!isObject(record)) return null;
  const value = record[name] ?? record[name.toLowerCase()];
  return typeof value === 'string' ? value : null;
}

function decodedKey(part: string | undefined): string | null {
  return part === undefined ? null : decoded(part);
}
