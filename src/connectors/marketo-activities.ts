/**
 * Custom activities: written once, without a key to know them by again. A call without an answer leaves all of its
 * records in doubt; nothing here sends one a second time except after an answer that says it was not taken.
 */
import { unreadable } from './call-outcome.js';
import type { CallOptions, Fields, Outcome, OutgoingRecord } from './connector.js';
import type { MarketoApi } from './marketo-api.js';
import { errorsIn, meaningOf } from './marketo-errors.js';
import type { PartResult } from './send-in-parts.js';

const OBJECT = /^activity-(\d{1,12})$/;
/** The fields that every activity has; the others are attributes of its type. */
const OWN_FIELDS = new Set(['leadId', 'activityDate', 'primaryAttributeValue']);

/** The type's id in `activity-100001`; null: the object is no activity. */
export function activityTypeOf(object: string): number | null {
  const found = OBJECT.exec(object);
  return found ? Number(found[1]) : null;
}

export function addActivities(
  api: MarketoApi,
  activityTypeId: number,
  records: readonly OutgoingRecord[],
  options: CallOptions,
): Promise<PartResult> {
  const input = records.map(({ fields }) => activity(activityTypeId, fields));
  const outcomeOf = (result: Readonly<Record<string, unknown>>, index: number): Outcome => {
    const { id, marketoGUID: guid, status } = result;
    const errors = [...errorsIn(result.errors), ...errorsIn(result.reasons)];
    if (status === 'skipped' && errors.length > 0) return meaningOf(errors, [records[index]!], api.nowMs());
    const name = guid ?? id;
    const isNamed = (typeof name === 'string' || typeof name === 'number') && name !== '';
    if (status !== 'added') return unreadable(200);
    return { kind: 'written', targetId: isNamed ? String(name) : null, created: true };
  };
  return api.write('activities/external.json', { input }, records, outcomeOf, options);
}

function activity(activityTypeId: number, fields: Fields): object {
  const attributes = Object.entries(fields).filter(
    ([name, value]) => !OWN_FIELDS.has(name) && value !== null,
  );
  return {
    leadId: Number(fields.leadId),
    activityDate: fields.activityDate,
    activityTypeId,
    primaryAttributeValue: fields.primaryAttributeValue,
    attributes: attributes.map(([apiName, value]) => ({ apiName, value })),
  };
}
