import type pg from 'pg';
import { type Lease, LeaseLostError } from '../changes/lease.js';
import type { Taken } from './delivery.js';
import { DELIVERY, delivery, type DeliveryRow } from './delivery-row.js';
import { ASKED_SHARE } from './paced.js';

/** What one round has before it. */
export interface Round {
  /** One entry a record: its newest version, from the log or from what fell due. */
  readonly taken: readonly Taken[];
  /** Where the lane's cursor may stand when all of it is settled. */
  readonly cursor: bigint;
  /** Of each record from the log its first change that was read: as long as it is left, the cursor stays before. */
  readonly firstSeq: ReadonlyMap<string, bigint>;
  /** The version of the mapping that was in force when it was read. */
  readonly mappingVersion: number;
  /** Redeliveries of records of which nothing is in the log any more. */
  readonly gone: readonly string[];
  /** Whether more may stand behind what was read. */
  readonly isFull: boolean;
}

interface Row extends DeliveryRow {
  seq?: string;
  head?: string;
  mapping_version?: number;
  is_asked?: boolean;
  is_due?: boolean;
  /** Null in the one row that comes where nothing is unread: it carries the head of the log. */
  key: string | null;
  slot: number;
  version: number;
  snapshot: unknown;
  changed_at: Date;
  redelivery?: string;
  whole?: boolean;
}

type RecordRow = Row & { key: string };

// The limit stands in a subquery and the join is lateral with a limit of its own: as a plain join the generic plan
// reads half the table.
const UNREAD = `
  select c.*, h.seq as head, l.mapping_version, ${DELIVERY},
         exists (select 1 from redeliveries r where r.mapping = $6 and r.slot % $3 = $4) as is_asked,
         exists (select 1 from deliveries
                  where mapping = $6 and next_attempt_at <= clock_timestamp() and slot % $3 = $4) as is_due
    from change_head h
    cross join (select mapping_version from lanes where mapping = $6 and lane = $4) l
    left join lateral (
      select seq, key, slot, version, snapshot, at as changed_at from changes
       where stream = $1 and seq > $2 and slot % $3 = $4
       order by seq limit $5) c on true
    left join lateral (
      select * from deliveries where mapping = $6 and key = c.key limit 1) d on true`;

const DUE = `
  select d.key, d.slot, c.seq, c.version, c.snapshot, c.changed_at, ${DELIVERY}
    from (select * from deliveries
           where mapping = $1 and next_attempt_at <= clock_timestamp() and slot % $2 = $3
           order by next_attempt_at limit $4) d
    join lateral (
      select seq, version, snapshot, at as changed_at from changes
       where key = d.key and stream = $5 order by version desc limit 1) c on true`;

const ASKED = `
  select r.key, r.slot, c.seq, c.version, c.snapshot, c.changed_at, ${DELIVERY}, r.id as redelivery, r.whole, r.known,
         c.version is null as is_gone
    from (select * from redeliveries
           where mapping = $1 and slot % $2 = $3
           order by id limit $4) r
    left join lateral (
      select seq, version, snapshot, at as changed_at from changes
       where key = r.key and stream = $5 order by version desc limit 1) c on true
    left join lateral (
      select * from deliveries where mapping = $1 and key = r.key limit 1) d on true`;

/**
 * The changes after the lane's cursor, the retries that are due and what was asked for again, one entry a record: for
 * a state stream only the newest version matters.
 */
export async function readRound(pool: pg.Pool, lease: Lease, roundMax: number): Promise<Round> {
  const unread = await pool.query<Row>({
    name: 'round-unread',
    text: UNREAD,
    values: [lease.stream, lease.cursor.toString(), lease.lanes, lease.lane, roundMax, lease.mapping],
  });
  const first = unread.rows[0];
  // The lane is no more: the mapping was applied with fewer of them.
  if (!first) throw new LeaseLostError(lease.mapping, lease.lane);
  const due = first.is_due ? await readDue(pool, lease, roundMax) : [];
  const asked = first.is_asked ? await readAsked(pool, lease, Math.ceil(roundMax * ASKED_SHARE)) : NOTHING;
  const changes = unread.rows.filter(isRecord);
  const newest = new Map<string, RecordRow>();
  // What is due comes first: where not all goes out at once, nothing may wait behind what keeps coming.
  for (const row of [...due, ...changes.filter((change) => !isOvertaken(change)), ...asked.known]) {
    const known = newest.get(row.key);
    if (!known || known.version < row.version) newest.set(row.key, row);
  }
  // Whichever way a record came, what was asked of it goes with it.
  for (const row of asked.known) newest.set(row.key, { ...row, ...newest.get(row.key), ...askedOf(row) });
  return {
    taken: [...newest.values()].map(taken),
    cursor: reached(lease, unread.rows, changes, roundMax),
    firstSeq: new Map(changes.toReversed().map(({ key, seq }) => [key, BigInt(seq!)])),
    mappingVersion: first.mapping_version!,
    gone: asked.gone,
    isFull: changes.length >= roundMax || due.length >= roundMax || first.is_asked === true,
  };
}

async function readDue(pool: pg.Pool, lease: Lease, max: number): Promise<readonly RecordRow[]> {
  const { rows } = await pool.query<RecordRow>({
    name: 'round-due',
    text: DUE,
    values: [lease.mapping, lease.lanes, lease.lane, max, lease.stream],
  });
  return rows;
}

interface Asked {
  readonly known: readonly RecordRow[];
  readonly gone: readonly string[];
}

const NOTHING: Asked = { known: [], gone: [] };

async function readAsked(pool: pg.Pool, lease: Lease, max: number): Promise<Asked> {
  const { rows } = await pool.query<RecordRow & { is_gone: boolean }>({
    name: 'round-asked',
    text: ASKED,
    values: [lease.mapping, lease.lanes, lease.lane, max, lease.stream],
  });
  return {
    known: rows.filter((row) => !row.is_gone),
    gone: rows.filter((row) => row.is_gone).map(({ redelivery }) => redelivery!),
  };
}

function askedOf({ redelivery, whole, known }: RecordRow): Partial<RecordRow> {
  return { redelivery, whole, known } as Partial<RecordRow>;
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

/** A newer version was taken up from behind what is read now: that one may be there already, or wait for its retry. */
function isOvertaken({ version, d_version: settled, wanted }: RecordRow): boolean {
  return settled !== null && version < wanted;
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
    ...(row.seq === undefined ? {} : { seq: row.seq }),
    changedAt: row.changed_at,
    redelivery: row.redelivery === undefined ? null : { id: row.redelivery, whole: row.whole! },
  };
}
