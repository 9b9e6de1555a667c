import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { CompiledMapping } from '../mapping/compiled-mapping.js';

/**
 * Puts a version of a mapping in force, as part of the caller's transaction. Locks the mapping, then its lanes: whoever
 * settles a record at this moment is waited for, and whoever settles later sees the new version.
 * @param from the version it takes the place of; null where none was ever applied
 * @returns false where another version is in force by now: nothing was done then
 */
export async function activate(
  client: pg.ClientBase,
  mapping: CompiledMapping,
  from: number | null,
  by: string,
): Promise<boolean> {
  const { name, stream, destination, object, file, source } = mapping;
  const version = (from ?? 0) + 1;
  const { rowCount } = await client.query(
    `with m as (
       insert into mappings (name, stream, destination, object, version) values ($1, $2, $3, $4, $5)
       on conflict (name) do update
          set version = excluded.version, destination = excluded.destination, object = excluded.object
        where mappings.version = excluded.version - 1
       returning name
     )
     insert into mapping_versions (mapping, version, file, source, hash, applied_by)
     select name, $5, $6, $7, $8, $9 from m`,
    [name, stream, destination, object, version, file, source, hashOf(source), by],
  );
  if (rowCount === 0) return false;
  await putLanes(client, mapping, version);
  return true;
}

/** What a version is known by. */
export function hashOf(source: string): string {
  return createHash('sha256').update(source).digest('hex');
}

interface LaneRow {
  cursor: string;
  settled: string;
  superseded: string;
  epoch: string;
  paused: boolean;
}

async function putLanes(client: pg.ClientBase, mapping: CompiledMapping, version: number): Promise<void> {
  const { rows } = await client.query<LaneRow>(
    'select cursor, settled, superseded, epoch, paused from lanes where mapping = $1 order by lane for update',
    [mapping.name],
  );
  if (rows.length === mapping.lanes) {
    await client.query('update lanes set mapping_version = $2 where mapping = $1', [mapping.name, version]);
    return;
  }
  // With another number of lanes every slot may change hands. All begin where the slowest was; what is read twice is
  // known by its version. The epoch fences whoever holds one, and what it left under way is taken over in lane 0.
  const least = rows.reduce((min, { cursor }) => (BigInt(cursor) < min ? BigInt(cursor) : min), MAX_BIGINT);
  const sum = (of: (row: LaneRow) => string): bigint =>
    rows.reduce((total, row) => total + BigInt(of(row)), 0n);
  const epoch = rows.reduce((max, row) => (BigInt(row.epoch) > max ? BigInt(row.epoch) : max), 0n) + 1n;
  await client.query('delete from lanes where mapping = $1', [mapping.name]);
  await client.query(
    `insert into lanes (mapping, lane, lanes, stream, cursor, settled, superseded, epoch, paused, mapping_version)
     select $1, lane, $2, $3, $4, case lane when 0 then $5::bigint else 0 end,
            case lane when 0 then $6::bigint else 0 end, $7, $8, $9
       from generate_series(0, $2 - 1) as lane`,
    [
      mapping.name,
      mapping.lanes,
      mapping.stream,
      (rows.length === 0 ? 0n : least).toString(),
      sum((row) => row.settled).toString(),
      sum((row) => row.superseded).toString(),
      epoch.toString(),
      rows.some(({ paused }) => paused),
      version,
    ],
  );
  await client.query('update intents set lane = 0 where mapping = $1', [mapping.name]);
}

const MAX_BIGINT = 2n ** 63n - 1n;
