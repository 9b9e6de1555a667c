import type pg from 'pg';
import { type Lease, LeaseLostError } from '../changes/lease.js';
import { type Endpoint, TOPICS } from './endpoint.js';

/** A change on its way to an endpoint. */
export interface Message {
  readonly seq: string;
  readonly personId: string;
  readonly version: number;
  /** Counts up by one per endpoint and registration, after filters. */
  readonly sequence: number;
  /** `registration`, `attendance` or `interaction`; `test` where somebody asked for one. */
  readonly stream: string;
  readonly topic: string;
  readonly tries: number;
  readonly snapshot: unknown;
  readonly at: Date;
}

export interface MessageResult {
  readonly message: Message;
  readonly attempt: string;
  readonly at: Date;
  readonly state: 'sent' | 'retrying' | 'rejected';
  readonly status: number | null;
  readonly reason: string | null;
  readonly nextAttemptAt: Date | null;
}

// The lane's row is locked first and read in the same transaction: two holders cannot both take in.
const TAKE_IN = `
  with lane as (
    select cursor, lanes, lane from lanes where mapping = $1 and lane = $2 and epoch = $3 and not paused for update
  ), head as (
    select seq from change_head
  ), unread as materialized (
    select c.seq, c.stream, c.slot, c.person_id, c.registration_id, c.version, c.topic, c.event_id, c.snapshot
      from lane, lateral (
        select u.* from (
          (select * from changes where stream = 'registration' and seq > lane.cursor
             and slot % lane.lanes = lane.lane order by seq limit $4)
          union all
          (select * from changes where stream = 'attendance' and seq > lane.cursor
             and slot % lane.lanes = lane.lane order by seq limit $4)
          union all
          (select * from changes where stream = 'interaction' and seq > lane.cursor
             and slot % lane.lanes = lane.lane order by seq limit $4)) u
         order by u.seq limit $4) c
  ), chosen as materialized (
    select *, row_number() over (partition by registration_id order by seq) as n from unread
     where topic = any($6) and ($7::uuid is null or event_id = $7)
       and ($8::json is null or matches_filter($8, snapshot, stream))
  ), counted as (
    insert into message_sequences as s (endpoint, registration_id, last)
    select $5::uuid, registration_id, count(*) from chosen group by registration_id order by registration_id
    on conflict (endpoint, registration_id) do update set last = s.last + excluded.last
    returning registration_id, last
  ), taken as (
    insert into messages (endpoint, seq, stream, slot, person_id, registration_id, version, sequence, topic)
    select $5::uuid, c.seq, c.stream, c.slot, c.person_id, c.registration_id, c.version,
           k.last - (select count(*) from chosen o where o.registration_id = c.registration_id) + c.n, c.topic
      from chosen c join counted k on k.registration_id = c.registration_id
    on conflict do nothing
  )
  update lanes l
     set cursor = case when (select count(*) from unread) < $4 then greatest(l.cursor, head.seq)
                       else (select max(seq) from unread) end,
         settled = settled + (select count(*) from unread)
    from lane, head where l.mapping = $1 and l.lane = $2
  returning l.cursor, (select count(*)::int from unread) as read`;

/**
 * Makes the lane's unread changes into messages, in the order of the log, and moves the cursor with them.
 * @returns how many changes were read
 * @throws LeaseLostError also where the endpoint was paused meanwhile: nothing more is sent then
 */
export async function takeIn(pool: pg.Pool, lease: Lease, endpoint: Endpoint, max: number): Promise<number> {
  const { rows } = await pool.query<{ cursor: string; read: number }>({
    name: 'messages-take-in',
    text: TAKE_IN,
    values: [
      lease.mapping,
      lease.lane,
      lease.epoch.toString(),
      max,
      endpoint.id,
      endpoint.topics.includes('*') ? TOPICS : endpoint.topics,
      endpoint.eventId,
      endpoint.filter && JSON.stringify(endpoint.filter),
    ],
  });
  if (!rows[0]) throw new LeaseLostError(lease.mapping, lease.lane);
  lease.cursor = BigInt(rows[0].cursor);
  return rows[0].read;
}

