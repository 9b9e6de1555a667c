import { unreadable } from './call-outcome.js';
import type { ObjectTarget, Outcome, OutgoingRecord } from './connector.js';
import { errorsIn, meaningOf } from './salesforce-errors.js';

/** The body of a collection upsert. The key field stands in every record: the path only names it. */
export function upsertBody(target: ObjectTarget, records: readonly OutgoingRecord[]): object {
  return {
    allOrNone: false,
    records: records.map((record) => ({
      ...record.fields,
      [target.keyField]: record.key,
      attributes: { type: target.object },
    })),
  };
}

/** The body of a collection update by id: the key is written into a record that did not carry it. */
export function updateBody(target: ObjectTarget, records: readonly OutgoingRecord[]): object {
  return {
    allOrNone: false,
    records: records.map((record) => ({
      ...record.fields,
      [target.keyField]: record.key,
      id: record.targetId,
      attributes: { type: target.object },
    })),
  };
}

/** A record that is not there any more is removed already. */
export function deletionsOf(
  results: readonly unknown[],
  status: number,
  records: readonly OutgoingRecord[],
  nowMs: number,
): Outcome[] {
  return outcomesOf(results, status, records, nowMs).map((outcome, index) => {
    const isGone =
      outcome.kind === 'rejected' && ['ENTITY_IS_DELETED', 'NOT_FOUND'].includes(outcome.reason.code);
    return isGone ? { kind: 'unchanged', targetId: records[index]!.targetId } : outcome;
  });
}

/**
 * Results stand in the order of the records and carry nothing else to tell them by. An answer with more or fewer
 * results than records therefore says nothing about any of them.
 */
export function outcomesOf(
  results: readonly unknown[],
  status: number,
  records: readonly OutgoingRecord[],
  nowMs: number,
): Outcome[] {
  if (results.length !== records.length) return records.map(() => unreadable(status));
  return records.map((record, index) => outcomeOf(results[index], status, record, nowMs));
}

function outcomeOf(result: unknown, status: number, record: OutgoingRecord, nowMs: number): Outcome {
  const { id, success, created, errors } = (result ?? {}) as Record<string, unknown>;
  if (success === true && typeof id === 'string' && id !== '' && errorsIn(errors).length === 0)
    return { kind: 'written', targetId: id, created: typeof created === 'boolean' ? created : null };
  if (success === false && errorsIn(errors).length > 0)
    return meaningOf(errorsIn(errors), status, [record], nowMs);
  return unreadable(status);
}
