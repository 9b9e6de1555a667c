import { type Failure, unconfirmed } from './call-outcome.js';
import type { FieldValue, ObjectTarget, OutgoingRecord, ReadResult, StoredRecord } from './connector.js';
import { hubspotCanonical } from './hubspot-canonical.js';
import type { HubspotError } from './hubspot-errors.js';

export interface HubspotObject {
  readonly id: string;
  readonly properties?: Readonly<Record<string, unknown>>;
}

type Asked = Pick<OutgoingRecord, 'key' | 'targetId'>;

type ReadBatch = (body: object) => Promise<{
  batch?: { results: HubspotObject[]; errors?: HubspotError[] };
  failure?: Failure;
  requestId: string | null;
}>;

/** Reads by id where it is known and by the unique property elsewhere: two calls at most. */
export async function readStored(
  target: ObjectTarget,
  records: readonly Asked[],
  fields: readonly string[],
  readBatch: ReadBatch,
): Promise<ReadResult> {
  const properties = [...new Set([target.keyField, ...fields])];
  const answers: (StoredRecord | undefined)[] = new Array<undefined>(records.length);
  let failure: Failure | undefined;
  let requestId: string | null = null;

  for (const isById of [true, false]) {
    const indexes = records.flatMap((record, index) =>
      (record.targetId !== null) === isById ? [index] : [],
    );
    if (indexes.length === 0) continue;
    const asked = indexes.map((index) => records[index]!);
    const inputs = asked.map((record) => ({ id: isById ? record.targetId : record.key }));
    const read = await readBatch({ ...(isById ? {} : { idProperty: target.keyField }), inputs, properties });
    requestId = read.requestId ?? requestId;
    const found = read.batch ? whoIsWho(target, asked, read.batch) : [];
    indexes.forEach((index, position) => (answers[index] = found[position]));
    if (read.failure) failure = read.failure;
    else if (found.includes(undefined)) failure ??= unconfirmed(200);
  }
  return { records: answers, requestId, ...(failure ? { failure } : {}) };
}

/**
 * Absent is a record only where nothing speaks against it: no error but "not found", and no object in the answer
 * that nobody claims (HubSpot shows the primary e-mail of a contact asked for by a secondary one).
 */
function whoIsWho(
  target: ObjectTarget,
  asked: readonly Asked[],
  batch: { results: HubspotObject[]; errors?: HubspotError[] },
): (StoredRecord | undefined)[] {
  const objectOf = finder(target, batch.results);
  const objects = asked.map(objectOf);
  const claimed = new Set(objects);
  const leftover = batch.results.filter((object) => !claimed.has(object));
  const isComplete = (batch.errors ?? []).every((error) => error.category === 'OBJECT_NOT_FOUND');
  const missing = objects.flatMap((object, index) => (object ? [] : [index]));
  if (missing.length === 1 && leftover.length === 1 && !batch.errors?.length)
    objects[missing[0]!] = leftover[0];
  const absent = isComplete && leftover.length === 0 ? null : undefined;
  return objects.map((object) =>
    object ? { targetId: object.id, fields: object.properties ?? {} } : absent,
  );
}

/** A record merged into another answers to its old id under the new one: then the key tells. */
function finder(target: ObjectTarget, objects: readonly HubspotObject[]) {
  const keyOf = (value: unknown): FieldValue => hubspotCanonical(target.keyField, value);
  const byId = new Map(objects.toReversed().map((object) => [object.id, object]));
  let byKey: Map<FieldValue, HubspotObject> | undefined;
  return ({ key, targetId }: Asked): HubspotObject | undefined => {
    const known = targetId === null ? undefined : byId.get(targetId);
    if (known) return known;
    byKey ??= new Map(
      objects.toReversed().map((object) => [keyOf(object.properties?.[target.keyField]), object]),
    );
    return byKey.get(keyOf(key));
  };
}