interface Row {
  seq: string;
  person_id: string;
  version: number;
  sequence: number;
  stream: string;
  topic: string;
  tries: number;
  snapshot: unknown;
  at: Date;
}

/** For each person the earliest open message, if its time has come: the later ones wait behind it. */
export async function nextMessages(
  pool: pg.Pool,
  lease: Lease,
  endpoint: string,
  max: number,
): Promise<Message[]> {
  const { rows } = await pool.query<Row>({
    name: 'messages-next',
    text: `select m.seq, m.person_id, m.version, m.sequence, m.stream, m.topic, m.tries,
                  coalesce(m.snapshot, c.snapshot) as snapshot, coalesce(m.made_at, c.at) as at
             from (select distinct on (person_id) * from messages
                    where endpoint = $1 and state in ('pending', 'retrying') and slot % $2 = $3
                    order by person_id, seq) m
             left join changes c on c.stream = m.stream and c.seq = m.seq
            where (c.seq is not null or m.snapshot is not null) and (m.next_attempt_at is null or m.next_attempt_at <= clock_timestamp())
            order by m.seq limit $4`,
    values: [endpoint, lease.lanes, lease.lane, max],
  });
  return rows.map(({ person_id: personId, ...row }) => ({ ...row, personId }));
}

/** Milliseconds until the first message at the head of its person's line may be tried again; null: none waits. */
export async function messagesDueInMs(pool: pg.Pool, lease: Lease, endpoint: string): Promise<number | null> {
  const { rows } = await pool.query<{ ms: number | null }>({
    name: 'messages-due',
    text: `select extract(epoch from min(coalesce(next_attempt_at, clock_timestamp())) - clock_timestamp())::float8
                    * 1000 as ms
             from (select distinct on (person_id) next_attempt_at from messages
                    where endpoint = $1 and state in ('pending', 'retrying') and slot % $2 = $3
                    order by person_id, seq) m`,
    values: [endpoint, lease.lanes, lease.lane],
  });
  return rows[0]?.ms ?? null;
}

const SETTLE = `
  with lane as (
    select 1 from lanes where mapping = $1 and lane = $2 and epoch = $3 for share
  ), result as (
    select r.* from lane, unnest($5::bigint[], $6::text[], $7::timestamptz[], $8::text[], $9::uuid[],
      $10::timestamptz[], $11::smallint[]) as r (seq, state, next_attempt_at, reason, attempt, at, status)
  ), attempt as (
    insert into message_attempts (id, endpoint, seq, at, status, outcome, message)
    select attempt, $4, seq, at, status, state, reason from result
  ), settled as (
    update messages m
       set state = r.state, next_attempt_at = r.next_attempt_at, reason = r.reason, tries = m.tries + 1,
           updated_at = clock_timestamp()
      from result r where m.endpoint = $4 and m.seq = r.seq
  )
  select 1 from lane`;

/** @throws LeaseLostError where another worker has the lane: nothing was written then */
export async function settleMessages(
  pool: pg.Pool,
  lease: Lease,
  endpoint: string,
  results: readonly MessageResult[],
): Promise<void> {
  const { rowCount } = await pool.query({
    name: 'messages-settle',
    text: SETTLE,
    values: [
      lease.mapping,
      lease.lane,
      lease.epoch.toString(),
      endpoint,
      results.map((result) => result.message.seq),
      results.map((result) => result.state),
      results.map((result) => result.nextAttemptAt),
      results.map((result) => result.reason),
      results.map((result) => result.attempt),
      results.map((result) => result.at),
      results.map((result) => result.status),
    ],
  });
  if (rowCount === 0) throw new LeaseLostError(lease.mapping, lease.lane);
}
