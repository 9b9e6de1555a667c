import type pg from 'pg';
import { handBack, type Lease, releaseLease, renewLease, takeLease } from '../changes/lease.js';
import type { Lookout } from '../changes/lookout.js';
import type { PipelineSettings } from '../platform/config/settings.js';

/** What a lane's holder does with it. */
export interface Drainable {
  /** Takes over what an earlier holder left under way. */
  adopt(lease: Lease): Promise<void>;
  /** @returns whether more may be there than was taken up */
  round(lease: Lease, lost: AbortSignal): Promise<boolean>;
  /** Milliseconds for which nothing should be read; 0 where work may go on. */
  heldMs(): number;
  /** Milliseconds until something parked in the lane falls due; null where nothing is parked. */
  dueInMs(lease: Lease): Promise<number | null>;
}

export type Drained =
  | { readonly kind: 'taken-elsewhere' }
  /** Nothing is left, or nothing may be read; something falls due in so many milliseconds. */
  | { readonly kind: 'given-back'; readonly dueInMs: number | null };

const FAILED_PAUSE_MS = 250;
/** A lane that is never quiet is given back after so long: what is delivered to, and how, is then looked up anew. */
const HOLD_MAX_MS = 1_000;

/**
 * Empties one lane: takes it, goes round until there is nothing and nothing comes for a moment, gives it back.
 * @throws LeaseLostError, or what a round threw; the lane then falls to whoever comes next when the lease runs out
 */
export async function drain(
  pool: pg.Pool,
  place: { mapping: string; lane: number },
  owner: string,
  settings: PipelineSettings,
  work: Drainable,
  stopping: AbortSignal,
  lookout: Lookout,
): Promise<Drained> {
  const lease = await takeLease(pool, place, owner, settings.leaseMs);
  if (!lease) return { kind: 'taken-elsewhere' };
  const lost = new AbortController();
  const heart = setInterval(() => {
    renewLease(pool, lease, settings.leaseMs).catch((error: unknown) => {
      // Whether taken or out of reach: past its time the lane is not ours, and no call may go on in its name.
      if (performance.now() >= lease.validUntilMs || isLost(error)) lost.abort(error);
    });
  }, settings.leaseMs / 3);
  try {
    await work.adopt(lease);
    return {
      kind: 'given-back',
      dueInMs: await untilQuiet(pool, lease, settings, work, stopping, lost.signal, lookout),
    };
  } catch (error) {
    // What is under way stands as open intents; the next holder takes it over.
    await handBack(pool, lease, FAILED_PAUSE_MS).catch(() => undefined);
    throw error;
  } finally {
    clearInterval(heart);
  }
}

async function untilQuiet(
  pool: pg.Pool,
  lease: Lease,
  settings: PipelineSettings,
  work: Drainable,
  stopping: AbortSignal,
  lost: AbortSignal,
  lookout: Lookout,
): Promise<number | null> {
  const handBackAtMs = performance.now() + HOLD_MAX_MS;
  for (;;) {
    const heldMs = work.heldMs();
    const isLongEnough = stopping.aborted || performance.now() > handBackAtMs;
    if (isLongEnough || heldMs > 0) {
      await handBack(pool, lease, heldMs);
      return heldMs;
    }
    if (await work.round(lease, lost)) continue;
    if (await lookout.linger(lease, settings.lingerMs)) continue;
    const dueInMs = await work.dueInMs(lease);
    if (dueInMs !== null && dueInMs <= 0) continue;
    if (await releaseLease(pool, lease, dueInMs)) return dueInMs;
    await renewLease(pool, lease, settings.leaseMs);
  }
}

function isLost(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'lease-lost';
}
