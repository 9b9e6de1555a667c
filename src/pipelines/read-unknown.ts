import type { CallOptions, Connector, Fields, FieldValue, ObjectTarget } from '../connectors/connector.js';
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
  readonly options: () => CallOptions;
}

/**
 * Reads at the backend what nobody knows: `foyer plan --read`. A record of which it turns out that everything stands
 * there as it should is unchanged. What cannot be read stays unknown.
 */
export async function readUnknown(
  records: readonly PlannedRecord[],
  { connector, target, options }: Reader,
): Promise<ReadRecord[]> {
  const max = connector.readBackMax(target);
  const found = new Map<PlannedRecord, ReadRecord>();
  const asking = max === 0 ? [] : records.filter(isUnknown);
  for (let i = 0; i < asking.length; i += max) {
    const part = asking.slice(i, i + max);
    const names = [...new Set(part.flatMap((record) => unknownFields(record).map(({ name }) => name)))];
    const keys = part.map(({ targetKey, targetId }) => ({ key: targetKey!, targetId }));
    const { records: stored } = await connector.readBack(target, keys, names, options());
    part.forEach((record, n) => {
      const stands = stored[n];
      if (stands) found.set(record, withKnown(record, stands.fields, connector, target));
    });
  }
  return records.map((record) => found.get(record) ?? { record, known: null });
}

/** Only where something is known already: a record of which nothing is known is written whole in any case. */
function isUnknown(record: PlannedRecord): boolean {
  const { kind, targetKey } = record;
  return (kind === 'unknown' || kind === 'changed') && targetKey !== null && unknownFields(record).length > 0;
}

function unknownFields({ fields }: PlannedRecord): PlannedField[] {
  return fields.filter(({ from }) => from === undefined);
}

function withKnown(
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
