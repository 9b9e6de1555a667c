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

const RING_GAP_MS = 5;
const LANES_FRESH_MS = 1_000;

/**
 * Tells the workers that a stream has something new. A bell is never data: one that is lost costs at most a sweep,
 * one too many costs an empty look. So nobody awaits it, and with Redis away it is not even tried.
 */
@Injectable()
export class Bell {
  private lanes: { mapping: string; lane: number; stream: string }[] = [];
  private lanesReadAt = 0;
  private readonly ringing = new Map<string, { again: boolean }>();

  constructor(
    @InjectQueue(DRAIN_QUEUE) private readonly queue: Queue<DrainJob>,
    @Inject(PG_POOL) private readonly pool: pg.Pool,
  ) {}

  /** Call after the commit and after the answer; returns at once. */
  ring(streams: readonly string[]): void {
    void this.freshLanes().then((lanes) => {
      for (const lane of lanes) {
        if (streams.includes(lane.stream)) this.ringLane(lane.mapping, lane.lane);
      }
    }, ignoreTheSweepWillLook);
  }

  /** At most one job per lane in five milliseconds, and never a second one before the first was taken in. */
  ringLane(mapping: string, lane: number): void {
    const name = `${mapping}/${lane}`;
    const current = this.ringing.get(name);
    if (current) {
      current.again = true;
      return;
    }
    if (this.queue.client.status !== 'ready') return;
    const state = { again: false };
    this.ringing.set(name, state);
    const taken = this.queue.add({ mapping, lane }).catch(ignoreTheSweepWillLook);
    void Promise.all([taken, new Promise((resolve) => setTimeout(resolve, RING_GAP_MS).unref())]).then(() => {
      this.ringing.delete(name);
      if (state.again) this.ringLane(mapping, lane);
    });
  }

  private async freshLanes(): Promise<typeof this.lanes> {
    const now = performance.now();
    if (this.lanesReadAt > 0 && now - this.lanesReadAt < LANES_FRESH_MS) return this.lanes;
    this.lanesReadAt = now;
    const { rows } = await this.pool.query<{ mapping: string; lane: number; stream: string }>(
      'select mapping, lane, stream from lanes where not paused',
    );
    this.lanes = rows;
    return rows;
  }
}

function ignoreTheSweepWillLook(): void {
  // Deliberately dropped: a bell that was not rung is made good by the sweep.
}
