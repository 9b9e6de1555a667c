import type { Connector, Fields, FieldValue, ObjectTarget } from '../connectors/connector.js';
import type { InTurn } from './calls.js';
import type { PlannedField, PlannedRecord } from './compare-record.js';

/** A record of a plan, with what was read in the fields of which nobody knew what stands there. */
export interface ReadRecord {
  readonly record: PlannedRecord;
  readonly known: Fields | null;
}

/** Who is asked, and how. */
export interface Reader {
  readonly connector: Connector;
  readonly target: ObjectTarget;
  readonly inTurn: InTurn;
}

/** So many reads are under way at once, where the destination allows it. */
const AT_ONCE_MAX = 4;

/**
 * Reads at the backend what nobody knows: `foyer plan --read`. A record of which it turns out that everything stands
 * there as it should is unchanged. What cannot be read stays unknown.
 */
export async function readUnknown(records: readonly PlannedRecord[], reader: Reader): Promise<ReadRecord[]> {
  const max = reader.connector.readBackMax(reader.target);
  const asking = max === 0 ? [] : records.filter(isUnknown);
  const parts: PlannedRecord[][] = [];
  for (let i = 0; i < asking.length; i += max) parts.push(asking.slice(i, i + max));
  const found = new Map<PlannedRecord, ReadRecord>();
  const read = async (): Promise<void> => {
    for (let part = parts.shift(); part; part = parts.shift())
      for (const one of await readPart(part, reader)) found.set(one.of, one.read);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE_MAX, parts.length) }, read));
  return records.map((record) => found.get(record) ?? { record, known: null });
}

async function readPart(
  part: readonly PlannedRecord[],
  { connector, target, inTurn }: Reader,
): Promise<{ readonly of: PlannedRecord; readonly read: ReadRecord }[]> {
  const names = [...new Set(part.flatMap((record) => unknownFields(record).map(({ name }) => name)))];
  const keys = part.map(({ targetKey, targetId }) => ({ key: targetKey!, targetId }));
  const { records: stored } = await inTurn((options) => connector.readBack(target, keys, names, options));
  return part.flatMap((record, n) => {
    const stands = stored[n];
    return stands ? [{ of: record, read: withKnown(record, stands.fields, connector, target) }] : [];
  });
}

/** Only where something is known already: a record of which nothing is known is written whole in any case. */
function isUnknown(record: PlannedRecord): boolean {
  const { kind, targetKey } = record;
  return (kind === 'unknown' || kind === 'changed') && targetKey !== null && unknownFields(record).length > 0;
}

function unknownFields({ fields }: PlannedRecord): PlannedField[] {
  return fields.filter(({ from }) => from === undefined);
}

export function withKnown(
  record: PlannedRecord,
  stored: Readonly<Record<string, unknown>>,
  connector: Connector,
  target: ObjectTarget,
): ReadRecord {
  const known: Record<string, FieldValue> = {};
  const fields = record.fields.flatMap((field): PlannedField[] => {
    if (field.from !== undefined) return [field];
    const { name, to } = field;
    const stands = connector.canonical(target, name, stored[name]);
    const isThere = stands === connector.canonical(target, name, to);
    known[name] = isThere ? to : stands;
    return isThere ? [] : [{ name, from: stands, to }];
  });
  const write = Object.fromEntries(
    Object.entries(record.write ?? {}).filter(([name]) => isLeft(name, fields)),
  );
  const kind = fields.length === 0 ? 'unchanged' : 'changed';
  return { record: { ...record, kind, fields, write }, known };
}

function isLeft(name: string, fields: readonly PlannedField[]): boolean {
  return fields.some((field) => field.name === name);
}
