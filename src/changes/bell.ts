import { InjectQueue } from '@nestjs/bull';
import { Inject, Injectable } from '@nestjs/common';
import type { Queue } from 'bull';
import type pg from 'pg';
import { PG_POOL } from '../platform/database/database.module.js';
import { DRAIN_QUEUE } from '../platform/queue/queue.module.js';

/** What a drain job carries: where to look, never what is there. */
export interface DrainJob {
  readonly mapping: string;
  readonly lane: number;
}

const LOOK_GAP_MS = 5;

// A lane in good hands needs no bell: its holder looks once more before it gives the lane back.
const UNREAD_LANES = `
  select l.mapping, l.lane, l.owner is not null and l.until >= clock_timestamp() as "isHeld"
    from lanes l
   where string_to_array(l.stream, '+') && $1 and not l.paused
     and exists (select 1 from changes c
                  where c.stream = any (string_to_array(l.stream, '+')) and c.seq > l.cursor and c.slot % l.lanes = l.lane)`;

/**
 * Tells the workers that a stream has something new. A bell is never data: one that is lost costs at most a sweep,
 * one too many costs an empty look. So nobody awaits it, and with Redis away it is not even tried.
 *
 * It looks which lanes have something unread that nobody is reading, and rings these alone: a job that finds nothing
 * costs Redis, the worker and the database more than this one look does.
 */
@Injectable()
export class Bell {
  private readonly streams = new Set<string>();
  private isLooking = false;

  constructor(
    @InjectQueue(DRAIN_QUEUE) private readonly queue: Queue<DrainJob>,
    @Inject(PG_POOL) private readonly pool: pg.Pool,
  ) {}

  /** Call after the commit and after the answer; returns at once. */
  ring(streams: readonly string[]): void {
    for (const stream of streams) this.streams.add(stream);
    if (!this.isLooking) void this.lookUntilQuiet();
  }

  /** For what stands in no log: a lane has something to do though nothing new was written. */
  ringLane(mapping: string, lane: number): void {
    if (this.queue.client.status !== 'ready') return;
    void this.queue.add({ mapping, lane }).catch(ignoreTheSweepWillLook);
  }

  /** One look in five milliseconds, for all that was rung meanwhile. */
  private async lookUntilQuiet(): Promise<void> {
    this.isLooking = true;
    // Whoever holds a lane may be giving it back in this very moment, without having seen what we saw: then one look more.
    let lookedTwice = false;
    while (this.streams.size > 0 && this.queue.client.status === 'ready') {
      const streams = [...this.streams];
      this.streams.clear();
      const wereHeld = await this.look(streams).catch(ignoreTheSweepWillLook);
      await new Promise((resolve) => setTimeout(resolve, LOOK_GAP_MS).unref());
      if (this.streams.size > 0) lookedTwice = false;
      else if (wereHeld && !lookedTwice) {
        lookedTwice = true;
        for (const stream of wereHeld) this.streams.add(stream);
      }
    }
    this.streams.clear();
    this.isLooking = false;
  }

  /** @returns the streams, where one of their lanes with something unread is in somebody's hands */
  private async look(streams: readonly string[]): Promise<readonly string[] | undefined> {
    const { rows } = await this.pool.query<DrainJob & { isHeld: boolean }>({
      name: 'unread-lanes',
      text: UNREAD_LANES,
      values: [streams],
    });
    for (const { mapping, lane, isHeld } of rows) {
      if (!isHeld) this.ringLane(mapping, lane);
    }
    return rows.some(({ isHeld }) => isHeld) ? streams : undefined;
  }
}

function ignoreTheSweepWillLook(): undefined {
  // Deliberately dropped: a bell that was not rung is made good by the sweep.
}
