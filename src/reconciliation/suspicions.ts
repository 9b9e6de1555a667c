import type { StoredRecord } from '../connectors/connector.js';
import { absent, compareRecord, type OurRecord } from './compare.js';
import type { Discrepancy } from './discrepancy.js';
import type { Reconciling } from './reconciling.js';

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
      ...this.confirmedDuplicates(),
      ...(await this.confirmedUnaccounted()),
    ];
    const duplicates = discrepancies.filter(({ kind }) => kind === 'duplicate').length;
    const found = discrepancies.length - duplicates + this.duplicates.size;
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
    return [...this.extras].flatMap(([targetKey, targetId]): Discrepancy[] => {
      if (known.has(targetKey)) return [];
      return [{ kind: 'extra', key: null, targetKey, targetId, fields: [], repair: this.removal() }];
    });
  }

  /** One discrepancy for each object beside ours. */
  private confirmedDuplicates(): Discrepancy[] {
    return [...this.duplicates].flatMap(([targetKey, { record, ids }]): Discrepancy[] => {
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
