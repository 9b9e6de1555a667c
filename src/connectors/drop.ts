/**
 * Drops: files of rows, each with a manifest. A drop's name is made of what it holds, so that the same records in the
 * same state always make the same file with the same bytes, whoever writes it and however often.
 *
 *     <object>/dt=<day>/<object>-<first seq>-<last seq>-<hash>.csv          or -<hash>-delete.csv
 *     <object>/_manifests/dt=<day>/<the same name>.json
 *
 * The day is that of the last change in it, in UTC. A folder that begins with _ is passed over by what reads
 * partitioned tables (Hive, Spark, Athena).
 */
import { createHash } from 'node:crypto';
import type { ObjectTarget, OutgoingRecord, WrittenChange } from './connector.js';
import { type DropFormat, type DropRow, headOf, lineOf, type RowForm } from './drop-rows.js';

/** Well below the size of an answer that is read at once, and below where an upload in parts pays. */
const DROP_BYTES_MAX = 4 * 1024 * 1024;
const HASH_CHARACTERS = 16;

/** What a row says of itself, before the fields of the mapping. */
export const OWN_COLUMNS = [
  'foyer_operation',
  'foyer_seq',
  'foyer_changed_at',
  'foyer_mapping_version',
] as const;

export type DropOperation = 'upsert' | 'delete';
export type DatedRecord = OutgoingRecord & { readonly change: WrittenChange };

export interface DropForm {
  readonly format: DropFormat;
  readonly formulaGuard: boolean;
}

export interface Drop {
  /** Below the prefix; it is also the id that its records have at the destination. */
  readonly name: string;
  readonly text: string;
  readonly type: string;
  readonly manifest: string;
  readonly records: readonly OutgoingRecord[];
}

/** What a manifest says; written when the drop stands there whole. */
export interface Manifest {
  readonly manifest: 1;
  readonly drop: string;
  readonly object: string;
  readonly operation: DropOperation;
  readonly format: DropFormat;
  readonly formulaGuard: boolean;
  readonly key: string;
  readonly columns: readonly string[];
  readonly rows: number;
  readonly bytes: number;
  /** Of the drop's bytes, in hexadecimal digits. */
  readonly sha256: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/** One drop of all records, or several where they would be too large; the same records always make the same ones. */
export function makeDrops(
  target: ObjectTarget,
  operation: DropOperation,
  records: readonly DatedRecord[],
  { format, formulaGuard }: DropForm,
): Drop[] {
  const sorted = [...records].sort(bySeq);
  const form = { format, formulaGuard, columns: columnsOf(target, sorted) };
  const lines = sorted.map((record) => lineOf(rowOf(target, operation, record), form));
  return cut(lines).map(([from, to]) =>
    drop(target, operation, sorted.slice(from, to), headOf(form) + lines.slice(from, to).join(''), form),
  );
}

/** Where the manifest of a drop stands. */
export function manifestName(drop: string): string {
  return `${drop.replace('/', '/_manifests/')}.json`;
}

/** Which drop a record's id names; null: none that we made. */
export function dropNamed(id: string | null): { operation: DropOperation } | null {
  const name = /^\w[\w.-]*\/dt=\d{4}-\d\d-\d\d\/\w[\w.-]*-\d+-\d+-[0-9a-f]{16}(-delete)?\.(?:csv|ndjson)$/;
  const match = name.exec(id ?? '');
  return match && { operation: match[1] === undefined ? 'upsert' : 'delete' };
}

/** Null: it is no manifest, or not a whole one. */
export function parseManifest(text: string): Manifest | null {
  try {
    const parsed = JSON.parse(text) as Manifest | null;
    return parsed?.manifest === 1 ? parsed : null;
  } catch {
    return null;
  }
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function bySeq(one: DatedRecord, other: DatedRecord): number {
  const [first, second] = [BigInt(one.change.seq), BigInt(other.change.seq)];
  if (first !== second) return first < second ? -1 : 1;
  return one.key < other.key ? -1 : 1;
}

/** All fields of the mapping where they are known, so that drop after drop has the same header. */
function columnsOf({ keyField, fields = [] }: ObjectTarget, records: readonly OutgoingRecord[]): string[] {
  const others = [...new Set(records.flatMap((record) => Object.keys(record.fields)))].sort();
  return [...new Set([...OWN_COLUMNS, keyField, ...fields, ...others])];
}

function rowOf(
  target: ObjectTarget,
  operation: DropOperation,
  { key, fields, change }: DatedRecord,
): DropRow {
  return {
    ...fields,
    foyer_operation: operation,
    foyer_seq: Number(change.seq),
    foyer_changed_at: change.at.toISOString(),
    foyer_mapping_version: target.mappingVersion ?? null,
    [target.keyField]: key,
  };
}

/** From where to where a drop goes. */
function cut(lines: readonly string[]): [number, number][] {
  const parts: [number, number][] = [];
  let from = 0;
  let bytes = 0;
  lines.forEach((line, place) => {
    const size = Buffer.byteLength(line);
    if (place > from && bytes + size > DROP_BYTES_MAX) {
      parts.push([from, place]);
      from = place;
      bytes = 0;
    }
    bytes += size;
  });
  if (lines.length > 0) parts.push([from, lines.length]);
  return parts;
}

function drop(
  { object, keyField }: ObjectTarget,
  operation: DropOperation,
  records: readonly DatedRecord[],
  text: string,
  { format, formulaGuard, columns }: RowForm,
): Drop {
  const last = records.at(-1)!.change;
  const firstSeq = Number(records[0]!.change.seq);
  const lastSeq = Number(last.seq);
  const hash = sha256(text);
  const day = last.at.toISOString().slice(0, 10);
  const kind = operation === 'delete' ? '-delete' : '';
  const file = `${object}-${firstSeq}-${lastSeq}-${hash.slice(0, HASH_CHARACTERS)}${kind}.${format}`;
  const name = `${object}/dt=${day}/${file}`;
  const manifest: Manifest = {
    manifest: 1,
    drop: name,
    object,
    operation,
    format,
    formulaGuard: format === 'csv' && formulaGuard,
    key: keyField,
    columns,
    rows: records.length,
    bytes: Buffer.byteLength(text),
    sha256: hash,
    firstSeq,
    lastSeq,
  };
  const type = format === 'csv' ? 'text/csv; charset=utf-8; header=present' : 'application/x-ndjson';
  return { name, text, type, manifest: `${JSON.stringify(manifest, null, 2)}\n`, records };
}
