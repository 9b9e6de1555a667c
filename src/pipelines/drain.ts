import type pg from 'pg';
import { handBack, type Lease, releaseLease, renewLease, takeLease } from '../changes/lease.js';
import type { PipelineSettings } from '../platform/config/settings.js';

/** What a lane's holder does with it. */
export interface Drainable {
  /** Takes over what an earlier holder left under way. */
  adopt(lease: Lease): Promise<void>;
  /** @returns whether more may be there than was taken up */
  round(lease: Lease, lost: AbortSignal): Promise<boolean>;
  /** Epoch milliseconds until which nothing should be read; 0 where work may go on. */
  heldUntil(): number;
  /** Milliseconds until something parked in the lane falls due; null where nothing is parked. */
  dueInMs(lease: Lease): Promise<number | null>;
}

export type Drained =
  | { readonly kind: 'taken-elsewhere' }
  /** Nothing is left, or nothing may be read; something falls due in so many milliseconds. */
  | { readonly kind: 'given-back'; readonly dueInMs: number | null };

const FAILED_PAUSE_MS = 250;

/**
 * Empties one lane: takes it, goes round until there is nothing, gives it back.
 * @throws LeaseLostError, or what a round threw; the lane then falls to whoever comes next when the lease runs out
 */
export async function drain(
  pool: pg.Pool,
  place: { mapping: string; lane: number },
  owner: string,
  settings: PipelineSettings,
  work: Drainable,
  stopping: AbortSignal,
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
      dueInMs: await untilQuiet(pool, lease, settings, work, stopping, lost.signal),
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
): Promise<number | null> {
  for (;;) {
    const heldMs = work.heldUntil() - Date.now();
    if (stopping.aborted || heldMs > 0) {
      const dueInMs = stopping.aborted ? 0 : heldMs;
      await handBack(pool, lease, dueInMs);
      return dueInMs;
    }
    if (await work.round(lease, lost)) continue;
    const dueInMs = await work.dueInMs(lease);
    if (dueInMs !== null && dueInMs <= 0) continue;
    if (await releaseLease(pool, lease, dueInMs)) return dueInMs;
    await renewLease(pool, lease, settings.leaseMs);
  }
}

function isLost(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'lease-lost';
}
