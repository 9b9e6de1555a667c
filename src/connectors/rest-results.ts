import type { OutgoingRecord, StoredRecord } from './connector.js';
import { idOf } from './rest-answer.js';
import type { Expression } from './shape.js';
import type { Values } from './template.js';

/** Which results are about which record. */
export interface WhoIsWho {
  readonly result: Expression;
  readonly record: Expression;
}

/** The members of all lists of results in an answer; null where there is none at all. */
export function resultsIn(lists: readonly Expression[], values: Values): unknown[] | null {
  const found = lists.map((list) => list(values)).filter((list) => Array.isArray(list)) as unknown[][];
  return found.length === 0 ? null : found.flat();
}

/**
 * For each record the results that are about it. In the order of the records where nothing says who is who: then there
 * must be as many, or null. Null for a record: it goes by no name, or by that of another, and cannot be told apart.
 */
export function claims(
  results: readonly unknown[],
  records: readonly Pick<OutgoingRecord, 'key'>[],
  of: WhoIsWho | null,
  ofRecord: (index: number) => Values,
  ofResult: (result: unknown) => Values,
): (unknown[] | null)[] | null {
  if (of === null) return results.length === records.length ? results.map((result) => [result]) : null;
  const byName = new Map<string, number | null>();
  records.forEach((_, index) => {
    const name = nameOf(of.record(ofRecord(index)));
    if (name !== null) byName.set(name, byName.has(name) ? null : index);
  });
  const known = new Set(byName.values());
  const claimed = records.map((_, index): unknown[] | null => (known.has(index) ? [] : null));
  for (const result of results) {
    const name = nameOf(of.result(ofResult(result)));
    const index = name === null ? null : (byName.get(name) ?? null);
    if (index !== null) claimed[index]!.push(result);
  }
  return claimed;
}

function nameOf(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}

/** What one result says of the record that stands there; null where it tells no id. */
export function storedIn(
  id: Expression,
  where: Readonly<Record<string, Expression>>,
  values: Values,
  fields: readonly string[],
): StoredRecord {
  const targetId = idOf(id(values));
  if (targetId === null) return null;
  const { result } = values;
  const own = (field: string): unknown =>
    typeof result === 'object' && result !== null && Object.hasOwn(result, field)
      ? (result as Record<string, unknown>)[field]
      : undefined;
  const read = fields.map((field) => {
    const declared = Object.hasOwn(where, field) ? where[field] : undefined;
    return [field, declared ? declared(values) : own(field)] as const;
  });
  return { targetId, fields: Object.fromEntries(read) };
}
