import type { ObjectTarget, OutgoingRecord, Reason, SendResult } from './connector.js';

/** A connector that does not offer the operation of a mapping says so for every record, without a call. */
export function unsupported(
  records: readonly OutgoingRecord[],
  target: ObjectTarget,
  operation: ObjectTarget['operation'] | 'remove' = target.operation,
): SendResult {
  const advice =
    operation === 'remove' ? 'let whenNot write fields, or keep' : `use ${other(operation)} in the mapping`;
  return refusedUnsent(records, {
    code: 'unsupported-operation',
    message: `This connector does not offer the operation ${operation} for ${target.object}: ${advice}.`,
    owner: 'mapping',
  });
}

/** What is wrong with all of them is known before a call. */
export function refusedUnsent(records: readonly OutgoingRecord[], reason: Reason): SendResult {
  return { outcomes: records.map(() => ({ kind: 'rejected', reason })), requestId: null, status: null };
}

const other = (operation: ObjectTarget['operation']): string =>
  operation === 'upsert' ? 'append' : 'upsert';
