import { type Failure, unconfirmed } from './call-outcome.js';
import type { ObjectTarget, OutgoingRecord, ReadResult, StoredRecord } from './connector.js';
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
  const objects = asked.map((record) => objectOf(target, record, batch.results));
  const leftover = batch.results.filter((object) => !objects.includes(object));
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
function objectOf(
  target: ObjectTarget,
  record: Asked,
  objects: readonly HubspotObject[],
): HubspotObject | undefined {
  const key = hubspotCanonical(target.keyField, record.key);
  const isKey = (object: HubspotObject): boolean =>
    hubspotCanonical(target.keyField, object.properties?.[target.keyField]) === key;
  return (
    objects.find((object) => record.targetId !== null && object.id === record.targetId) ?? objects.find(isKey)
  );
}
