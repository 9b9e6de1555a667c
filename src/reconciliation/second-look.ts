import type pg from 'pg';
import type { CompiledMapping } from '../mapping/compiled-mapping.js';
import { DELIVERY, delivery, type DeliveryRow } from '../pipelines/delivery-row.js';
import type { Taken } from '../pipelines/delivery.js';
import type { Need } from '../pipelines/parents.js';
import { keysAtTarget } from './our-rows.js';
import type { OurRecord } from './compare.js';
import { standingOf } from './our-side.js';

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
  needs: readonly Need[],
  keys: readonly string[],
): Promise<ReadonlyMap<string, OurRecord>> {
  const { rows } = await pool.query<Row>({
    name: 'at-rest',
    text: AT_REST,
    values: [mapping.name, keys, mapping.stream],
  });
  const taken = rows.map((row): Taken => {
    const { key, slot, version, snapshot } = row;
    return { key, slot, version, snapshot, previous: delivery(row) };
  });
  const standing = await standingOf(pool, mapping, needs, taken);
  return new Map(standing.flatMap((one) => (one.kind === 'compared' ? [[one.record.key, one.record]] : [])));
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

// What a call may have written already though no answer to it is settled: its intent stands, or was taken over from a
// worker that stopped before it noted under which key it wrote. Whatever else waits is known by its key.
const UNDER_WAY = `
  select k.key, c.slot, c.version, c.snapshot
    from (select unnest(keys) as key from intents where mapping = $1
          union select key from deliveries
                 where mapping = $1 and next_attempt_at is not null and sent and target_key is null) k
    join lateral (select slot, version, snapshot from changes where key = k.key and stream = $2 order by version desc limit 1) c on true`;

const KNOWN = `
  select target_key as key from deliveries where mapping = $1 and target_key = any($2)
  union select target_key from target_claims where mapping = $1 and target_key = any($2)`;

/** Of these keys at the target, those that a record of ours has or is about to have, whatever its state. */
export async function knownKeys(
  pool: pg.Pool,
  mapping: CompiledMapping,
  needs: readonly Need[],
  targetKeys: readonly string[],
): Promise<ReadonlySet<string>> {
  if (targetKeys.length === 0) return new Set();
  // In this order: what is settled between the two looks is found by the second one.
  const underWay = await pool.query<Omit<Taken, 'previous'>>(UNDER_WAY, [mapping.name, mapping.stream]);
  const { rows } = await pool.query<{ key: string }>(KNOWN, [mapping.name, targetKeys]);
  const known = new Set(rows.map(({ key }) => key));
  const taken = underWay.rows.map((row): Taken => ({ ...row, previous: null }));
  for (const key of await keysAtTarget(pool, mapping, needs, taken)) known.add(key);
  return known;
}

/** Of what was found to be too much there, what still is: no record of ours has the key, or was written to that object. */
export async function stillTooMuch<Found extends TooMuch>(
  pool: pg.Pool,
  mapping: CompiledMapping,
  needs: readonly Need[],
  found: readonly Found[],
): Promise<Found[]> {
  if (found.length === 0) return [];
  const extras = found.filter(({ kind }) => kind === 'extra');
  const known = await knownKeys(
    pool,
    mapping,
    needs,
    extras.flatMap(({ target_key: key }) => key ?? []),
  );
  const { rows } = await pool.query<{ id: string }>(
    'select target_id as id from deliveries where mapping = $1 and target_id = any($2)',
    [mapping.name, found.map(({ target_id: id }) => id)],
  );
  const written = new Set(rows.map(({ id }) => id));
  return found.filter(
    ({ kind, target_key: key, target_id: id }) =>
      (id === null || !written.has(id)) && (kind !== 'extra' || key === null || !known.has(key)),
  );
}

interface TooMuch {
  readonly kind: string;
  readonly target_key: string | null;
  readonly target_id: string | null;
}
