import type { Connector, Fields, FieldValue, ObjectTarget, StoredRecord } from '../connectors/connector.js';
import type { CompiledMapping } from '../mapping/compiled-mapping.js';
import type { Discrepancy, DriftedField } from './discrepancy.js';

/** One record of ours as it should stand there. */
export interface OurRecord {
  readonly key: string;
  readonly targetKey: string;
  readonly targetId: string | null;
  /** What the mapping makes of it now. */
  readonly ours: Fields;
  /** What is known to have been written there last; null: not known. */
  readonly lastWritten: Fields | null;
}

/** What compares. */
export interface Comparing {
  readonly mapping: CompiledMapping;
  readonly connector: Connector;
  readonly target: ObjectTarget;
}

/** Nothing stands there under the record's key or id. */
export function absent({ key, targetKey, targetId }: OurRecord): Discrepancy {
  const kind = targetId === null ? 'missing' : 'deleted';
  return { kind, key, targetKey, targetId, fields: [], repair: 'write' };
}

/**
 * Compares field by field in the backend's canonical form. A field that belongs to the destination, or only its first
 * write to us, may differ.
 * @returns null where both sides agree
 */
export function compareRecord(
  record: OurRecord,
  stored: NonNullable<StoredRecord>,
  by: Comparing,
): Discrepancy | null {
  const { key, targetKey, targetId, ours, lastWritten } = record;
  const base = { key, targetKey, targetId: stored.targetId, repair: 'write' as const };
  if (targetId !== null && !isSameId(targetId, stored.targetId))
    return { ...base, kind: 'merged', fields: [] };
  const fields = drifted(ours, lastWritten, stored.fields, by);
  if (fields.length === 0) return null;
  const isOurs = lastWritten !== null && fields.every(({ theirs, lastWritten: last }) => theirs === last);
  return { ...base, kind: isOurs ? 'stale' : 'drifted', fields };
}

function drifted(
  ours: Fields,
  lastWritten: Fields | null,
  stored: Readonly<Record<string, unknown>>,
  { mapping, connector, target }: Comparing,
): DriftedField[] {
  const found: DriftedField[] = [];
  const canonical = (field: string, value: unknown): FieldValue => connector.canonical(target, field, value);
  for (const [field, value] of Object.entries(ours)) {
    const owner = mapping.fields.find(({ name }) => name === field)?.owner ?? 'foyer';
    if (owner !== 'foyer') continue;
    const want = canonical(field, value);
    const theirs = canonical(field, stored[field]);
    if (want === theirs || connector.isFulfilled?.(target, field, want, theirs)) continue;
    const last = canonical(field, lastWritten?.[field]);
    found.push({ field, theirs, ours: want, lastWritten: last, owner });
  }
  return found;
}

/** Salesforce tells an id in 15 characters or, with a checksum, in 18. */
function isSameId(left: string, right: string): boolean {
  if (left === right) return true;
  return (
    left.length >= 15 &&
    right.length >= 15 &&
    left.slice(0, 15) === right.slice(0, 15) &&
    left.length !== right.length
  );
}
