/** CRM objects by a unique property: batch upsert, update of what was adopted, batch read, archive. 100 a call. */
import type { HttpAnswer } from '../platform/http-client/http-engine.js';
import { unreadable } from './call-outcome.js';
import type { CallOptions, ObjectTarget, Outcome, OutgoingRecord } from './connector.js';
import { byAnswer, type HubspotApi, isBatch } from './hubspot-api.js';
import { hubspotValue } from './hubspot-canonical.js';
import type { HubspotError } from './hubspot-errors.js';
import type { HubspotObject } from './hubspot-read-back.js';
import { outcomesOf } from './hubspot-upsert.js';
import type { PartResult } from './send-in-parts.js';

export type WriteKind = 'upsert' | 'update';

export function writeObjects(
  api: HubspotApi,
  target: ObjectTarget,
  kind: WriteKind,
  records: readonly OutgoingRecord[],
  options: CallOptions,
): Promise<PartResult> {
  const body = kind === 'upsert' ? upsertBody(target, records) : updateBody(target, records);
  const tell = (answer: HttpAnswer): (Outcome | undefined)[] => {
    const { status } = answer;
    if (status < 200 || status >= 300) return refusedBatch(answer, records);
    if (!isBatch(answer.body)) return records.map(() => unreadable(status));
    return outcomesOf(answer.body, status, target, records);
  };
  const path = `${api.settings.objectsPath}/${target.object}/batch/${kind}`;
  return api.write('POST', path, body, records, tell, options);
}

/** Answers 204 for all, those that were archived before among them. */
export function archiveObjects(
  api: HubspotApi,
  target: ObjectTarget,
  records: readonly OutgoingRecord[],
  options: CallOptions,
): Promise<PartResult> {
  const inputs = records.map(({ targetId }) => ({ id: targetId! }));
  const tell = (answer: HttpAnswer): (Outcome | undefined)[] =>
    answer.status === 204
      ? records.map(({ targetId }) => ({ kind: 'written', targetId, created: false }))
      : refusedBatch(answer, records);
  const path = `${api.settings.objectsPath}/${target.object}/batch/archive`;
  return api.write('POST', path, { inputs }, records, tell, options);
}

export async function readObjects(api: HubspotApi, target: ObjectTarget, body: object, options: CallOptions) {
  const path = `${api.settings.objectsPath}/${target.object}/batch/read`;
  const { body: batch, failure, requestId, status } = await api.read('POST', path, body, options);
  if (failure) return { failure, requestId };
  if (!isBatch(batch)) return { failure: unreadable(status ?? 0), requestId };
  return { batch: batch as { results: HubspotObject[]; errors?: HubspotError[] }, requestId };
}

/** By id, and the key with it: for records that `match` found. */
function updateBody(target: ObjectTarget, records: readonly OutgoingRecord[]): object {
  const { inputs } = upsertBody(target, records);
  return {
    inputs: inputs.map(({ idProperty: _, ...input }, index) => ({ ...input, id: records[index]!.targetId })),
  };
}

function upsertBody(target: ObjectTarget, records: readonly OutgoingRecord[]) {
  return {
    inputs: records.map((record) => {
      const properties: Record<string, string> = { [target.keyField]: record.key };
      for (const [field, value] of Object.entries(record.fields)) properties[field] = hubspotValue(value);
      return { id: record.key, idProperty: target.keyField, objectWriteTraceId: record.traceId, properties };
    }),
  };
}

/**
 * A refusal of the whole batch is often about one record: a property that does not exist condemns those that carry
 * it, anything else is found by sending halves. A single record takes the refusal as its own.
 */
function refusedBatch(answer: HttpAnswer, records: readonly OutgoingRecord[]): (Outcome | undefined)[] {
  const failure = byAnswer(answer, records);
  if (records.length === 1 || failure.kind !== 'rejected') return records.map(() => failure);
  const { code, field } = failure.reason;
  if (code === 'NON_UNIQUE_ID_PROPERTY') return records.map(() => failure);
  if (code !== 'PROPERTY_DOESNT_EXIST' || field === undefined) return records.map(() => undefined);
  return records.map((record) => (Object.hasOwn(record.fields, field) ? failure : undefined));
}
