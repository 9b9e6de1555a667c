import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { type Lease, LeaseLostError } from '../changes/lease.js';
import { failPoint } from '../platform/fail-point.js';
import type { Write } from './decide.js';

/** Records that go in one call; `id` is the intent's and becomes the attempt's. */
export interface Batch {
  readonly id: string;
  readonly writes: readonly Write[];
}

/** Cuts into calls of at most `max` records. Every record is in one batch only, so batches may be in flight together. */
export function batches(writes: readonly Write[], max: number): Batch[] {
  const cut: Batch[] = [];
  for (const kind of apart(writes)) {
    for (let i = 0; i < kind.length; i += max) cut.push({ id: uuidv7(), writes: kind.slice(i, i + max) });
  }
  return cut;
}

/** Writing and removing are different calls. */
function apart(writes: readonly Write[]): (readonly Write[])[] {
  if (!writes.some(({ isRemoval }) => isRemoval)) return [writes];
  return [writes.filter(({ isRemoval }) => !isRemoval), writes.filter(({ isRemoval }) => isRemoval)];
}

// The lane's row is locked in share mode, so that nobody takes it between our look and our commit.
const INTEND = `
  with mine as (select 1 from lanes where mapping = $1 and lane = $2 and epoch = $3 and not paused for share)
  insert into intents (id, mapping, lane, epoch, keys, versions, mapping_version, deadline)
  select i.id, $1, $2, $3, i.keys::uuid[], i.versions::integer[], $4, $5
    from mine, unnest($6::uuid[], $7::text[], $8::text[]) as i (id, keys, versions)`;

/**
 * Notes durably, before any call, which records are about to be written. Whoever takes the lane over treats them as
 * sent without an answer.
 * @throws LeaseLostError where the lane is no longer ours, or was paused: no call begins then
 */
export async function intend(
  pool: pg.Pool,
  lease: Lease,
  cut: readonly Batch[],
  mappingVersion: number,
  deadline: Date,
): Promise<void> {
  if (cut.length === 0) return;
  const { rowCount } = await pool.query({
    name: 'intend',
    text: INTEND,
    values: [
      lease.mapping,
      lease.lane,
      lease.epoch.toString(),
      mappingVersion,
      deadline,
      cut.map((batch) => batch.id),
      cut.map((batch) => `{${batch.writes.map((write) => write.taken.key).join()}}`),
      cut.map((batch) => `{${batch.writes.map((write) => write.taken.version).join()}}`),
    ],
  });
  if (rowCount === 0) throw new LeaseLostError(lease.mapping, lease.lane);
  failPoint('after-intent');
}

// `version` stays: the record has no answer yet. Its shadow is no longer known.
const ADOPT = `
  with dead as (
    delete from intents where mapping = $1 and lane = $2 and epoch < $3
    returning id, at, deadline, keys, versions, mapping_version
  ), evidence as (
    insert into attempts (id, mapping, at, deadline, mapping_version, keys, versions)
    select id, $1, at, deadline, mapping_version, keys, versions from dead on conflict do nothing
  ), open as (
    select k.key, max(k.version) as version, max(dead.mapping_version) as mapping_version
      from dead, unnest(dead.keys, dead.versions) as k (key, version) group by k.key
  )
  insert into deliveries as d (mapping, key, slot, version, wanted, state, sent, shadow, mapping_version,
                               next_attempt_at, recheck_at, reason)
  select $1, open.key, (get_byte(uuid_send(coalesce(c.person_id, open.key)), 15) & 63)::smallint, 0, open.version,
         $6, true, null, open.mapping_version, $7, $4, $5
    from open
    left join lateral (select person_id from changes where key = open.key and version = open.version limit 1) c on true
  on conflict (mapping, key) do update
     set wanted = greatest(d.wanted, excluded.wanted), state = excluded.state, sent = true, shadow = null,
         next_attempt_at = excluded.next_attempt_at, recheck_at = excluded.recheck_at, reason = excluded.reason,
         updated_at = clock_timestamp()`;

const LEFT_BEHIND = JSON.stringify({
  code: 'unanswered',
  message: 'The worker that was sending this record stopped before it had an answer; it is sent again.',
  owner: 'foyer',
});

const IN_DOUBT = JSON.stringify({
  code: 'in-doubt',
  message:
    'The worker that was sending this record stopped before it had an answer; it may have been written.',
  owner: 'foyer',
});

/** What becomes of records that a dead worker was writing. */
export interface Adoption {
  readonly now: Date;
  /** When its calls can no longer take effect: each record is read once more then. */
  readonly recheckAt: Date;
  /** False: the writes must not be sent again unasked. */
  readonly isRepeatable: boolean;
  readonly isReadable: boolean;
}

/**
 * Takes over what an earlier holder of the lane left under way.
 * @returns how many records
 */
export async function adoptOpenIntents(pool: pg.Pool, lease: Lease, how: Adoption): Promise<number> {
  const { isRepeatable, recheckAt } = how;
  const nextAttemptAt = isRepeatable ? how.now : how.isReadable ? recheckAt : null;
  const { rowCount } = await pool.query({
    name: 'adopt',
    text: ADOPT,
    values: [
      lease.mapping,
      lease.lane,
      lease.epoch.toString(),
      isRepeatable ? recheckAt : null,
      isRepeatable ? LEFT_BEHIND : IN_DOUBT,
      isRepeatable ? 'retrying' : 'inDoubt',
      nextAttemptAt,
    ],
  });
  return rowCount ?? 0;
}
