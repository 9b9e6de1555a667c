/**
 * Compares both sides of one mapping:
 * 1. our side is read at one position of the log: what should stand there, record by record;
 * 2. their side is read page by page where the backend lists what carries our key, else by the keys of ours;
 * 3. what differs is only suspected: it is looked at once more, with the record as it is then and what stands there
 *    then; what moved under the run drops out, what still differs is a discrepancy;
 * 4. the run ends in a certificate: what was counted, and hashes over both sides and over what was found.
 */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { StoredRecord } from '../connectors/connector.js';
import { absent, compareRecord, type OurRecord } from './compare.js';
import type { Discrepancy } from './discrepancy.js';
import { ourSide } from './our-side.js';
import type { Reconciling } from './reconciling.js';
import { Suspicions } from './suspicions.js';

export interface Counts {
  /** Of our records: compared, on their way, not there on purpose. */
  readonly compared: number;
  readonly moving: number;
  readonly leftOut: number;
  /** Seen at the backend. */
  readonly theirs: number;
  /** Looked at once more because they differed, and found to agree or to have moved. */
  readonly cleared: number;
}

export interface Reconciled {
  readonly position: string;
  readonly counts: Counts;
  readonly oursSha256: string;
  readonly theirsSha256: string;
  readonly coverage: 'list' | 'read-back';
  readonly discrepancies: readonly Discrepancy[];
}

/** @throws Error where the backend cannot be read */
export async function reconcile(client: pg.ClientBase, by: Reconciling): Promise<Reconciled> {
  const { rows } = await client.query<{ seq: string }>('select seq from change_head');
  const position = rows[0]!.seq;
  const ours = new Map<string, OurRecord>();
  const others = new Set<string>();
  const suspicions = new Suspicions(by);
  const counts = { compared: 0, moving: 0, leftOut: 0 };
  const oursHash = createHash('sha256');
  for await (const page of ourSide(client, by.mapping, position)) {
    for (const one of page) {
      if (one.kind === 'unaccounted') {
        suspicions.unaccounted(one.key);
        if (one.targetKey !== null) others.add(one.targetKey);
      } else if (one.kind === 'compared') {
        ours.set(one.record.targetKey, one.record);
        oursHash.update(line(one.record.key, one.record.targetKey, one.record.ours));
        counts.compared++;
      } else {
        if (one.targetKey !== null) others.add(one.targetKey);
        counts[one.kind === 'moving' ? 'moving' : 'leftOut']++;
      }
    }
  }
  await by.alive();

  const theirs = new Theirs(ours, others, suspicions, by);
  const { connector, target } = by;
  const isListed = connector.list !== undefined && (connector.lists?.(target) ?? true);
  if (isListed) await theirs.list();
  else await theirs.readBack();
  const { discrepancies, cleared } = await suspicions.confirmed();
  return {
    position,
    counts: { ...counts, theirs: theirs.count, cleared },
    oursSha256: oursHash.digest('hex'),
    theirsSha256: theirs.hash.digest('hex'),
    coverage: isListed ? 'list' : 'read-back',
    discrepancies,
  };
}

class Theirs {
  readonly hash = createHash('sha256');
  count = 0;

  constructor(
    private readonly ours: ReadonlyMap<string, OurRecord>,
    /** Keys of records of ours that are not compared. */
    private readonly others: ReadonlySet<string>,
    private readonly suspicions: Suspicions,
    private readonly by: Reconciling,
  ) {}

  async list(): Promise<void> {
    const { connector, target, mapping } = this.by;
    const seen = new Map<string, string>();
    let page: string | null = null;
    do {
      const read = await connector.list!(target, mapping.writes, page, this.by.options());
      if (read.failure) throw new Error(read.failure.reason.message);
      for (const { key, stored } of read.records) this.meet(key, stored, seen);
      page = read.next;
      await this.by.alive();
    } while (page !== null);
    for (const record of this.ours.values()) {
      if (!seen.has(record.targetKey)) this.suspicions.ours(record);
    }
  }

  /** Finds what is missing or differs; what only they have, nobody asks for. */
  async readBack(): Promise<void> {
    const { connector, target, mapping } = this.by;
    const records = [...this.ours.values()];
    const max = connector.readBackMax(target);
    if (max === 0) throw new Error('This backend can neither list nor read back what it was given.');
    for (let i = 0; i < records.length; i += max) {
      const part = records.slice(i, i + max);
      const keys = part.map(({ targetKey, targetId }) => ({ key: targetKey, targetId }));
      const read = await connector.readBack(target, keys, mapping.writes, this.by.options());
      if (read.failure) throw new Error(read.failure.reason.message);
      part.forEach((record, n) => this.compare(record, read.records[n] ?? null));
      await this.by.alive();
    }
  }

  private meet(key: string, stored: NonNullable<StoredRecord>, seen: Map<string, string>): void {
    if (seen.has(key) && seen.get(key) !== stored.targetId) {
      this.suspicions.duplicate(this.ours.get(key) ?? null, key, [seen.get(key)!, stored.targetId]);
      return;
    }
    seen.set(key, stored.targetId);
    const record = this.ours.get(key);
    if (record) this.compare(record, stored);
    else {
      this.note(stored, key);
      if (!this.others.has(key)) this.suspicions.extra(key, stored.targetId);
    }
  }

  private compare(record: OurRecord, stored: StoredRecord): void {
    if (stored) this.note(stored, record.targetKey);
    const found = stored ? compareRecord(record, stored, this.by) : absent(record);
    if (found) this.suspicions.ours(record);
  }

  private note({ targetId, fields }: NonNullable<StoredRecord>, key: string): void {
    this.count++;
    this.hash.update(line(targetId, key, fields));
  }
}

function line(id: string, key: string, fields: object): string {
  return `${id}\t${key}\t${JSON.stringify(fields)}\n`;
}
