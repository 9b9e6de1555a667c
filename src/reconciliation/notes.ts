import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { OurRow } from './our-rows.js';

/** Bytes of a note: the record's key, the digest of its delivery, and what was seen at the backend. */
const [KEY, DIGEST, SEEN] = [16, 8, 8];
const NOTE = KEY + DIGEST + SEEN;
/** Records noted at most; a mapping with more is compared in full every time. */
const NOTES_MAX = 1_000_000;

/** In place of what was seen: nothing is claimed of such a record, whatever stands there. */
const UNCLAIMED = { moving: Buffer.alloc(SEEN, 0xfe), leftOut: Buffer.alloc(SEEN, 0xff) } as const;
/** Not seen to agree, or without a mark: looked at in every run. */
const DOUBTED = Buffer.alloc(SEEN, 0);

export type Noted =
  | { readonly kind: 'agreed'; readonly digest: Buffer; readonly seen: Buffer }
  | { readonly kind: 'moving' | 'leftOut'; readonly digest: Buffer }
  | { readonly kind: 'doubted' };

/** What a full run saw of each record of ours. */
export interface Notes {
  readonly run: string;
  readonly mappingVersion: number;
  readonly position: string;
  readonly records: ReadonlyMap<string, Noted>;
}

/** What was seen at the backend, as it is noted: which object, and the mark of its last change. */
export function seenAs(targetId: string, mark: string): Buffer {
  return createHash('sha256').update(`${targetId}\t${mark}`).digest().subarray(0, SEEN);
}

/** Gathers in a full run what `keepNotes` keeps. */
export class NoteTaking {
  private readonly seen = new Map<string, Buffer>();
  /** Whether the backend gives any. */
  areThereMarks = false;

  /** Nothing has to stand there, or nothing is claimed of what does. */
  unclaimed(key: string, kind: 'moving' | 'leftOut'): void {
    this.seen.set(key, UNCLAIMED[kind]);
  }

  /** The record was seen there, and agrees. */
  agreed(key: string, targetId: string, mark: string | undefined): void {
    if (mark !== undefined) this.areThereMarks = true;
    this.seen.set(key, mark === undefined ? DOUBTED : seenAs(targetId, mark));
  }

  doubted(key: string): void {
    this.seen.set(key, DOUBTED);
  }

  /** @returns null where there are too many records */
  bytes(digests: ReadonlyMap<string, Buffer>): Buffer | null {
    if (this.seen.size > NOTES_MAX) return null;
    const bytes = Buffer.alloc(this.seen.size * NOTE);
    let at = 0;
    for (const [key, seen] of this.seen) {
      bytes.write(key.replaceAll('-', ''), at, 'hex');
      const digest = digests.get(key);
      if (digest) {
        digest.copy(bytes, at + KEY);
        seen.copy(bytes, at + KEY + DIGEST);
      }
      at += NOTE;
    }
    return bytes;
  }
}

export async function keepNotes(
  pool: pg.Pool,
  { run, mapping, mappingVersion, position }: Omit<Notes, 'records'> & { readonly mapping: string },
  bytes: Buffer | null,
): Promise<void> {
  if (bytes === null) {
    await pool.query('delete from reconciliation_notes where mapping = $1', [mapping]);
    return;
  }
  await pool.query(
    `insert into reconciliation_notes (mapping, run, mapping_version, position, notes) values ($1, $2, $3, $4, $5)
         on conflict (mapping) do update
            set run = excluded.run, mapping_version = excluded.mapping_version, position = excluded.position,
                notes = excluded.notes`,
    [mapping, run, mappingVersion, position, bytes],
  );
}

/** @returns null where the next run has to be a full one: no notes, another version, or one is due */
export async function findNotes(
  pool: pg.Pool,
  mapping: string,
  mappingVersion: number,
  fullEvery: number,
): Promise<Notes | null> {
  const { rows } = await pool.query<{ run: string; position: string; notes: Buffer }>(
    `select n.run, n.position, n.notes
       from reconciliation_notes n join reconciliations f on f.id = n.run
      where n.mapping = $1 and n.mapping_version = $2 and f.state = 'done'
        and (select count(*) from reconciliations r
              where r.mapping = $1 and r.state = 'done' and r.created_at > f.created_at) < $3 - 1`,
    [mapping, mappingVersion, fullEvery],
  );
  const [found] = rows;
  if (!found) return null;
  return { run: found.run, position: found.position, mappingVersion, records: recordsIn(found.notes) };
}

function recordsIn(bytes: Buffer): Map<string, Noted> {
  const records = new Map<string, Noted>();
  for (let at = 0; at + NOTE <= bytes.length; at += NOTE) {
    const digest = bytes.subarray(at + KEY, at + KEY + DIGEST);
    const seen = bytes.subarray(at + KEY + DIGEST, at + NOTE);
    records.set(uuidOf(bytes.toString('hex', at, at + KEY)), noted(digest, seen));
  }
  return records;
}

function noted(digest: Buffer, seen: Buffer): Noted {
  if (seen.equals(DOUBTED)) return { kind: 'doubted' };
  if (seen.equals(UNCLAIMED.moving)) return { kind: 'moving', digest };
  if (seen.equals(UNCLAIMED.leftOut)) return { kind: 'leftOut', digest };
  return { kind: 'agreed', digest, seen };
}

const uuidOf = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;

export function isAsNoted<N extends Noted>(row: OurRow, noted: N): noted is Exclude<N, { kind: 'doubted' }> {
  return noted.kind !== 'doubted' && noted.digest.equals(row.digest);
}
