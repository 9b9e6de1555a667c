import type pg from 'pg';

/** A lane in the hands of one worker. `epoch` fences every write made in its name. */
export interface Lease {
  readonly mapping: string;
  readonly lane: number;
  readonly lanes: number;
  /** One, or several with `+` between them, which are read as one. */
  readonly stream: string;
  readonly epoch: bigint;
  /** When the lane was to be looked at, as it stood when it was taken: another time by then is somebody's wish. */
  readonly dueThen?: string | null;
  /** Everything up to here has been taken up. */
  cursor: bigint;
  /** On this process's monotonic clock (`performance.now()`): past this, nothing may be sent or settled. */
  validUntilMs: number;
}

/** Before any moment: a renewal that was under way meanwhile does not bring the lease back. */
const GIVEN_BACK = -Infinity;

export class LeaseLostError extends Error {
  readonly code = 'lease-lost';
  constructor(mapping: string, lane: number) {
    super(`Lane ${lane} of ${mapping} was paused or taken by another worker; this one stops and leaves it.`);
  }
}

interface LaneRow {
  lanes: number;
  stream: string;
  epoch: string;
  cursor: string;
  due: string | null;
}

/** Takes the lane if nobody holds it; null where somebody does, or it is paused or gone. */
export async function takeLease(
  pool: pg.Pool,
  place: { mapping: string; lane: number },
  owner: string,
  leaseMs: number,
): Promise<Lease | null> {
  const asked = performance.now();
  const { rows } = await pool.query<LaneRow>({
    name: 'lease-take',
    text: `update lanes
              set owner = $3, until = clock_timestamp() + $4 * interval '1 ms', epoch = epoch + 1
            where mapping = $1 and lane = $2 and not paused
              and (owner is null or until < clock_timestamp())
            returning lanes, stream, epoch, cursor, due::text as due`,
    values: [place.mapping, place.lane, owner, leaseMs],
  });
  const row = rows[0];
  if (!row) return null;
  return {
    ...place,
    lanes: row.lanes,
    stream: row.stream,
    epoch: BigInt(row.epoch),
    dueThen: row.due,
    cursor: BigInt(row.cursor),
    validUntilMs: asked + leaseMs,
  };
}

/** @throws LeaseLostError where another worker has it by now */
export async function renewLease(pool: pg.Pool, lease: Lease, leaseMs: number): Promise<void> {
  const asked = performance.now();
  const { rowCount } = await pool.query({
    name: 'lease-renew',
    text: `update lanes set until = clock_timestamp() + $4 * interval '1 ms'
            where mapping = $1 and lane = $2 and epoch = $3`,
    values: [lease.mapping, lease.lane, lease.epoch.toString(), leaseMs],
  });
  if (rowCount === 0) throw new LeaseLostError(lease.mapping, lease.lane);
  if (lease.validUntilMs !== GIVEN_BACK) lease.validUntilMs = asked + leaseMs;
}

/**
 * Gives the lane back, unless something came in since the last empty read: a bell that rang while we held the lane
 * was turned away, so nobody else would look. The writer commits before it rings; hence either this statement sees
 * the change, or the bell comes after this commit and finds the lane free.
 * @param dueInMs when something parked in the lane falls due; null where nothing is
 * @returns false where there is more to do and the lane was kept
 */
export async function releaseLease(pool: pg.Pool, lease: Lease, dueInMs: number | null): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: 'lease-release',
    text: `update lanes set owner = null, until = null,
                  due = least(clock_timestamp() + $5 * interval '1 ms',
                              case when due is distinct from $6::timestamptz then due end)
            where mapping = $1 and lane = $2 and epoch = $3
              and not exists (select 1 from changes
                               where stream = any (string_to_array($4, '+')) and seq > lanes.cursor
                                 and slot % lanes.lanes = lanes.lane)
              and not exists (select 1 from redeliveries r
                               where r.mapping = lanes.mapping and r.slot % lanes.lanes = lanes.lane)`,
    values: [lease.mapping, lease.lane, lease.epoch.toString(), lease.stream, dueInMs, lease.dueThen ?? null],
  });
  return rowCount === 1;
}

/**
 * Gives the lane back though there is more to do, to be looked at again in so many milliseconds. Where a round failed,
 * others of its calls still wait for their turn: they must not leave beside those of the next holder.
 */
export async function handBack(pool: pg.Pool, lease: Lease, dueInMs: number): Promise<void> {
  lease.validUntilMs = GIVEN_BACK;
  await pool.query({
    name: 'lease-hand-back',
    text: `update lanes set owner = null, until = null, due = clock_timestamp() + $4 * interval '1 ms'
            where mapping = $1 and lane = $2 and epoch = $3`,
    values: [lease.mapping, lease.lane, lease.epoch.toString(), dueInMs],
  });
}

export function assertValid(lease: Lease): void {
  if (performance.now() >= lease.validUntilMs) throw new LeaseLostError(lease.mapping, lease.lane);
}
