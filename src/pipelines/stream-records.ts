import type pg from 'pg';
import type { Stream } from '../mapping/source-contract.js';
import type { Taken } from './delivery.js';
import { DELIVERY, delivery, type DeliveryRow } from './delivery-row.js';

/**
 * Every record of a stream as it stands at a position of the log, with its delivery at a mapping; the newest record
 * first.
 *
 * The newest change of each record, and not the snapshot function run again: it is what a delivery would be made of,
 * it is pinned to the position, and reading it costs a tenth of making it. A test holds that both are the same. Read in
 * the order of the index by record, backwards: nothing is sorted or gathered, and the first page is there at once.
 */
const RECORDS = `
  declare stream_records no scroll cursor for
  select c.key, c.slot, c.version, c.snapshot::text, ${DELIVERY}
    from (select distinct on (key) key, slot, version, snapshot from changes
           where stream = $1 and seq <= $2 order by key desc, version desc) c
    left join deliveries d on d.mapping = $3 and d.key = c.key
   order by c.key desc`;

/** Of the plans for it, the one that has its first rows soonest: the others sort snapshots and shadows. */
const SOONEST = 'set local cursor_tuple_fraction = 0.001';

const FETCH = 'fetch 1000 from stream_records';

/**
 * A record as it was read. What it holds is made into objects only when `taken` is called: a page of them made at once
 * outlives the young generation, and the memory of the process grows with what is garbage already.
 */
export interface StreamedRecord {
  /** The newest version that got its answer; null where it was never taken up. */
  readonly answered: number | null;
  readonly isSent: boolean;
  readonly version: number;
  taken(): Taken;
}

interface Row extends DeliveryRow {
  key: string;
  slot: number;
  version: number;
  snapshot: string;
}

/** Reads within the caller's transaction, a page at a time; the database makes the next one while a page is worked on. */
export async function* streamRecords(
  client: pg.ClientBase,
  stream: string,
  position: string,
  mapping: string,
): AsyncGenerator<StreamedRecord[]> {
  await client.query(SOONEST);
  await client.query(RECORDS, [stream, position, mapping]);
  for (let next = fetch(client); ;) {
    const { rows } = await next;
    if (rows.length === 0) break;
    next = fetch(client);
    yield rows.map(streamed);
  }
  await client.query('close stream_records');
}

const THESE = `
  select c.key, c.slot, c.version, c.snapshot::text, ${DELIVERY}
    from (select distinct on (key) key, slot, version, snapshot from changes
           where stream = $1 and seq <= $2 and key = any($4) order by key desc, version desc) c
    left join deliveries d on d.mapping = $3 and d.key = c.key
   order by c.key desc`;

/** A few of them. */
export async function theseRecords(
  client: Pick<pg.ClientBase, 'query'>,
  stream: string,
  position: string,
  mapping: string,
  keys: readonly string[],
): Promise<StreamedRecord[]> {
  const { rows } = await client.query<Row>(THESE, [stream, position, mapping, keys]);
  return rows.map(streamed);
}

/** How many there are, as the stream's own table has them. */
export async function countRecords(pool: pg.Pool, stream: Stream): Promise<number> {
  const { rows } = await pool.query<{ n: string }>(`select count(*) as n from ${TABLES[stream]}`);
  return Number(rows[0]!.n);
}

const TABLES: Record<Stream, string> = {
  event: 'events',
  session: 'sessions',
  person: 'persons',
  registration: 'registrations',
  attendance: 'attendance',
  interaction: 'interactions',
};

function fetch(client: pg.ClientBase): Promise<pg.QueryResult<Row>> {
  const page = client.query<Row>(FETCH);
  // Who stops reading before the end hears nothing of it.
  page.catch(() => undefined);
  return page;
}

function streamed(row: Row): StreamedRecord {
  const { key, slot, version, snapshot } = row;
  return {
    answered: row.d_version,
    isSent: row.d_version !== null && row.sent,
    version,
    taken: () => ({
      key,
      slot,
      version,
      snapshot: JSON.parse(snapshot) as unknown,
      // Most records are unchanged, and then nobody asks for what stands there.
      get previous() {
        return delivery(row);
      },
    }),
  };
}
