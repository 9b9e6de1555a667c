import type pg from 'pg';
import type { Taken } from './delivery.js';
import { DELIVERY, delivery, type DeliveryRow } from './delivery-row.js';

/**
 * Every record of a stream as it stands at a position of the log, with its delivery at a mapping.
 *
 * The newest change of each record, and not the snapshot function run again: it is what a delivery would be made of,
 * it is pinned to the position, and reading it costs a tenth of making it. A test holds that both are the same. The
 * newest numbers are found first, so that no snapshot is sorted.
 */
const RECORDS = `
  declare stream_records no scroll cursor for
  select c.key, c.slot, c.version, c.snapshot, ${DELIVERY}
    from (select max(seq) as seq from changes where stream = $1 and seq <= $2 group by key) n
    join lateral (
      select key, slot, version, snapshot from changes where stream = $1 and seq = n.seq limit 1) c on true
    left join lateral (
      select * from deliveries where mapping = $3 and key = c.key limit 1) d on true`;

const FETCH = 'fetch 500 from stream_records';

interface Row extends DeliveryRow {
  key: string;
  slot: number;
  version: number;
  snapshot: unknown;
}

/** Reads within the caller's transaction, a page at a time; while one is looked at, the next is on its way. */
export async function* streamRecords(
  client: pg.ClientBase,
  stream: string,
  position: string,
  mapping: string,
): AsyncGenerator<Taken[]> {
  await client.query('set local cursor_tuple_fraction = 1');
  await client.query(RECORDS, [stream, position, mapping]);
  let coming = client.query<Row>(FETCH);
  for (;;) {
    const { rows } = await coming;
    if (rows.length === 0) break;
    coming = client.query<Row>(FETCH);
    // Should nobody ask for it, because looking at this page failed, its own failure is nobody's business.
    coming.catch(() => undefined);
    yield rows.map(taken);
  }
  await client.query('close stream_records');
}

function taken(row: Row): Taken {
  const { key, slot, version, snapshot } = row;
  return { key, slot, version, snapshot, previous: delivery(row) };
}
