import type pg from 'pg';
import type { Discrepancy } from './discrepancy.js';

const KEEP = `
  insert into discrepancies (run, place, kind, key, target_key, target_id, fields, repair, seen_sha256)
  select $1, d.place, d.kind, d.key, d.target_key, d.target_id, d.fields::json, d.repair, d.seen
    from unnest($2::int[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
         as d (place, kind, key, target_key, target_id, fields, repair, seen)`;

/** What a run found, in its order. */
export async function keepDiscrepancies(
  pool: pg.Pool,
  run: string,
  found: readonly Discrepancy[],
): Promise<void> {
  if (found.length === 0) return;
  await pool.query(KEEP, [
    run,
    found.map((_, place) => place),
    found.map(({ kind }) => kind),
    found.map(({ key }) => key),
    found.map(({ targetKey }) => targetKey),
    found.map(({ targetId }) => targetId),
    found.map(({ fields }) => (fields.length === 0 ? null : JSON.stringify(fields))),
    found.map(({ repair }) => repair),
    found.map(({ seen }) => seen ?? null),
  ]);
}
