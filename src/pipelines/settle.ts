import type pg from 'pg';
import { type Lease, LeaseLostError } from '../changes/lease.js';
import { arrayLiteral, datesLiteral, jsonTexts, textsOf } from '../platform/database/array-literals.js';
import { failPoint } from '../platform/fail-point.js';
import type { Outcome } from '../connectors/connector.js';
import { type DeliveryReason, SETTLED_STATES, type Settlement } from './delivery.js';

/** Evidence of one call. */
export interface Attempt {
  readonly id: string;
  readonly at: Date;
  readonly deadline: Date;
  readonly requestId: string | null;
  readonly status: number | null;
  readonly keys: readonly string[];
  readonly versions: readonly number[];
  readonly failures: readonly { key: string; outcome: Outcome['kind'] | 'differs'; reason: DeliveryReason }[];
}

// One statement: fenced by the epoch, fed by typed arrays. Without the lane's row nothing else happens. Its update waits
// for an apply that is being committed and then sees the version in force, where a select would see the one before:
// what was mapped by a version that is no longer in force is asked for again.
const SETTLE = `
  with lane as (
    update lanes set cursor = greatest(cursor, $4), settled = settled + $5, superseded = superseded + $6
     where mapping = $1 and lane = $2 and epoch = $3 returning coalesce(mapping_version, $8) as in_force
  ), done as (
    delete from intents where id = any($7::uuid[]) and exists (select 1 from lane)
  ), asked as (
    delete from redeliveries where mapping = $1 and id = any($36::bigint[])
       and exists (select 1 from lane where in_force = $8)
  ), again as (
    insert into redeliveries (mapping, key, slot)
    select $1, s.key, s.slot from lane, unnest($20::uuid[], $21::smallint[]) as s (key, slot)
     where lane.in_force <> $8
    on conflict do nothing
  ), attempt as (
    insert into attempts (id, mapping, at, deadline, mapping_version, request_id, status, keys, versions)
    select a.id, $1, a.at, a.deadline, $8, a.request_id, a.status, a.keys::uuid[], a.versions::integer[]
      from lane, unnest($9::uuid[], $10::timestamptz[], $11::timestamptz[], $12::text[], $13::smallint[], $14::text[],
                        $15::text[]) as a (id, at, deadline, request_id, status, keys, versions)
  ), failure as (
    insert into attempt_failures (mapping, key, attempt, outcome, reason)
    select $1, f.key, f.attempt, f.outcome, f.reason
      from lane, unnest($16::uuid[], $17::uuid[], $18::text[], ${textsOf('$19')}) as f (key, attempt, outcome, reason)
    on conflict do nothing
  ), written as (
    insert into deliveries as d (mapping, key, slot, version, wanted, state, sent, target_id, target_key, shadow,
      mapping_version, attempt, tries, checks, resends, next_attempt_at, recheck_at, reason)
    select $1, s.key, s.slot, s.version, s.wanted, s.state, s.sent, s.target_id, s.target_key, s.shadow,
           $8, s.attempt, s.tries, s.checks, s.resends, s.next_attempt_at, s.recheck_at, s.reason
      from lane, unnest($20::uuid[], $21::smallint[], $22::integer[], $23::integer[], $24::text[], $25::boolean[],
        $26::text[], $27::text[], ${textsOf('$28')}, $29::uuid[], $30::smallint[], $31::smallint[], $32::smallint[],
        $33::timestamptz[], $34::timestamptz[], ${textsOf('$35')})
        as s (key, slot, version, wanted, state, sent, target_id, target_key, shadow, attempt, tries, checks, resends,
              next_attempt_at, recheck_at, reason)
    on conflict (mapping, key) do update
       set slot = excluded.slot, version = excluded.version, wanted = excluded.wanted, state = excluded.state,
           sent = excluded.sent, target_id = excluded.target_id, target_key = excluded.target_key,
           shadow = excluded.shadow, mapping_version = excluded.mapping_version, attempt = coalesce(excluded.attempt, d.attempt),
           tries = excluded.tries, checks = excluded.checks, resends = excluded.resends,
           next_attempt_at = excluded.next_attempt_at, recheck_at = excluded.recheck_at, reason = excluded.reason,
           updated_at = clock_timestamp()
     where d.version <= excluded.version
  )
  select 1 from lane`;

