import type { StoredRecord } from '../connectors/connector.js';
import { absent, compareRecord, type OurRecord } from './compare.js';
import type { Discrepancy } from './discrepancy.js';
import type { Reconciling } from './reconciling.js';
import { see } from './seen.js';

/** Which record of ours, and which object it was last written to. */
export type OurIdentity = Pick<OurRecord, 'key' | 'targetId'>;

/** What seems to differ, until it was looked at once more. */
export class Suspicions {
  private readonly records = new Set<string>();
  private readonly extras = new Map<string, string>();
  private readonly duplicates = new Map<string, { record: OurIdentity | null; ids: Set<string> }>();
  private readonly withoutDelivery: string[] = [];
  /** Records that were looked at once more: the others of those suspected are on the move, or need not stand there. */
  private looked = 0;

  constructor(private readonly by: Reconciling) {}

  /** How many there are. */
  get size(): number {
    return this.records.size + this.extras.size + this.duplicates.size + this.withoutDelivery.length;
  }

  /** @param key the record's */
  ours(key: string): void {
    this.records.add(key);
  }

  extra(targetKey: string, targetId: string): void {
    this.extras.set(targetKey, targetId);
  }

  duplicate(record: OurIdentity | null, targetKey: string, ids: readonly string[]): void {
    const known = this.duplicates.get(targetKey) ?? { record, ids: new Set<string>() };
    for (const id of ids) known.ids.add(id);
    this.duplicates.set(targetKey, known);
  }

  unaccounted(key: string): void {
    this.withoutDelivery.push(key);
  }

  async confirmed(): Promise<{ discrepancies: Discrepancy[]; cleared: number; looked: number }> {
    const discrepancies = [
      ...(await this.confirmedRecords()),
      ...(await this.confirmedExtras()),
      ...(await this.confirmedDuplicates()),
      ...(await this.confirmedUnaccounted()),
    ];
    const duplicates = discrepancies.filter(({ kind }) => kind === 'duplicate');
    const keys = new Set(duplicates.map(({ targetKey }) => targetKey));
    const found = discrepancies.length - duplicates.length + keys.size;
    return { discrepancies, cleared: this.size - found, looked: this.looked };
  }

  private async confirmedRecords(): Promise<Discrepancy[]> {
    const { connector, target, mapping } = this.by;
    const found: Discrepancy[] = [];
    const max = Math.max(1, connector.readBackMax(target));
    const keys = [...this.records];
    for (let i = 0; i < keys.length; i += max) {
      this.by.note({ reading: 'again', done: i, of: keys.length });
      const now = [...(await this.by.again(keys.slice(i, i + max))).values()];
      if (now.length === 0) continue;
      this.looked += now.length;
      // By key and not by id: what answers to the key is what counts, and an id that was merged answers for another.
      const isById = connector.readsByIdOnly?.(target) ?? false;
      const asked = now.map(({ targetKey, targetId }) => ({
        key: targetKey,
        targetId: isById ? targetId : null,
      }));
      const read = await this.by.inTurn((options) =>
        connector.readBack(target, asked, mapping.writes, options),
      );
      if (read.failure) throw new Error(read.failure.reason.message);
      const standing = await this.by.again(now.map(({ key }) => key));
      now.forEach((record, n) => {
        // Delivered anew between the two looks: it moved.
        if (!isSame(record, standing.get(record.key))) return;
        const one = this.judged(record, read.records[n] ?? null);
        if (one && !this.isDuplicate(record, one)) found.push(one);
      });
    }
    return found;
  }

  private judged(record: OurRecord, stored: StoredRecord): Discrepancy | null {
    return stored ? compareRecord(record, stored, this.by) : absent(record);
  }

  /** Of several under one key any may answer: that is what the duplicate says already. */
  private isDuplicate({ targetKey }: OurRecord, { kind }: Discrepancy): boolean {
    return kind === 'merged' && this.duplicates.has(targetKey);
  }

  private async confirmedExtras(): Promise<Discrepancy[]> {
    const known = await this.by.known([...this.extras.keys()]);
    const extras = [...this.extras].flatMap(([targetKey, targetId]): Discrepancy[] => {
      if (known.has(targetKey)) return [];
      return [{ kind: 'extra', key: null, targetKey, targetId, fields: [], repair: this.removal() }];
    });
    return this.stillThere(extras);
  }

  /** With how they stand there now, so that a removal can see whether they are still the same. */
  private async stillThere(found: readonly Discrepancy[]): Promise<Discrepancy[]> {
    const suspects = found.map(({ targetKey, targetId }) => ({ targetKey: targetKey!, targetId: targetId! }));
    const seen = await see(suspects, this.by);
    return found.flatMap((one, n): Discrepancy[] => {
      const now = seen[n]!;
      if (now.kind === 'unread')
        throw new Error(now.failure?.reason.message ?? 'What is too much could not be read.');
      if (now.kind === 'gone' || now.kind === 'released') return [];
      return [now.kind === 'there' ? { ...one, seen: now.sha256 } : one];
    });
  }

  /** One discrepancy for each object beside ours. */
  private async confirmedDuplicates(): Promise<Discrepancy[]> {
    const duplicates = [...this.duplicates].flatMap(([targetKey, { record, ids }]): Discrepancy[] => {
      const own = record?.targetId ?? null;
      const [kept = ''] = own !== null && ids.has(own) ? [own] : ids;
      const key = record?.key ?? null;
      return [...ids]
        .filter((id) => id !== kept)
        .map((targetId) => ({
          kind: 'duplicate',
          key,
          targetKey,
          targetId,
          fields: [],
          repair: this.removal(),
        }));
    });
    return this.stillThere(duplicates);
  }

  private async confirmedUnaccounted(): Promise<Discrepancy[]> {
    if (this.withoutDelivery.length === 0) return [];
    const missing = await this.by.unaccounted(this.withoutDelivery);
    return missing.map((key) => ({
      kind: 'unaccounted',
      key,
      targetKey: null,
      targetId: null,
      fields: [],
      repair: 'write',
    }));
  }

  private removal(): 'remove' | 'people' {
    return this.by.connector.remove ? 'remove' : 'people';
  }
}

function isSame(before: OurRecord, after: OurRecord | undefined): boolean {
  return (
    after !== undefined &&
    after.targetId === before.targetId &&
    JSON.stringify([after.ours, after.lastWritten]) === JSON.stringify([before.ours, before.lastWritten])
  );
}
