/** Writes: upsert by alternate key, update by id of what `match` found, delete. One batch for all of a kind. */
import { unreadable } from './call-outcome.js';
import type { CallOptions, ObjectTarget, Outcome, OutgoingRecord } from './connector.js';
import type { DataverseApi } from './dataverse-api.js';
import type { BatchAnswer, BatchRequest } from './dataverse-batch.js';
import { failureIn } from './dataverse-errors.js';
import type { PartResult } from './send-in-parts.js';

export type Write = 'upsert' | 'update' | 'delete';

export async function write(
  api: DataverseApi,
  target: ObjectTarget,
  kind: Write,
  records: readonly OutgoingRecord[],
  options: CallOptions,
): Promise<PartResult> {
  const requests = records.map((record) => requestOf(api, target, kind, record));
  const batched = await api.batch(requests, records, options, false);
  if ('failure' in batched) {
    const { failure, status, requestId } = batched;
    // A record that cannot be read condemns the call: it is found by sending halves.
    const isOfOne = failure.kind === 'rejected' && records.length > 1;
    const outcomes = records.map(() => (isOfOne ? undefined : failure));
    return { outcomes, hold: failure.kind === 'rejected' ? null : failure, requestId, status };
  }
  const outcomes = batched.answers.map((answer, place) =>
    outcomeOf(api, target, kind, answer, records[place]!),
  );
  return { outcomes, hold: null, requestId: batched.requestId, status: 200 };
}

function requestOf(
  { root }: DataverseApi,
  target: ObjectTarget,
  kind: Write,
  { key, targetId, fields }: OutgoingRecord,
): BatchRequest {
  const byId = `${root}/${target.object}(${targetId ?? ''})`;
  if (kind === 'delete') return { method: 'DELETE', path: byId };
  // Shown again, so that the answer says whether it was made and under which id; as little as can be asked for.
  const select = `?$select=${target.keyField}`;
  const prefer = { Prefer: 'return=representation' };
  if (kind === 'update')
    return {
      method: 'PATCH',
      path: `${byId}${select}`,
      headers: { ...prefer, 'If-Match': '*' },
      body: { ...fields, [target.keyField]: key },
    };
  return { method: 'PATCH', path: `${byKey(root, target, key)}${select}`, headers: prefer, body: fields };
}

/** Quotes inside a value are doubled, and all of it is encoded. */
export function byKey(root: string, { object, keyField }: ObjectTarget, key: string): string {
  return `${root}/${object}(${keyField}='${encodeURIComponent(key.replaceAll("'", "''"))}')`;
}

function outcomeOf(
  api: DataverseApi,
  target: ObjectTarget,
  kind: Write,
  answer: BatchAnswer,
  record: OutgoingRecord,
): Outcome {
  const { status } = answer;
  if (kind === 'delete' && status === 404) return { kind: 'unchanged', targetId: record.targetId };
  if (status !== 200 && status !== 201 && status !== 204)
    return status >= 200 && status < 300 ? unreadable(status) : failureIn(answer, [record], api.nowMs());
  if (!isOf(answer, target, record)) return unreadable(status);
  const targetId = idIn(target, answer, []) ?? (kind === 'upsert' ? null : record.targetId);
  return { kind: 'written', targetId, created: status === 201 ? true : status === 200 ? false : null };
}

/** A representation shows the key: another one's key says that the answers are in disorder. */
function isOf({ body }: BatchAnswer, { keyField }: ObjectTarget, { key }: OutgoingRecord): boolean {
  const shown = (body as Readonly<Record<string, unknown>> | null | undefined)?.[keyField];
  return typeof shown !== 'string' || shown.toLowerCase() === key.toLowerCase();
}

/**
 * The record's id. A representation always has the primary id, asked for or not: the column that ends in `id` and is
 * none of those asked for. `OData-EntityId` has it too, except where the record was named by an alternate key.
 */
export function idIn(
  { keyField }: Pick<ObjectTarget, 'keyField'>,
  { headers, body }: Pick<BatchAnswer, 'headers' | 'body'>,
  asked: readonly string[],
): string | null {
  const columns =
    typeof body === 'object' && body !== null ? Object.entries(body as Record<string, unknown>) : [];
  const own = columns.find(
    ([name, value]) =>
      /^[a-z]\w*id$/.test(name) &&
      name !== keyField &&
      !asked.includes(name) &&
      typeof value === 'string' &&
      value !== '',
  );
  if (own) return own[1] as string;
  const address = headers['odata-entityid'];
  return /\(([^()='"]+)\)$/.exec(typeof address === 'string' ? address : '')?.[1] ?? null;
}