/**
 * Writes what came of a round's records, all in one transaction.
 * @param cursor where the lane's cursor may stand now
 * @param answered redeliveries that need nothing more, beside those of the settlements
 * @throws LeaseLostError where another worker has the lane: nothing was written then
 */
export async function settle(
  pool: pg.Pool,
  lease: Lease,
  mappingVersion: number,
  settlements: readonly Settlement[],
  attempts: readonly Attempt[],
  cursor: bigint,
  answered: readonly string[] = [],
): Promise<void> {
  failPoint('before-settle');
  const counts = counted(settlements);
  const failures = attempts.flatMap((attempt) =>
    attempt.failures.map((f) => ({ ...f, attempt: attempt.id })),
  );
  const { rowCount } = await pool.query({
    name: 'settle',
    text: SETTLE,
    values: [
      lease.mapping,
      lease.lane,
      lease.epoch.toString(),
      cursor.toString(),
      counts.settled,
      counts.superseded,
      arrayLiteral(attempts.map((attempt) => attempt.id)),
      mappingVersion,
      arrayLiteral(attempts.map((attempt) => attempt.id)),
      datesLiteral(attempts.map((attempt) => attempt.at)),
      datesLiteral(attempts.map((attempt) => attempt.deadline)),
      arrayLiteral(attempts.map((attempt) => attempt.requestId)),
      arrayLiteral(attempts.map((attempt) => attempt.status)),
      attempts.map((attempt) => arrayLiteral(attempt.keys)),
      attempts.map((attempt) => arrayLiteral(attempt.versions)),
      arrayLiteral(failures.map((failure) => failure.key)),
      arrayLiteral(failures.map((failure) => failure.attempt)),
      arrayLiteral(failures.map((failure) => failure.outcome)),
      jsonTexts(failures.map((failure) => failure.reason)),
      ...columns(settlements),
      [...answered, ...settlements.flatMap(({ taken }) => taken.redelivery?.id ?? [])],
    ],
  });
  if (rowCount === 0) throw new LeaseLostError(lease.mapping, lease.lane);
  if (cursor > lease.cursor) lease.cursor = cursor;
  failPoint('after-settle');
}

function columns(settlements: readonly Settlement[]): string[] {
  type Plain = string | number | boolean | null;
  const of = (column: (settlement: Settlement) => Plain): string => arrayLiteral(settlements.map(column));
  return [
    of((s) => s.taken.key),
    of((s) => s.taken.slot),
    of((s) => versionAfter(s)),
    of((s) => Math.max(s.taken.version, s.taken.previous?.wanted ?? 0)),
    of((s) => s.state),
    of((s) => s.sent),
    of((s) => s.targetId),
    of((s) => s.targetKey),
    jsonTexts(settlements.map((s) => s.shadow)),
    of((s) => s.attempt),
    of((s) => s.tries),
    of((s) => s.checks),
    of((s) => s.resends),
    datesLiteral(settlements.map((s) => s.nextAttemptAt)),
    datesLiteral(settlements.map((s) => s.recheckAt)),
    jsonTexts(settlements.map((s) => s.reason)),
  ];
}

/** The newest version that has its answer, once this is written. */
function versionAfter({ state, taken }: Settlement): number {
  return SETTLED_STATES.has(state) ? taken.version : (taken.previous?.version ?? 0);
}

/** How many changes got their answer now, and how many were overtaken on the way. Counted, never subtracted later. */
function counted(settlements: readonly Settlement[]): { settled: number; superseded: number } {
  let settled = 0;
  let superseded = 0;
  for (const settlement of settlements) {
    const before = settlement.taken.previous?.version ?? 0;
    const steps = versionAfter(settlement) - before;
    if (steps <= 0) continue;
    settled += 1;
    superseded += steps - 1;
  }
  return { settled, superseded };
}
