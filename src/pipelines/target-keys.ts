import type pg from 'pg';
import type { PlannedRecord } from './compare-record.js';

/** Two records that would claim one key at the target. */
export interface DuplicateKey {
  readonly keys: readonly string[];
}

const SHOWN_MAX = 5;

/**
 * Forecasts records that claim the same key. Kept in a temporary table: a stream of millions does not fit in here.
 * A record whose key at the target is its own id cannot meet another one, and is not noted.
 */
export class TargetKeys {
  private isMade = false;

  constructor(private readonly client: pg.ClientBase) {}

  async note(records: readonly PlannedRecord[]): Promise<void> {
    const claims = records.filter(({ key, targetKey }) => targetKey !== null && targetKey !== key);
    if (claims.length === 0) return;
    if (!this.isMade) {
      await this.client.query('create temp table plan_targets (target_key text, key uuid) on commit drop');
      this.isMade = true;
    }
    await this.client.query('insert into plan_targets select * from unnest($1::text[], $2::uuid[])', [
      claims.map(({ targetKey }) => targetKey),
      claims.map(({ key }) => key),
    ]);
  }

  /** @returns how many records come too late for their key, and the first few of them with whom they meet */
  async duplicates(): Promise<{ count: number; samples: DuplicateKey[] }> {
    if (!this.isMade) return { count: 0, samples: [] };
    const { rows } = await this.client.query<{ keys: string[]; late: string }>(
      `select (array_agg(key order by key))[1:2] as keys, (sum(count(*) - 1) over ())::bigint as late
         from plan_targets group by target_key having count(*) > 1 limit $1`,
      [SHOWN_MAX],
    );
    return { count: Number(rows[0]?.late ?? 0), samples: rows.map(({ keys }) => ({ keys })) };
  }
}
