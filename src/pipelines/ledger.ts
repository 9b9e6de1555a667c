import type pg from 'pg';
import type { DeliveryState } from './delivery.js';

/** The conservation ledger of one mapping: every record and every change accounted for, each term counted by itself. */
export interface Ledger {
  readonly mapping: string;
  readonly asOf: string;
  /** Records of the stream that ever changed. */
  readonly records: number;
  readonly states: Record<DeliveryState, number>;
  /** Records without a delivery, an intent or an unread change: there must be none. */
  readonly unaccounted: number;
  /** `total` = `settled` + `superseded` + `waiting`, or something is wrong. */
  readonly changes: {
    readonly total: number;
    readonly settled: number;
    readonly superseded: number;
    readonly waiting: number;
  };
  /** When the oldest change without an answer was made. */
  readonly oldestOpenAt: string | null;
}

/** Where the records of a stream live; their version is above 0 once they changed. */
const RECORDS: Record<string, string> = {
  person: 'select id as key, slot_of(id) as slot from persons',
  registration: 'select id as key, slot_of(person_id) as slot from registrations',
};

// One statement, hence one snapshot. A record under way counts as sending whatever it was before; one without a
// delivery is pending while a change of it is unread, and otherwise unaccounted for.
const ledgerSql = (records: string): string => `
  with lane as materialized (
    select lane, lanes, cursor, settled, superseded from lanes where mapping = $1
  ), record as (
    ${records}
  ), under_way as materialized (
    select distinct unnest(keys) as key from intents where mapping = $1
  ), unread as materialized (
    select c.key, c.version, c.at
      from changes c join lane l on c.slot % l.lanes = l.lane
     where c.stream = $2 and c.seq > (select min(cursor) from lane) and c.seq > l.cursor
  ), standing as (
    select case when u.key is not null then 'sending'
                when d.key is not null then d.state
                when exists (select 1 from unread where unread.key = r.key) then 'pending'
                else 'unaccounted' end as state
      from record r
      left join deliveries d on d.mapping = $1 and d.key = r.key
      left join under_way u on u.key = r.key
  ), states as (
    select coalesce(json_object_agg(state, n), '{}') as states, coalesce(sum(n), 0) as records
      from (select state, count(*) as n from standing group by state) s
  ), waiting as (
    select c.version, c.at from unread c
      left join deliveries d on d.mapping = $1 and d.key = c.key
     where c.version > coalesce(d.version, 0)
    union all
    select c.version, c.at
      from deliveries d
      join lane l on d.slot % l.lanes = l.lane
      join changes c on c.key = d.key and c.stream = $2 and c.version > d.version and c.seq <= l.cursor
     where d.mapping = $1 and d.wanted > d.version
  )
  select clock_timestamp() as as_of, s.states, s.records::int,
         (select count(*)::int from changes where stream = $2) as total,
         (select coalesce(sum(settled), 0)::int from lane) as settled,
         (select coalesce(sum(superseded), 0)::int from lane) as superseded,
         (select count(*)::int from waiting) as waiting,
         (select min(at) from waiting) as oldest_open_at
    from states s`;

const STATES: DeliveryState[] = [
  'pending',
  'sending',
  'sent',
  'verified',
  'retrying',
  'inDoubt',
  'rejected',
  'suppressed',
  'retained',
  'erased',
];

interface Row {
  as_of: Date;
  states: Partial<Record<DeliveryState | 'unaccounted', number>>;
  records: number;
  total: number;
  settled: number;
  superseded: number;
  waiting: number;
  oldest_open_at: Date | null;
}

export async function ledgerOf(pool: pg.Pool, mapping: string, stream: string): Promise<Ledger> {
  const { rows } = await pool.query<Row>(ledgerSql(RECORDS[stream]!), [mapping, stream]);
  const row = rows[0]!;
  return {
    mapping,
    asOf: row.as_of.toISOString(),
    records: row.records,
    states: Object.fromEntries(STATES.map((state) => [state, row.states[state] ?? 0])) as Ledger['states'],
    unaccounted: row.states.unaccounted ?? 0,
    changes: { total: row.total, settled: row.settled, superseded: row.superseded, waiting: row.waiting },
    oldestOpenAt: row.oldest_open_at?.toISOString() ?? null,
  };
}
