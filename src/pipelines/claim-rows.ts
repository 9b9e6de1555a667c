/** The rows of `target_claims`: which record writes the object under a key. */
import type pg from 'pg';
import { claimantOf, type Claimant } from './claimants.js';
import type { DeliveryState } from './delivery.js';
import type { WokenLane } from './waits.js';

/** A record that asks for a key. */
export interface Claim {
  readonly targetKey: string;
  readonly key: string;
  readonly slot: number;
  readonly person: string | null;
}

/** Asks for keys, each at most once. @returns who has each; the first to ask keeps it. */
export async function claim(
  pool: pg.Pool,
  mapping: string,
  asking: readonly Claim[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await pool.query<{ target_key: string; key: string }>({
    name: 'claim-keys',
    text: `insert into target_claims as c (mapping, target_key, key, person)
           select $1, a.target_key, a.key, a.person
             from unnest($2::text[], $3::uuid[], $4::uuid[]) as a (target_key, key, person) order by a.target_key
           on conflict (mapping, target_key) do update
              set person = case when c.key = excluded.key then excluded.person else c.person end
           returning c.target_key, c.key`,
    values: [mapping, ...columns(asking)],
  });
  return new Map(rows.map((row) => [row.target_key, row.key]));
}

/** @returns who has each of these keys, of those that anybody has */
export async function holdersOf(
  pool: pg.Pool,
  mapping: string,
  targetKeys: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await pool.query<{ target_key: string; key: string }>({
    name: 'claim-holders',
    text: 'select target_key, key from target_claims where mapping = $1 and target_key = any($2)',
    values: [mapping, targetKeys],
  });
  return new Map(rows.map((row) => [row.target_key, row.key]));
}

/** Two that meet at one key. */
export interface Meeting {
  readonly claim: Claim;
  readonly holder: string;
  /** Null where records of the stream never pass their claims on, or are no more. */
  readonly asking: Claimant | null;
  readonly holding: Claimant | null;
  /** The holder's delivery; null where it has none yet. */
  readonly state: DeliveryState | null;
  readonly version: number | null;
  /** The holder never wrote there, writes elsewhere, or is another person's by now. */
  readonly isVoid: boolean;
  /** A call of the holder's is out, or may go out in a lane that is not the asking one's. */
  readonly isBusy: boolean;
}

interface Row {
  target_key: string;
  state: DeliveryState | null;
  version: number | null;
  is_void: boolean;
  is_busy: boolean;
  a_key: string | null;
  a_is_over: boolean;
  a_has_attended: boolean;
  a_since: Date;
  h_key: string | null;
  h_is_over: boolean;
  h_has_attended: boolean;
  h_since: Date;
}

/** What decides between those that ask and those that have the keys. */
export async function meet(
  pool: pg.Pool,
  { name, stream }: { readonly name: string; readonly stream: string },
  asking: readonly Claim[],
  holders: ReadonlyMap<string, string>,
): Promise<Meeting[]> {
  const { rows } = await pool.query<Row>({
    name: `claims-met-${stream}`,
    text: `
      select p.target_key, d.state, d.version,
             coalesce(d.state = 'erased' or (d.state = 'suppressed' and not d.sent) or d.target_key <> p.target_key
                      or h.person <> c.person, false) as is_void,
             exists (select 1 from intents i where i.mapping = $1 and p.holder = any(i.keys))
               or coalesce(slot_of(h.person) % l.lanes <> p.slot % l.lanes and coalesce(d.version, 0) < h.version, false)
               as is_busy,
             a.key as a_key, a.is_over as a_is_over, a.has_attended as a_has_attended, a.since as a_since,
             h.key as h_key, h.is_over as h_is_over, h.has_attended as h_has_attended, h.since as h_since
        from unnest($2::text[], $3::uuid[], $4::uuid[], $5::smallint[]) as p (target_key, key, holder, slot)
        left join lateral (select lanes from lanes where mapping = $1 limit 1) l on true
        left join target_claims c on c.mapping = $1 and c.target_key = p.target_key
        left join deliveries d on d.mapping = $1 and d.key = p.holder
        left join lateral (${claimantOf(stream, 'p.key') ?? NOBODY}) a on true
        left join lateral (${claimantOf(stream, 'p.holder') ?? NOBODY}) h on true`,
    values: [
      name,
      asking.map(({ targetKey }) => targetKey),
      asking.map(({ key }) => key),
      asking.map(({ targetKey }) => holders.get(targetKey)),
      asking.map(({ slot }) => slot),
    ],
  });
  const met = new Map(rows.map((row) => [row.target_key, row]));
  return asking.map((one) => {
    const row = met.get(one.targetKey)!;
    const { state, version, is_void: isVoid, is_busy: isBusy } = row;
    const asker =
      row.a_key === null ? null : claimant(row.a_key, row.a_is_over, row.a_has_attended, row.a_since);
    const holding =
      row.h_key === null ? null : claimant(row.h_key, row.h_is_over, row.h_has_attended, row.h_since);
    return {
      claim: one,
      holder: holders.get(one.targetKey)!,
      asking: asker,
      holding,
      state,
      version,
      isVoid,
      isBusy,
    };
  });
}

const NOBODY = `
  select null::uuid as key, null::boolean as is_over, null::boolean as has_attended, null::timestamptz as since,
         null::uuid as person, null::integer as version`;

function claimant(key: string, isOver: boolean, hasAttended: boolean, since: Date): Claimant {
  return { key, isOver, hasAttended, since };
}

/** What the one before knew of the object: its id there, and until when a late call may still change it. */
export interface Heritage {
  readonly targetId: string | null;
  readonly recheckAt: Date | null;
}

// In one statement with what passes on with it: should the worker die, whoever decides next has all of it. The one that
// has lost the key is decided again, in its own lane; those of \`settled\` are in hand.
const PASS_ON = `
  with passed as (
    update target_claims c set key = t.key, person = t.person
      from unnest($2::text[], $3::uuid[], $4::uuid[], $5::smallint[], $6::uuid[])
        as t (target_key, key, person, slot, holder)
     where c.mapping = $1 and c.target_key = t.target_key and c.key = t.holder
    returning c.target_key, t.key, t.slot, t.holder
  ), before as (
    select p.*, d.slot as holder_slot, d.state, d.recheck_at,
           case when d.target_key = p.target_key then d.target_id end as target_id
      from passed p left join deliveries d on d.mapping = $1 and d.key = p.holder
  ), heir as (
    insert into deliveries as d (mapping, key, slot, version, wanted, state, mapping_version, target_id, recheck_at)
    select $1, b.key, b.slot, 0, 0, 'pending', $7, b.target_id, b.recheck_at from before b
    on conflict (mapping, key) do update
       set shadow = null, target_id = coalesce(excluded.target_id, d.target_id),
           recheck_at = greatest(d.recheck_at, excluded.recheck_at)
    returning d.key, d.recheck_at
  ), again as (
    insert into redeliveries (mapping, key, slot)
    select $1, b.holder, b.holder_slot from before b
     where b.state not in ('erased', 'suppressed') and b.holder <> all($8::uuid[])
    on conflict do nothing
    returning slot
  )
  select b.target_key, b.target_id, heir.recheck_at,
         array(select distinct l.lane from again join lanes l on l.mapping = $1 and again.slot % l.lanes = l.lane) as woken
    from before b join heir on heir.key = b.key`;

/**
 * Gives keys to those that ask.
 * @param settled keys of records that need not be decided again
 * @returns what passed on, by target key; nothing of a key that somebody else was quicker to take
 */
export async function passOn(
  pool: pg.Pool,
  mapping: string,
  mappingVersion: number,
  met: readonly Meeting[],
  settled: readonly string[],
): Promise<{ heritages: ReadonlyMap<string, Heritage>; woken: readonly WokenLane[] }> {
  const claims = met.map(({ claim: asked }) => asked);
  const { rows } = await pool.query<{
    target_key: string;
    target_id: string | null;
    recheck_at: Date | null;
    woken: number[];
  }>({
    name: 'claims-passed-on',
    text: PASS_ON,
    values: [
      mapping,
      ...columns(claims),
      claims.map(({ slot }) => slot),
      met.map(({ holder }) => holder),
      mappingVersion,
      settled,
    ],
  });
  return {
    heritages: new Map(
      rows.map((row) => [row.target_key, { targetId: row.target_id, recheckAt: row.recheck_at }]),
    ),
    woken: (rows[0]?.woken ?? []).map((lane) => ({ mapping, lane })),
  };
}

function columns(claims: readonly Claim[]): unknown[][] {
  return [
    claims.map(({ targetKey }) => targetKey),
    claims.map(({ key }) => key),
    claims.map(({ person }) => person),
  ];
}
