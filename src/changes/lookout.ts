import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type pg from 'pg';
import { PG_POOL } from '../platform/database/database.module.js';
import type { Lease } from './lease.js';

const GAP_MS = 5;
/** In a rush a look finds many, and a round of many costs hardly more than one of few. */
const RUSH_GAP_MS = 200;
/** Changes per second. */
const CALM = 600;
const RUSH = 1_600;
const SAMPLE_MS = 200;

// One look for all lanes: what came behind the cursor that is furthest back, of each slot the newest.
const NEWEST = `
  select stream, slot, max(seq) as seq from changes
   where stream = any($1) and seq > $2 group by stream, slot`;

interface Watch {
  readonly lease: Lease;
  readonly streams: readonly string[];
  readonly untilMs: number;
  readonly end: (isThereMore: boolean) => void;
}

/**
 * Watches the end of the log for the lanes that this process holds and has emptied. To give a lane back and to take it
 * again for the next record costs two commits, a bell and a look for what was left under way; one look in five
 * milliseconds for all lanes together costs less than that, and finds the record sooner.
 */
@Injectable()
export class Lookout implements OnApplicationShutdown {
  private readonly watches = new Map<string, Watch>();
  /** Where the log ended at some moment, and how fast it grew until then. */
  private sample = { seq: 0n, atMs: 0, perSecond: 0 };
  private isLooking = false;
  private isStopped = false;

  constructor(@Inject(PG_POOL) private readonly pool: pg.Pool) {}

  /** @returns whether something came within so many milliseconds that the lane should be read again for */
  linger(lease: Lease, ms: number): Promise<boolean> {
    if (this.isStopped || ms <= 0) return Promise.resolve(false);
    const name = nameOf(lease);
    return new Promise((resolve) => {
      const watch: Watch = {
        lease,
        streams: lease.stream.split('+'),
        untilMs: performance.now() + ms,
        end: (isThereMore) => {
          // A look that took its time ends who was nudged meanwhile, and must not forget who lingers there by now.
          if (this.watches.get(name) === watch) this.watches.delete(name);
          resolve(isThereMore);
        },
      };
      this.watches.set(name, watch);
      if (!this.isLooking) void this.lookUntilDone();
    });
  }

  /** For what stands in no log: the lane is to be read again, if it lingers here. */
  nudge(place: { mapping: string; lane: number }): void {
    this.watches.get(nameOf(place))?.end(true);
  }

  onApplicationShutdown(): void {
    this.isStopped = true;
    for (const watch of this.watches.values()) watch.end(false);
  }

  private async lookUntilDone(): Promise<void> {
    this.isLooking = true;
    while (this.watches.size > 0) {
      // Deliberately dropped: whoever gives the lane back looks for itself, and says what is wrong.
      await this.look().catch(() => undefined);
      for (const watch of this.watches.values()) if (performance.now() >= watch.untilMs) watch.end(false);
      await new Promise((resolve) => setTimeout(resolve, this.gapMs()));
    }
    this.isLooking = false;
  }

  private async look(): Promise<void> {
    const watches = [...this.watches.values()];
    const furthestBack = watches.map(({ lease }) => lease.cursor).reduce((a, b) => (b < a ? b : a));
    const { rows } = await this.pool.query<{ stream: string; slot: number; seq: string }>({
      name: 'lookout',
      text: NEWEST,
      values: [[...new Set(watches.flatMap(({ streams }) => streams))], furthestBack.toString()],
    });
    this.note([...watches.map(({ lease }) => lease.cursor), ...rows.map(({ seq }) => BigInt(seq))]);
    for (const { lease, streams, end } of watches) {
      const isOurs = rows.some(
        ({ stream, slot, seq }) =>
          slot % lease.lanes === lease.lane && BigInt(seq) > lease.cursor && streams.includes(stream),
      );
      if (isOurs) end(true);
    }
  }

  /** Where nothing came the pace is noted too: else a rush would go on until the next change. */
  private note(seqs: readonly bigint[]): void {
    const { seq: before, atMs } = this.sample;
    const now = performance.now();
    if (now - atMs < SAMPLE_MS) return;
    const seq = seqs.reduce((a, b) => (b > a ? b : a), before);
    const perSecond = atMs === 0 ? 0 : (Number(seq - before) / (now - atMs)) * 1000;
    this.sample = { seq, atMs: now, perSecond };
  }

  private gapMs(): number {
    const share = (this.sample.perSecond - CALM) / (RUSH - CALM);
    return GAP_MS + (RUSH_GAP_MS - GAP_MS) * Math.min(Math.max(share, 0), 1);
  }
}

function nameOf({ mapping, lane }: { mapping: string; lane: number }): string {
  return `${mapping}/${lane}`;
}
