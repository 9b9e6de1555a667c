/** Collection calls that write: upsert by external id, update by id, delete. One call takes 200 records. */
import { type Failure, unreadable, withoutAnswer } from './call-outcome.js';
import type { CallOptions, ObjectTarget, Outcome, OutgoingRecord } from './connector.js';
import { type SalesforceApi, requestIdOf } from './salesforce-api.js';
import { quotaIn } from './salesforce-errors.js';
import { deletionsOf, outcomesOf, updateBody, upsertBody } from './salesforce-upsert.js';
import type { PartResult } from './send-in-parts.js';

export function upsert(
  api: SalesforceApi,
  target: ObjectTarget,
  records: readonly OutgoingRecord[],
  options: CallOptions,
): Promise<PartResult> {
  const path = `composite/sobjects/${target.object}/${target.keyField}`;
  return write(api, 'PATCH', path, upsertBody(target, records), records, options, outcomesOf);
}

/** By id, and the key with it: for records that `match` found. */
export function update(
  api: SalesforceApi,
  target: ObjectTarget,
  records: readonly OutgoingRecord[],
  options: CallOptions,
): Promise<PartResult> {
  return write(api, 'PATCH', 'composite/sobjects', updateBody(target, records), records, options, outcomesOf);
}

export function remove(
  api: SalesforceApi,
  records: readonly OutgoingRecord[],
  options: CallOptions,
): Promise<PartResult> {
  const ids = records.map(({ targetId }) => targetId!).join(',');
  const path = `composite/sobjects?ids=${ids}&allOrNone=false`;
  return write(api, 'DELETE', path, null, records, options, deletionsOf);
}

async function write(
  api: SalesforceApi,
  method: 'PATCH' | 'DELETE',
  path: string,
  body: object | null,
  records: readonly OutgoingRecord[],
  options: CallOptions,
  read: typeof outcomesOf,
): Promise<PartResult> {
  const done = await api.call(method, path, body, options, false);
  if ('failure' in done) return ofAll(records, done.failure);
  if (done.result.kind !== 'answered') return ofAll(records, withoutAnswer(done.result));
  const answer = done.result;
  const quota = quotaIn(answer.headers);
  const told = { requestId: requestIdOf(answer), status: answer.status, ...(quota ? { quota } : {}) };
  if (answer.status === 200) {
    if (!Array.isArray(answer.body))
      return { ...told, outcomes: records.map(() => unreadable(200)), hold: null };
    return { ...told, outcomes: read(answer.body, 200, records, api.nowMs()), hold: null };
  }
  const failure = api.failureIn(answer, records);
  const isOfAll = failure.kind !== 'rejected';
  return { ...told, outcomes: refusedBatch(failure, records), hold: isOfAll ? failure : null };
}

const ofAll = (records: readonly OutgoingRecord[], failure: Failure): PartResult => ({
  outcomes: records.map(() => failure),
  hold: failure,
  requestId: null,
  status: null,
});

/**
 * A refusal of the whole call is often about one record: a field that does not exist condemns those that carry it,
 * an unknown object all of them, anything else is found by sending halves.
 */
function refusedBatch(failure: Failure, records: readonly OutgoingRecord[]): (Outcome | undefined)[] {
  if (failure.kind !== 'rejected' || records.length === 1) return records.map(() => failure);
  const { code, field, status } = failure.reason;
  if (status === 404 || code === 'INVALID_TYPE') return records.map(() => failure);
  if (code !== 'INVALID_FIELD' || field === undefined) return records.map(() => undefined);
  return records.map((record) => (Object.hasOwn(record.fields, field) ? failure : undefined));
}
