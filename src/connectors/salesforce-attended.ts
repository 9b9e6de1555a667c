/**
 * One status of a campaign member has two sources: what becomes of the registration, and what is known of the person's
 * presence. Presence has the last word: who stands in a status of attendance is not moved out of it by a registration
 * that is amended, cancelled or withdrawn later, whoever moved them there. A member that was just made has no presence
 * yet, so only those that stand already are looked at.
 */
import { unconfirmed } from './call-outcome.js';
import type { FieldValue, Outcome, OutgoingRecord, ReadResult, SendResult } from './connector.js';
import { unsent } from './send-in-parts.js';

const STATUS = 'Status';

/** Is a member who stands in `stored` past what was wanted? */
export function isOutdone(
  attendance: ReadonlySet<FieldValue>,
  wanted: FieldValue,
  stored: FieldValue,
): boolean {
  return !attendance.has(wanted) && attendance.has(stored);
}

/**
 * Leaves out the status where it is outdone, and sends what there is else to write.
 * @param read the members' statuses as they stand
 */
export async function keepAttended(
  records: readonly OutgoingRecord[],
  attendance: ReadonlySet<FieldValue>,
  read: (records: readonly OutgoingRecord[]) => Promise<ReadResult>,
  send: (records: readonly OutgoingRecord[]) => Promise<SendResult>,
): Promise<SendResult> {
  const mayBeOutdone = ({ targetId, fields }: OutgoingRecord): boolean =>
    targetId !== null && fields[STATUS] !== undefined && !attendance.has(fields[STATUS]);
  const asked = records.filter(mayBeOutdone);
  if (asked.length === 0) return send(records);

  const { records: standing, failure, requestId } = await read(asked);
  const stands = new Map(asked.map((record, place) => [record, standing[place]]));
  const outcomes = new Map<OutgoingRecord, Outcome>();
  const open: { readonly record: OutgoingRecord; readonly write: OutgoingRecord }[] = [];
  for (const record of records) {
    const stored = stands.get(record);
    if (stands.has(record) && stored === undefined) outcomes.set(record, unsent(failure ?? unconfirmed(200)));
    else if (stored && attendance.has(stored.fields[STATUS] as FieldValue)) {
      const { [STATUS]: _, ...fields } = record.fields;
      open.push({ record, write: { ...record, fields } });
    } else open.push({ record, write: record });
  }
  const result = await send(open.map(({ write }) => write));
  open.forEach(({ record }, place) => outcomes.set(record, result.outcomes[place]!));
  return {
    ...result,
    requestId: result.requestId ?? requestId,
    outcomes: records.map((record) => outcomes.get(record)!),
  };
}
