/**
 * Who waits for whose delivery. The wait is noted before the waiting record is settled; once it is, a second look
 * finds what was delivered meanwhile; and every settle of a mapping that others wait for wakes those who do. So either
 * the one that waits sees the delivery, or the delivery sees the one that waits.
 */
import type pg from 'pg';
import type { Settlement } from './delivery.js';

/** A lane where something was woken. */
export interface WokenLane {
  readonly mapping: string;
  readonly lane: number;
}

const NOTE = `
  insert into delivery_waits (waited_mapping, waited_key, mapping, key)
  select w.waited_mapping, w.waited_key, $1, w.key
    from unnest($2::text[], $3::uuid[], $4::uuid[]) as w (waited_mapping, waited_key, key)
  on conflict do nothing`;

export async function noteWaits(
  pool: pg.Pool,
  mapping: string,
  settlements: readonly Settlement[],
): Promise<void> {
  const waiting = settlements.filter(({ waitsFor }) => waitsFor !== undefined);
  if (waiting.length === 0) return;
  await pool.query({
    name: 'note-waits',
    text: NOTE,
    values: [
      mapping,
      waiting.map(({ waitsFor }) => waitsFor!.mapping),
      waiting.map(({ waitsFor }) => waitsFor!.key),
      waiting.map(({ taken }) => taken.key),
    ],
  });
}

const WOKEN = `
  , woken as (
    insert into redeliveries (mapping, key, slot)
    select distinct over.mapping, d.key, d.slot
      from over join deliveries d on d.mapping = over.mapping and d.key = over.key
    on conflict do nothing
    returning mapping, slot
  )
  select distinct woken.mapping, l.lane from woken join lanes l on l.mapping = woken.mapping and woken.slot % l.lanes = l.lane`;

/** Those that waited for these records go again. */
const WAKE = `
  with over as (
    delete from delivery_waits where waited_mapping = $1 and waited_key = any($2::uuid[]) returning mapping, key
  )${WOKEN}`;

export async function wakeWaiting(
  pool: pg.Pool,
  mapping: string,
  settled: readonly Settlement[],
): Promise<WokenLane[]> {
  const keys = settled.filter(({ state }) => isOver(state)).map(({ taken }) => taken.key);
  if (keys.length === 0) return [];
  const { rows } = await pool.query<WokenLane>({ name: 'wake-waiting', text: WAKE, values: [mapping, keys] });
  return rows;
}

// What came of them between the look at the parents and the settle: their waking may have found nobody yet.
const LOOK_AGAIN = `
  with seen as (
    select * from unnest($2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::integer[])
        as s (key, state, waited_mapping, waited_key, version)
  ), over as (
    select $1::text as mapping, seen.key
      from seen join deliveries p on p.mapping = seen.waited_mapping and p.key = seen.waited_key
     where (p.state is distinct from seen.state or p.version > seen.version)
       and p.state in ('sent', 'verified', 'retained', 'rejected', 'suppressed', 'erased')
  )${WOKEN}`;

export async function lookAgain(
  pool: pg.Pool,
  mapping: string,
  settlements: readonly Settlement[],
): Promise<WokenLane[]> {
  const waiting = settlements.filter(({ waitsFor }) => waitsFor !== undefined);
  if (waiting.length === 0) return [];
  const { rows } = await pool.query<WokenLane>({
    name: 'look-again',
    text: LOOK_AGAIN,
    values: [
      mapping,
      waiting.map(({ taken }) => taken.key),
      waiting.map(({ waitsFor }) => waitsFor!.state),
      waiting.map(({ waitsFor }) => waitsFor!.mapping),
      waiting.map(({ waitsFor }) => waitsFor!.key),
      waiting.map(({ waitsFor }) => waitsFor!.version ?? null),
    ],
  });
  return rows;
}

/** Nothing more comes of it by itself: who waited for it can decide. */
function isOver(state: Settlement['state']): boolean {
  return state !== 'retrying' && state !== 'pending' && state !== 'inDoubt' && state !== 'sending';
}
