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
    const found = read.batch ? asked.map((record) => stored(target, record, asked, read.batch!)) : [];
    indexes.forEach((index, position) => (answers[index] = found[position]));
    if (read.failure) failure = read.failure;
    else if (found.includes(undefined)) failure ??= unconfirmed(200);
  }
  return { records: answers, requestId, ...(failure ? { failure } : {}) };
}

/** Undefined where an error other than "not found" stands in the answer: absence then proves nothing. */
function stored(
  target: ObjectTarget,
  record: Asked,
  asked: readonly Asked[],
  batch: { results: HubspotObject[]; errors?: HubspotError[] },
): StoredRecord | undefined {
  const key = hubspotCanonical(target.keyField, record.key);
  const byKey = (object: HubspotObject): boolean =>
    hubspotCanonical(target.keyField, object.properties?.[target.keyField]) === key;
  // A record merged into another answers to its old id under the new one: then the key tells.
  const object =
    batch.results.find((candidate) => record.targetId !== null && candidate.id === record.targetId) ??
    batch.results.find(byKey) ??
    (asked.length === 1 && batch.results.length === 1 ? batch.results[0] : undefined);
  if (object) return { targetId: object.id, fields: object.properties ?? {} };
  const isProof = (batch.errors ?? []).every((error) => error.category === 'OBJECT_NOT_FOUND');
  return isProof ? null : undefined;
}
