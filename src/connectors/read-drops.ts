import type { Failure } from './call-outcome.js';
import type { CallOptions, OutgoingRecord, ReadResult, StoredRecord } from './connector.js';
import { dropNamed, manifestName, parseManifest, sha256 } from './drop.js';
import { type DropRow, readRows } from './drop-rows.js';
import type { DropStore } from './drop-store.js';

/** The rows of one drop by the record's key; null: it does not stand there whole. */
type Rows = ReadonlyMap<string, DropRow> | null;

/**
 * Reads the records' rows in the drops that their ids name: manifest first, then the drop, whose bytes have to be the
 * ones that the manifest tells. What is not whole is not there.
 */
export async function readDrops(
  store: DropStore,
  records: readonly Pick<OutgoingRecord, 'key' | 'targetId'>[],
  fields: readonly string[],
  options: CallOptions,
): Promise<ReadResult> {
  const read = new Map<string, { rows: Rows } | { failure: Failure }>();
  let failure: Failure | undefined;
  const stored: (StoredRecord | undefined)[] = [];
  for (const { key, targetId } of records) {
    const named = dropNamed(targetId);
    if (targetId === null || named === null) {
      failure ??= UNKNOWN;
      stored.push(undefined);
      continue;
    }
    const drop = read.get(targetId) ?? (await readDrop(store, targetId, options));
    read.set(targetId, drop);
    const row = 'rows' in drop ? (drop.rows?.get(key) ?? null) : null;
    const isLost = named.operation === 'delete' && row === null;
    if ('failure' in drop || isLost) {
      failure ??= 'failure' in drop ? drop.failure : NOT_TOLD;
      stored.push(undefined);
    } else if (row === null || named.operation === 'delete') stored.push(null);
    else
      stored.push({ targetId, fields: Object.fromEntries(fields.map((name) => [name, row[name] ?? null])) });
  }
  return { records: stored, requestId: null, ...(failure ? { failure } : {}) };
}

async function readDrop(
  store: DropStore,
  name: string,
  options: CallOptions,
): Promise<{ rows: Rows } | { failure: Failure }> {
  const told = await store.get(manifestName(name), options);
  if ('failure' in told) return told;
  const manifest = parseManifest(told.text ?? '');
  if (manifest === null) return { rows: null };
  const got = await store.get(name, options);
  if ('failure' in got) return got;
  if (got.text === null || sha256(got.text) !== manifest.sha256) return { rows: null };
  const rows = readRows(got.text, manifest);
  return { rows: rows && new Map(rows.map((row) => [String(row[manifest.key]), row])) };
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
