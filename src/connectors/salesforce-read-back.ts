/**
 * Reads records by id in one call, and those whose id is not known by external id, 25 to a composite call.
 * Never by SOQL: Salesforce indexes external ids at once, but a query may be served late.
 */
import { type Failure, unconfirmed } from './call-outcome.js';
import type { ObjectTarget, OutgoingRecord, ReadResult, StoredRecord } from './connector.js';
import { errorsIn } from './salesforce-errors.js';

/** Salesforce's own limit of requests inside a composite call. */
const COMPOSITE_MAX = 25;

type Asked = Pick<OutgoingRecord, 'key' | 'targetId'>;
export type ReadCall = (
  path: string,
  body: object,
) => Promise<{ body: unknown } & { failure?: Failure; requestId: string | null }>;

interface Part {
  readonly found: readonly (StoredRecord | undefined)[];
  readonly failure?: Failure | undefined;
  readonly requestId: string | null;
}

export async function readStored(
  target: ObjectTarget,
  records: readonly Asked[],
  fields: readonly string[],
  apiVersion: string,
  call: ReadCall,
): Promise<ReadResult> {
  const names = [...new Set(['Id', target.keyField, ...fields])];
  const known = records.flatMap((record, index) => (record.targetId === null ? [] : [index]));
  const unknown = records.flatMap((record, index) => (record.targetId === null ? [index] : []));
  const groups = known.length > 0 ? [known] : [];
  for (let start = 0; start < unknown.length; start += COMPOSITE_MAX)
    groups.push(unknown.slice(start, start + COMPOSITE_MAX));

  const answers: (StoredRecord | undefined)[] = new Array<undefined>(records.length);
  const parts = await Promise.all(
    groups.map((group, position) => {
      const asked = group.map((index) => records[index]!);
      const isById = known.length > 0 && position === 0;
      return isById ? byId(target, asked, names, call) : byKey(target, asked, names, apiVersion, call);
    }),
  );
  groups.forEach((group, position) => {
    group.forEach((index, place) => (answers[index] = parts[position]!.found[place]));
  });
  const failure =
    parts.find((part) => part.failure)?.failure ?? (answers.includes(undefined) ? unconfirmed(200) : null);
  const requestId = parts.at(-1)?.requestId ?? null;
  return { records: answers, requestId, ...(failure ? { failure } : {}) };
}

async function byId(
  target: ObjectTarget,
  asked: readonly Asked[],
  fields: readonly string[],
  call: ReadCall,
): Promise<Part> {
  const ids = asked.map((record) => record.targetId!);
  const { body, failure, requestId } = await call(`composite/sobjects/${target.object}`, { ids, fields });
  if (failure || !Array.isArray(body)) return { found: [], failure, requestId };
  const places: unknown[] = body;
  // One place per id, null where nothing stands; places are checked by id all the same.
  const found = ids.map((id, place): StoredRecord | undefined => {
    const at = places[place];
    if (places.length === ids.length && at === null) return null;
    const object =
      isObject(at) && isSameId(at.Id, id)
        ? at
        : places.find((other) => isObject(other) && isSameId(other.Id, id));
    return isObject(object) ? storedRecord(object) : undefined;
  });
  return { found, requestId };
}

async function byKey(
  target: ObjectTarget,
  asked: readonly Asked[],
  fields: readonly string[],
  apiVersion: string,
  call: ReadCall,
): Promise<Part> {
  const base = `/services/data/${apiVersion}/sobjects/${target.object}/${target.keyField}`;
  const compositeRequest = asked.map((record, place) => ({
    method: 'GET',
    url: `${base}/${encodeURIComponent(record.key)}?fields=${fields.join(',')}`,
    referenceId: `r${place}`,
  }));
  const { body, failure, requestId } = await call('composite', { allOrNone: false, compositeRequest });
  const answers = isObject(body) && Array.isArray(body.compositeResponse) ? body.compositeResponse : [];
  const found = asked.map((_, place): StoredRecord | undefined => {
    const answer: unknown = answers.find((one) => isObject(one) && one.referenceId === `r${place}`);
    if (!isObject(answer)) return undefined;
    if (answer.httpStatusCode === 200 && isObject(answer.body)) return storedRecord(answer.body);
    // The object itself may be unknown too, but then nothing was written to it either.
    const isAbsent = answer.httpStatusCode === 404 && errorsIn(answer.body)[0]?.code === 'NOT_FOUND';
    return isAbsent ? null : undefined;
  });
  return { found, failure, requestId };
}

/** @param without a field that was read for us and not for the record */
export function storedRecord(
  object: Record<string, unknown>,
  without = 'attributes',
): StoredRecord | undefined {
  if (typeof object.Id !== 'string') return undefined;
  const fields: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(object)) {
    if (field !== 'attributes' && field !== without) fields[field] = value;
  }
  return { targetId: object.Id, fields };
}

/** An id is told in 15 characters or, with a checksum, in 18. */
const isSameId = (left: unknown, right: string): boolean =>
  typeof left === 'string' && left.slice(0, 15) === right.slice(0, 15);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
