import type { ObjectTarget, OutgoingRecord, SendResult } from './connector.js';

/** A connector that does not offer the operation of a mapping says so for every record, without a call. */
export function unsupported(records: readonly OutgoingRecord[], target: ObjectTarget): SendResult {
  const reason = {
    code: 'unsupported-operation',
    message: `This connector does not offer the operation ${target.operation}: use upsert in the mapping.`,
    owner: 'mapping' as const,
  };
  return { outcomes: records.map(() => ({ kind: 'rejected', reason })), requestId: null, status: null };
}
