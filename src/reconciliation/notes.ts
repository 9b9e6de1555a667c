import type pg from 'pg';
import { fingerprint } from './fingerprint.js';

/** Bytes of a note: the record's key as text, the digest of its delivery, and what was seen at the backend. */
const [KEY, DIGEST, SEEN] = [36, 8, 8];
const NOTE = KEY + DIGEST + SEEN;
/** Records noted at most; a mapping with more is compared in full every time. */
const NOTES_MAX = 1_000_000;

/**
 * In place of what was seen. `doubted`: not seen to agree, or without a mark, and looked at in every run; the others:
 * nothing is claimed of such a record, whatever stands there. What was seen is greater than all of them.
 */
export const SEEN_AS = { doubted: 0, moving: -1, leftOut: -2 } as const;

/** Which object was seen, and the mark of its last change; positive. */
export function seenAs(targetId: string, mark: string): number {
  return fingerprint(`${targetId}\t${mark}`);
}

/** What a full run saw of each record of ours. A record's note is known by its place. */
export class Notes {
  private readonly places = new Map<string, number>();

  constructor(
    readonly run: string,
    /** The number in the log that our side was read at. */
    readonly position: string,
    private readonly bytes: Buffer,
  ) {
    for (let at = 0; at + NOTE <= bytes.length; at += NOTE)
      this.places.set(bytes.toString('latin1', at, at + KEY), at / NOTE);
  }

  get size(): number {
    return this.places.size;
  }

  placeOf(key: string): number | undefined {
    return this.places.get(key);
  }

  keys(): Iterable<[key: string, place: number]> {
    return this.places;
  }

  /** @param digest of the delivery, in decimal digits */
  isDigest(place: number, digest: string): boolean {
    return this.bytes.readBigInt64BE(place * NOTE + KEY) === BigInt(digest);
  }

  seen(place: number): number {
    return this.bytes.readDoubleBE(place * NOTE + KEY + DIGEST);
  }
}

/** Gathers in a full run what `keepNotes` keeps. */
export class NoteTaking {
  private readonly seen = new Map<string, number>();
  /** Whether the backend gives any. */
  areThereMarks = false;

  /** Nothing has to stand there, or nothing is claimed of what does. */
  unclaimed(key: string, kind: 'moving' | 'leftOut'): void {
    this.seen.set(key, SEEN_AS[kind]);
  }

  /** The record was seen there, and agrees. */
  agreed(key: string, targetId: string, mark: string | undefined): void {
    if (mark !== undefined) this.areThereMarks = true;
    this.seen.set(key, mark === undefined ? SEEN_AS.doubted : seenAs(targetId, mark));
  }

  doubted(key: string): void {
    this.seen.set(key, SEEN_AS.doubted);
  }

  /**
   * @param digests of the deliveries, by key
   * @returns null where there are too many records
   */
  bytes(digests: ReadonlyMap<string, string>): Buffer | null {
    if (this.seen.size > NOTES_MAX) return null;
    const bytes = Buffer.alloc(this.seen.size * NOTE);
    let at = 0;
    for (const [key, seen] of this.seen) {
      const digest = digests.get(key);
      bytes.write(key, at, 'latin1');
      bytes.writeBigInt64BE(BigInt(digest ?? 0), at + KEY);
      bytes.writeDoubleBE(digest === undefined ? SEEN_AS.doubted : seen, at + KEY + DIGEST);
      at += NOTE;
    }
    return bytes;
  }
}

/** @param bytes null: the next run is a full one too */
export async function keepNotes(
  pool: pg.Pool,
  of: { run: string; mapping: string; mappingVersion: number; position: string },
  bytes: Buffer | null,
): Promise<void> {
  if (bytes === null) {
    await pool.query('delete from reconciliation_notes where mapping = $1', [of.mapping]);
    return;
  }
  await pool.query(
    `insert into reconciliation_notes (mapping, run, mapping_version, position, notes) values ($1, $2, $3, $4, $5)
         on conflict (mapping) do update
            set run = excluded.run, mapping_version = excluded.mapping_version, position = excluded.position,
                notes = excluded.notes`,
    [of.mapping, of.run, of.mappingVersion, of.position, bytes],
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
  return found ? new Notes(found.run, found.position, found.notes) : null;
}
