/**
 * Compares what moved since a full run, of which it has the notes:
 * 1. our side: whose delivery has another digest than noted, or changed in the log since, moved;
 * 2. their side is read whole, but ids and marks only: what has another mark than noted, is gone or new, moved;
 * 3. what moved on either side, and what the full run did not see to agree, is suspected, and looked at field by field
 *    as a full run does with what differs.
 *
 * So it finds whatever a full run finds and the backend's own marks show. Nothing here asks an index: whether a search
 * has caught up nobody can tell.
 */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { Listed } from '../connectors/connector.js';
import { canList, listing } from './listing.js';
import { type Notes, SEEN_AS, seenAs } from './notes.js';
import { changedSince, type OurRow, ourRows, targetKeysOf } from './our-rows.js';
import type { Counts, Reconciled } from './reconcile.js';
import type { Reconciling } from './reconciling.js';
import { type OurIdentity, Suspicions } from './suspicions.js';

/** So many are looked at one by one; where more moved, a full run is the shorter way. */
const SUSPECTED_MAX = { least: 1_000, share: 0.05 };

/**
 * @returns null where a full run is the shorter way
 * @throws Error where the backend cannot be read
 */
export async function reconcileSince(
  client: pg.ClientBase,
  by: Reconciling,
  notes: Notes,
): Promise<Reconciled | null> {
  if (!canList(by.connector, by.target)) return null;
  const { rows } = await client.query<{ seq: string }>('select seq from change_head');
  const position = rows[0]!.seq;
  const look = new Look(by, notes, await changedSince(client, by.mapping.stream, notes.position, position));
  let read = 0;
  for await (const page of ourRows(client, by.mapping.name)) {
    look.ours(page);
    by.note({ reading: 'ours', done: (read += page.length), of: null });
  }
  const without = look.withoutRow();
  for (const targetKey of await targetKeysOf(client, by.mapping, by.needs, without, position))
    look.others.add(targetKey);
  if (look.isTooMuch()) return null;
  for await (const page of listing(by, [])) {
    look.theirs(page);
    by.note({ reading: 'theirs', done: look.count, of: read });
    if (look.isTooMuch()) return null;
  }
  look.end();
  if (look.isTooMuch()) return null;
  const { discrepancies, cleared, looked } = await look.suspicions.confirmed();
  return {
    kind: 'since',
    basedOn: notes.run,
    position,
    counts: look.counts(looked, cleared),
    oursSha256: look.oursHash.digest('hex'),
    theirsSha256: look.theirsHash.digest('hex'),
    coverage: 'list',
    discrepancies,
  };
}

interface Agreed {
  readonly record: OurIdentity;
  readonly seen: number;
}

class Look {
  readonly suspicions: Suspicions;
  readonly oursHash = createHash('sha256');
  readonly theirsHash = createHash('sha256');
  /** Keys there that records of ours have of which nothing is claimed. */
  readonly others = new Set<string>();
  /** By their keys there: those that agree as long as what stands there has not moved. */
  private readonly agreed = new Map<string, Agreed>();
  private readonly suspected = new Map<string, OurIdentity>();
  private readonly unclaimed = { moving: 0, leftOut: 0 };
  private moved = 0;
  count = 0;
  private readonly seen = new Map<string, string>();
  /** By the places of the notes: whether the record has a delivery. */
  private readonly hasRow: Uint8Array;
  private readonly changed: Set<string>;
  private readonly max: number;

  constructor(
    by: Reconciling,
    private readonly notes: Notes,
    changed: ReadonlySet<string>,
  ) {
    this.suspicions = new Suspicions(by);
    this.hasRow = new Uint8Array(notes.size);
    this.changed = new Set(changed);
    this.max = Math.max(SUSPECTED_MAX.least, notes.size * SUSPECTED_MAX.share);
  }

  isTooMuch(): boolean {
    return this.suspicions.size > this.max;
  }

  counts(looked: number, cleared: number): Counts {
    const { moving, leftOut } = this.unclaimed;
    return {
      compared: this.agreed.size + looked,
      afresh: looked,
      moving: moving + this.moved - looked,
      leftOut,
      theirs: this.count,
      cleared,
    };
  }

  ours(page: readonly OurRow[]): void {
    for (const row of page) this.ourRow(row);
    const lines = page.map(({ key, targetKey, digest }) => `${key}\t${targetKey ?? ''}\t${digest}\n`);
    this.oursHash.update(lines.join(''));
  }

  private ourRow(row: OurRow): void {
    const { key, targetKey, digest } = row;
    const place = this.notes.placeOf(key);
    if (place !== undefined) this.hasRow[place] = 1;
    const isStill = !this.changed.delete(key) && place !== undefined && this.notes.isDigest(place, digest);
    const seen = isStill ? this.notes.seen(place) : SEEN_AS.doubted;
    if (seen === SEEN_AS.doubted) this.suspect(row);
    else if (seen === SEEN_AS.moving) this.leave('moving', targetKey);
    else if (seen === SEEN_AS.leftOut) this.leave('leftOut', targetKey);
    else this.agreed.set(targetKey!, { record: row, seen });
  }

  /** Records without a delivery, all of them suspected to be unaccounted for. */
  withoutRow(): string[] {
    const keys = new Set(this.changed);
    for (const [key, place] of this.notes.keys()) if (this.hasRow[place] === 0) keys.add(key);
    for (const key of keys) this.suspicions.unaccounted(key);
    return [...keys];
  }

  theirs(page: readonly Listed[]): void {
    for (const one of page) this.theirOne(one);
    const lines = page.map(({ key, stored, mark }) => `${stored.targetId}\t${key}\t${mark ?? ''}\n`);
    this.theirsHash.update(lines.join(''));
  }

  private theirOne({ key, stored: { targetId }, mark }: Listed): void {
    const first = this.seen.get(key);
    if (first !== undefined && first !== targetId) {
      const record = this.agreed.get(key)?.record ?? this.suspected.get(key) ?? null;
      this.suspicions.duplicate(record, key, [first, targetId]);
      return;
    }
    this.seen.set(key, targetId);
    this.count++;
    const agreed = this.agreed.get(key);
    if (agreed) {
      if (mark === undefined || seenAs(targetId, mark) !== agreed.seen) this.hasMovedThere(key, agreed);
    } else if (!this.others.has(key) && !this.suspected.has(key)) this.suspicions.extra(key, targetId);
  }

  /** What was there and is not any more. */
  end(): void {
    for (const [targetKey, agreed] of this.agreed)
      if (!this.seen.has(targetKey)) this.hasMovedThere(targetKey, agreed);
  }

  private leave(kind: 'moving' | 'leftOut', targetKey: string | null): void {
    this.unclaimed[kind]++;
    if (targetKey !== null) this.others.add(targetKey);
  }

  private suspect(row: OurRow): void {
    if (row.targetKey !== null) this.suspected.set(row.targetKey, row);
    this.afresh(row.key);
  }

  private hasMovedThere(targetKey: string, { record }: Agreed): void {
    this.agreed.delete(targetKey);
    this.suspected.set(targetKey, record);
    this.afresh(record.key);
  }

  private afresh(key: string): void {
    this.moved++;
    this.suspicions.ours(key);
  }
}
