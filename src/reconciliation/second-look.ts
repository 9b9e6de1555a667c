import type pg from 'pg';
import type { CompiledMapping } from '../mapping/compiled-mapping.js';
import { DELIVERY, delivery, type DeliveryRow } from '../pipelines/delivery-row.js';
import type { OurRecord } from './compare.js';
import { standing } from './our-side.js';

interface Row extends DeliveryRow {
  key: string;
  slot: number;
  version: number;
  snapshot: unknown;
}

// At rest: nothing unread, nothing under way, nothing asked for again.
const AT_REST = `
  select c.key, c.slot, c.version, c.snapshot, ${DELIVERY}
    from unnest($2::uuid[]) as k (key)
    join lateral (
      select seq, key, slot, version, snapshot from changes
       where key = k.key and stream = $3 order by version desc limit 1) c on true
    join lanes l on l.mapping = $1 and c.slot % l.lanes = l.lane and l.cursor >= c.seq
    left join lateral (select * from deliveries where mapping = $1 and key = k.key limit 1) d on true
   where not exists (select 1 from intents i where i.mapping = $1 and k.key = any(i.keys))
     and not exists (select 1 from redeliveries r where r.mapping = $1 and r.key = k.key)`;

/** How records of ours stand now; without those that are on the move. */
export async function atRest(
  pool: pg.Pool,
  mapping: CompiledMapping,
  keys: readonly string[],
): Promise<ReadonlyMap<string, OurRecord>> {
  const { rows } = await pool.query<Row>({
    name: 'at-rest',
    text: AT_REST,
    values: [mapping.name, keys, mapping.stream],
  });
  const records = new Map<string, OurRecord>();
  for (const row of rows) {
    const { key, slot, version, snapshot } = row;
    const one = standing({ key, slot, version, snapshot, previous: delivery(row) }, mapping);
    if (one.kind === 'compared') records.set(key, one.record);
  }
  return records;
}

export async function withoutDelivery(
  pool: pg.Pool,
  mapping: CompiledMapping,
  keys: readonly string[],
): Promise<string[]> {
  const { rows } = await pool.query<Row>({
    name: 'at-rest',
    text: AT_REST,
    values: [mapping.name, keys, mapping.stream],
  });
  return rows.filter((row) => row.d_version === null).map(({ key }) => key);
}

/** Of these keys at the target, those that a record of ours has, whatever its state. */
export async function knownKeys(
  pool: pg.Pool,
  mapping: string,
  targetKeys: readonly string[],
): Promise<ReadonlySet<string>> {
  if (targetKeys.length === 0) return new Set();
  const { rows } = await pool.query<{ key: string }>(
    'select target_key as key from deliveries where mapping = $1 and target_key = any($2)',
    [mapping, targetKeys],
  );
  return new Set(rows.map(({ key }) => key));
}
