import type { Failure } from './call-outcome.js';
import type { CallOptions, OutgoingRecord, ReadResult, StoredRecord } from './connector.js';
import { dropNamed, manifestName, parseManifest, sha256 } from './drop.js';
import { type DropRow, readRows } from './drop-rows.js';
import type { DropStore } from './drop-store.js';

/** Records of a comparison stand in many drops: so many are read at once, where calls under way are not counted. */
const READS_AT_ONCE = 4;

/** Those rows of one drop that were asked for, by the record's key; null: it does not stand there whole. */
type Rows = ReadonlyMap<string, DropRow> | null;
type Read = { readonly rows: Rows } | { readonly failure: Failure };
type Asked = Pick<OutgoingRecord, 'key' | 'targetId'>;

/**
 * Reads the records' rows in the drops that their ids name: manifest first, then the drop, whose bytes have to be the
 * ones that the manifest tells. What is not whole is not there.
 */
export async function readDrops(
  store: DropStore,
  records: readonly Asked[],
  fields: readonly string[],
  options: CallOptions,
  areCallsCounted: boolean,
): Promise<ReadResult> {
  const atOnce = areCallsCounted ? 1 : READS_AT_ONCE;
  const drops = await readAll(store, keysByDrop(records), options, atOnce);
  const found = records.map((record) => rowOf(record, drops, fields));
  const failure = found.find((one) => 'failure' in one)?.failure;
  return {
    records: found.map((one) => ('failure' in one ? undefined : one.stored)),
    requestId: null,
    ...(failure ? { failure } : {}),
  };
}

function keysByDrop(records: readonly Asked[]): ReadonlyMap<string, ReadonlySet<string>> {
  const keys = new Map<string, Set<string>>();
  for (const { key, targetId } of records)
    if (targetId !== null && dropNamed(targetId))
      keys.set(targetId, (keys.get(targetId) ?? new Set()).add(key));
  return keys;
}

async function readAll(
  store: DropStore,
  keysOf: ReadonlyMap<string, ReadonlySet<string>>,
  options: CallOptions,
  atOnce: number,
): Promise<ReadonlyMap<string, Read>> {
  const read = new Map<string, Read>();
  const waiting = keysOf.entries();
  const reader = async (): Promise<void> => {
    for (const [name, keys] of waiting) read.set(name, await readDrop(store, name, keys, options));
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, keysOf.size) }, reader));
  return read;
}

function rowOf(
  { key, targetId }: Asked,
  drops: ReadonlyMap<string, Read>,
  fields: readonly string[],
): { readonly stored: StoredRecord } | { readonly failure: Failure } {
  const drop = drops.get(targetId ?? '');
  if (targetId === null || drop === undefined) return { failure: UNKNOWN };
  if ('failure' in drop) return drop;
  const row = drop.rows?.get(key) ?? null;
  if (dropNamed(targetId)!.operation === 'delete') return row ? { stored: null } : { failure: NOT_TOLD };
  if (row === null) return { stored: null };
  return {
    stored: { targetId, fields: Object.fromEntries(fields.map((name) => [name, row[name] ?? null])) },
  };
}

async function readDrop(
  store: DropStore,
  name: string,
  keys: ReadonlySet<string>,
  options: CallOptions,
): Promise<Read> {
  const told = await store.get(manifestName(name), options);
  if ('failure' in told) return told;
  const manifest = parseManifest(told.text ?? '');
  if (manifest === null) return { rows: null };
  const got = await store.get(name, options);
  if ('failure' in got) return got;
  if (got.text === null || sha256(got.text) !== manifest.sha256) return { rows: null };
  const rows = readRows(got.text, manifest);
  if (rows === null) return { rows };
  const asked = rows.filter((row) => keys.has(String(row[manifest.key])));
  // Copies, since a piece of a text keeps all of it in memory: of a thousand drops that would be gigabytes.
  return { rows: new Map(asked.map((row) => [String(row[manifest.key]), structuredClone(row)])) };
}

const UNKNOWN: Failure = {
  kind: 'retry',
  afterMs: null,
  reason: {
    code: 'unknown-drop',
    message: 'It is not known in which drop this record stands; deliver it again to have it in a new one.',
    owner: 'foyer',
  },
};

const NOT_TOLD: Failure = {
  kind: 'retry',
  afterMs: null,
  reason: {
    code: 'not-stored',
    message: 'The drop that tells of the removal does not stand there whole; it is written again.',
    owner: 'backend',
  },
};
