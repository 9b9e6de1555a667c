/**
 * Compares both sides of one mapping in full:
 * 1. our side is read at one position of the log: what should stand there, record by record;
 * 2. their side is read page by page where the backend lists what carries our key, else by the keys of ours;
 * 3. what differs is only suspected: it is looked at once more, with the record as it is then and what stands there
 *    then; what moved under the run drops out, what still differs is a discrepancy;
 * 4. the run ends in a certificate: what was counted, and hashes over both sides and over what was found; what was
 *    seen to agree is noted, so that the next runs need only look at what moved since (reconcile-since.ts).
 */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { Listed, StoredRecord } from '../connectors/connector.js';
import { absent, compareRecord, type OurRecord } from './compare.js';
import type { Discrepancy } from './discrepancy.js';
import { canList, listing } from './listing.js';
import { NoteTaking } from './notes.js';
import { ourRows } from './our-rows.js';
import { ourSide } from './our-side.js';
import type { Reconciling } from './reconciling.js';
import { Suspicions } from './suspicions.js';

export interface Counts {
  /** Of our records: compared, on their way, not there on purpose. */
  readonly compared: number;
  /** Of those compared, field by field in this run; the others have not moved since the run it builds on. */
  readonly afresh: number;
  /** A run of kind `since` counts here all that it could not look at. */
  readonly moving: number;
  readonly leftOut: number;
  /** Seen at the backend. */
  readonly theirs: number;
  /** Looked at once more because they differed, and found to agree or to have moved. */
  readonly cleared: number;
}

export interface Reconciled {
  /** `full`: all was compared field by field; `since`: what moved on either side since a full run. */
  readonly kind: 'full' | 'since';
  /** The full run that a run of kind `since` builds on. */
  readonly basedOn: string | null;
  readonly position: string;
  readonly counts: Counts;
  readonly oursSha256: string;
  readonly theirsSha256: string;
  readonly coverage: 'list' | 'read-back';
  readonly discrepancies: readonly Discrepancy[];
}

/**
 * @returns with the notes for the runs after it; null where the backend gives no marks
 * @throws Error where the backend cannot be read
 */
export async function reconcile(
  client: pg.ClientBase,
  by: Reconciling,
): Promise<Reconciled & { readonly notes: Buffer | null }> {
  const { rows } = await client.query<{ seq: string }>('select seq from change_head');
  const position = rows[0]!.seq;
  const ours = new Map<string, OurRecord>();
  const others = new Set<string>();
  const suspicions = new Suspicions(by);
  const notes = new NoteTaking();
  const counts = { compared: 0, moving: 0, leftOut: 0 };
  const oursHash = createHash('sha256');
  let read = 0;
  for await (const page of ourSide(client, by.mapping, by.needs, position)) {
    by.note({ reading: 'ours', done: (read += page.length), of: null });
    for (const one of page) {
      if (one.kind === 'unaccounted') {
        suspicions.unaccounted(one.key);
        notes.doubted(one.key);
        if (one.targetKey !== null) others.add(one.targetKey);
      } else if (one.kind === 'compared') {
        ours.set(one.record.targetKey, one.record);
        notes.doubted(one.record.key);
        oursHash.update(line(one.record.key, one.record.targetKey, one.record.ours));
        counts.compared++;
      } else {
        if (one.targetKey !== null) others.add(one.targetKey);
        const kind = one.kind === 'moving' ? 'moving' : 'leftOut';
        notes.unclaimed(one.key, kind);
        counts[kind]++;
      }
    }
  }

  const theirs = new Theirs(ours, others, suspicions, notes, by);
  const isListed = canList(by.connector, by.target);
  if (isListed) await theirs.list();
  else await theirs.readBack();
  const { discrepancies, cleared } = await suspicions.confirmed();
  return {
    kind: 'full',
    basedOn: null,
    position,
    counts: { ...counts, afresh: counts.compared, theirs: theirs.count, cleared },
    oursSha256: oursHash.digest('hex'),
    theirsSha256: theirs.hash.digest('hex'),
    coverage: isListed ? 'list' : 'read-back',
    discrepancies,
    notes: await notesOf(client, notes, by),
  };
}

async function notesOf(
  client: pg.ClientBase,
  notes: NoteTaking,
  { mapping }: Reconciling,
): Promise<Buffer | null> {
  if (!notes.areThereMarks) return null;
  const digests = new Map<string, string>();
  for await (const page of ourRows(client, mapping.name))
    for (const { key, digest } of page) digests.set(key, digest);
  return notes.bytes(digests);
}

class Theirs {
  readonly hash = createHash('sha256');
  count = 0;

  constructor(
    private readonly ours: ReadonlyMap<string, OurRecord>,
    /** Keys of records of ours that are not compared. */
    private readonly others: ReadonlySet<string>,
    private readonly suspicions: Suspicions,
    private readonly notes: NoteTaking,
    private readonly by: Reconciling,
  ) {}

  async list(): Promise<void> {
    const seen = new Map<string, string>();
    for await (const records of listing(this.by, this.by.mapping.writes)) this.meetAll(records, seen);
    for (const record of this.ours.values()) {
      if (!seen.has(record.targetKey)) this.suspicions.ours(record.key);
    }
  }

  /** Finds what is missing or differs; what only they have, nobody asks for. */
  async readBack(): Promise<void> {
    const { connector, target, mapping } = this.by;
    const records = [...this.ours.values()];
    const max = connector.readBackMax(target);
    if (max === 0) throw new Error('This backend can neither list nor read back what it was given.');
    for (let i = 0; i < records.length; i += max) {
      this.by.note({ reading: 'theirs', done: i, of: records.length });
      const part = records.slice(i, i + max);
      const keys = part.map(({ targetKey, targetId }) => ({ key: targetKey, targetId }));
      const read = await this.by.inTurn((options) =>
        connector.readBack(target, keys, mapping.writes, options),
      );
      if (read.failure) throw new Error(read.failure.reason.message);
      part.forEach((record, n) => this.compare(record, read.records[n] ?? null, undefined));
    }
  }

  private meetAll(records: readonly Listed[], seen: Map<string, string>): void {
    for (const one of records) this.meet(one, seen);
    this.by.note({ reading: 'theirs', done: this.count, of: this.ours.size });
  }

  private meet({ key, stored, mark }: Listed, seen: Map<string, string>): void {
    if (seen.has(key) && seen.get(key) !== stored.targetId) {
      this.suspicions.duplicate(this.ours.get(key) ?? null, key, [seen.get(key)!, stored.targetId]);
      return;
    }
    seen.set(key, stored.targetId);
    const record = this.ours.get(key);
    if (record) this.compare(record, stored, mark);
    else {
      this.note(stored, key);
      if (!this.others.has(key)) this.suspicions.extra(key, stored.targetId);
    }
  }

  private compare(record: OurRecord, stored: StoredRecord, mark: string | undefined): void {
    if (stored) this.note(stored, record.targetKey);
    const found = stored ? compareRecord(record, stored, this.by) : absent(record);
    if (found) this.suspicions.ours(record.key);
    else this.notes.agreed(record.key, stored!.targetId, mark);
  }

  private note({ targetId, fields }: NonNullable<StoredRecord>, key: string): void {
    this.count++;
    this.hash.update(line(targetId, key, fields));
  }
}

function line(id: string, key: string, fields: object): string {
  return `${id}\t${key}\t${JSON.stringify(fields)}\n`;
}
