import type { Failure } from './call-outcome.js';
import type { Outcome, OutgoingRecord, ReadResult, SendResult } from './connector.js';
import { unsent } from './send-in-parts.js';

/**
 * Removes by id: where an id is not known, the key is looked up first. What stands nowhere is removed already; what
 * could not be looked up is left for later, since nothing was sent.
 */
export async function removeByKey(
  records: readonly OutgoingRecord[],
  lookUp: (records: readonly OutgoingRecord[]) => Promise<ReadResult>,
  remove: (records: readonly OutgoingRecord[]) => Promise<SendResult>,
): Promise<SendResult> {
  const unknown = records.filter(({ targetId }) => targetId === null);
  const read = unknown.length > 0 ? await lookUp(unknown) : null;
  const standing = new Map(unknown.map((record, place) => [record, read?.records[place]]));
  const failure: Failure | undefined = read?.failure;

  const known = records.flatMap((record) => {
    const targetId = record.targetId ?? standing.get(record)?.targetId ?? null;
    return targetId === null ? [] : [{ record, removal: { ...record, targetId } }];
  });
  const result: SendResult =
    known.length > 0
      ? await remove(known.map(({ removal }) => removal))
      : { outcomes: [], requestId: read?.requestId ?? null, status: null };
  const removed = new Map(known.map(({ record }, place) => [record, result.outcomes[place]!]));
  const outcomes = records.map((record): Outcome => {
    if (standing.get(record) === null) return { kind: 'unchanged', targetId: null };
    return removed.get(record) ?? unsent(failure!);
  });
  return { ...result, outcomes };
}
