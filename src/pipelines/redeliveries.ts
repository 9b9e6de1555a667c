import type pg from 'pg';
import type { DeliveryState } from './delivery.js';

type Client = Pick<pg.ClientBase, 'query'>;

// Asked for twice is asked for once; the number is new, so that a settle under way does not take it along.
const AGAIN = `
  on conflict (mapping, key) do update
     set id = excluded.id, cause = excluded.cause, whole = redeliveries.whole or excluded.whole,
         known = coalesce(excluded.known, redeliveries.known), at = excluded.at`;

/** Every record that has a delivery. @returns how many */
export async function redeliverAll(client: Client, mapping: string): Promise<number> {
  const { rowCount } = await client.query(
    `insert into redeliveries (mapping, key, slot)
     select mapping, key, slot from deliveries where mapping = $1 and state <> 'erased' ${AGAIN}`,
    [mapping],
  );
  return rowCount ?? 0;
}

/** The records that a plan names. @returns how many */
export async function redeliverPlanned(
  client: Client,
  mapping: string,
  plan: { readonly id: string; readonly records: string },
): Promise<number> {
  const { rowCount } = await client.query(
    `insert into redeliveries (mapping, key, slot, cause, known)
     select $1, r.key, r.slot, $2, r.known from plan_records r where r.plan = $3 ${AGAIN}`,
    [mapping, plan.id, plan.records],
  );
  return rowCount ?? 0;
}

/** The records of which something is to be put back, beside those that were asked for. @returns how many */
export async function redeliverUndone(client: Client, mapping: string, cause: string): Promise<number> {
  const { rowCount } = await client.query(
    `insert into redeliveries (mapping, key, slot, cause)
     select distinct on (d.key) d.mapping, d.key, d.slot, $2::uuid
       from displaced d join mappings m on m.name = d.mapping and d.version = any (m.undone)
      where d.mapping = $1
     on conflict (mapping, key) do nothing`,
    [mapping, cause],
  );
  return rowCount ?? 0;
}

/** The records that changed after a position and were taken up already, by the version before. @returns how many */
export async function redeliverMoved(
  client: Client,
  mapping: string,
  stream: string,
  position: string,
  cause: string,
): Promise<number> {
  const { rowCount } = await client.query(
    `insert into redeliveries (mapping, key, slot, cause)
     select $1, c.key, min(c.slot), $4::uuid
       from changes c join lanes l on l.mapping = $1 and c.slot % l.lanes = l.lane and c.seq <= l.cursor
      where c.stream = $2 and c.seq > $3 group by c.key
     on conflict (mapping, key) do nothing`,
    [mapping, stream, position, cause],
  );
  return rowCount ?? 0;
}

/** Which deliveries a replay takes: all that is given holds. */
export interface ReplayFilter {
  readonly state?: DeliveryState | undefined;
  readonly reason?: string | undefined;
  readonly keys?: readonly string[] | undefined;
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
}

/** Notes the replay and asks for its records, written whole. @returns how many */
export async function redeliverMatching(
  client: Client,
  replay: { readonly id: string; readonly mapping: string; readonly by: string },
  filter: ReplayFilter,
): Promise<number> {
  const { rows } = await client.query<{ matched: string }>(
    `with asked as (
       insert into redeliveries (mapping, key, slot, cause, whole)
       select d.mapping, d.key, d.slot, $1, true from deliveries d
        where d.mapping = $2 and d.state <> 'erased'
          and ($3::text is null or d.state = $3)
          and ($4::text is null or d.reason::json ->> 'code' = $4)
          and ($5::uuid[] is null or d.key = any($5))
          and ($6::timestamptz is null or d.updated_at >= $6)
          and ($7::timestamptz is null or d.updated_at < $7)
       ${AGAIN}
       returning 1
     )
     insert into replays (id, mapping, matched, created_by) select $1, $2, count(*), $8 from asked
     returning matched`,
    [
      replay.id,
      replay.mapping,
      filter.state ?? null,
      filter.reason ?? null,
      filter.keys ?? null,
      filter.since ?? null,
      filter.until ?? null,
      replay.by,
    ],
  );
  return Number(rows[0]!.matched);
}
