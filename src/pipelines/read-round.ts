import type pg from 'pg';
import type { Lease } from '../changes/lease.js';
import type { Fields } from '../connectors/connector.js';
import type { Delivery, DeliveryState, Taken } from './delivery.js';

/** What one round has before it. */
export interface Round {
  /** One entry a record: its newest version, from the log or from what fell due. */
  readonly taken: readonly Taken[];
  /** Where the lane's cursor may stand when all of it is settled. */
  readonly cursor: bigint;
}

interface Row {
  seq?: string;
  head?: string;
  /** Null in the one row that comes where nothing is unread: it carries the head of the log. */
  key: string | null;
  slot: number;
  version: number;
  snapshot: unknown;
  d_version: number | null;
  wanted: number;
  state: DeliveryState;
  sent: boolean;
  target_id: string | null;
  target_key: string | null;
  shadow: string | null;
  tries: number;
  checks: number;
  resends: number;
  next_attempt_at: Date | null;
  recheck_at: Date | null;
}

type RecordRow = Row & { key: string };

const DELIVERY = `d.version as d_version, d.wanted, d.state, d.sent, d.target_id, d.target_key, d.shadow,
                  d.tries, d.checks, d.resends, d.next_attempt_at, d.recheck_at`;

// The limit stands in a subquery and the join is lateral with a limit of its own: as a plain join the generic plan
// reads half the table.
const UNREAD = `
  select c.*, h.seq as head, ${DELIVERY}
    from change_head h
    left join lateral (
      select seq, key, slot, version, snapshot from changes
       where stream = $1 and seq > $2 and slot % $3 = $4
       order by seq limit $5) c on true
    left join lateral (
      select * from deliveries where mapping = $6 and key = c.key limit 1) d on true`;

const DUE = `
  select d.key, d.slot, c.version, c.snapshot, ${DELIVERY}
    from (select * from deliveries
           where mapping = $1 and next_attempt_at <= clock_timestamp() and slot % $2 = $3
           order by next_attempt_at limit $4) d
    join lateral (
      select version, snapshot from changes
       where key = d.key and stream = $5 order by version desc limit 1) c on true`;

/**
 * The changes after the lane's cursor and the retries that are due, one entry a record: for a state stream only the
 * newest version matters.
 */
export async function readRound(pool: pg.Pool, lease: Lease, roundMax: number): Promise<Round> {
  const [unread, due] = await Promise.all([
    pool.query<Row>({
      name: 'round-unread',
      text: UNREAD,
      values: [lease.stream, lease.cursor.toString(), lease.lanes, lease.lane, roundMax, lease.mapping],
    }),
    pool.query<Row>({
      name: 'round-due',
      text: DUE,
      values: [lease.mapping, lease.lanes, lease.lane, roundMax, lease.stream],
    }),
  ]);
  const changes = unread.rows.filter(isRecord);
  const newest = new Map<string, RecordRow>();
  for (const row of [...changes, ...due.rows.filter(isRecord)]) {
    const known = newest.get(row.key);
    if (!known || known.version < row.version) newest.set(row.key, row);
  }
  return { taken: [...newest.values()].map(taken), cursor: reached(lease, unread.rows, changes, roundMax) };
}

/**
 * The last change read; or the head of the log where there were fewer than asked for: what is not ours up to there
 * need not be passed over again.
 */
function reached(lease: Lease, rows: readonly Row[], changes: readonly Row[], roundMax: number): bigint {
  const last = changes.at(-1)?.seq;
  if (changes.length >= roundMax && last !== undefined) return BigInt(last);
  const head = BigInt(rows[0]?.head ?? 0);
  return head > lease.cursor ? head : lease.cursor;
}

function isRecord(row: Row): row is RecordRow {
  return row.key !== null;
}

function taken(row: RecordRow): Taken {
  return {
    key: row.key,
    slot: row.slot,
    version: row.version,
    snapshot: row.snapshot,
    previous: delivery(row),
  };
}

function delivery(row: Row): Delivery | null {
  if (row.d_version === null) return null;
  return {
    version: row.d_version,
    wanted: row.wanted,
    state: row.state,
    sent: row.sent,
    targetId: row.target_id,
    targetKey: row.target_key,
    shadow: row.shadow === null ? null : (JSON.parse(row.shadow) as Fields),
    tries: row.tries,
    checks: row.checks,
    resends: row.resends,
    nextAttemptAt: row.next_attempt_at,
    recheckAt: row.recheck_at,
  };
}
