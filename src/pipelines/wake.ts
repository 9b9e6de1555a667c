import { InjectQueue } from '@nestjs/bull';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Queue } from 'bull';
import type pg from 'pg';
import type { DrainJob } from '../changes/bell.js';
import { Settings } from '../platform/config/settings.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { LOGGER, type Logger } from '../platform/logger.js';
import { DRAIN_QUEUE } from '../platform/queue/queue.module.js';
import { Drains } from './drains.js';

const JOBS_AT_ONCE = 16;

/**
 * The bell's end of the rope: a job says where to look. Jobs are asked for here and not by `@Process`, which leaves it to
 * nobody when a process that has just begun is told to stop, and Bull's first look at Redis is cut off.
 */
@Injectable()
export class DrainProcessor implements OnApplicationBootstrap {
  constructor(
    @InjectQueue(DRAIN_QUEUE) private readonly queue: Queue<DrainJob>,
    private readonly drains: Drains,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    // Bull names its connection for a list that nobody asks for here, and when that is cut off the process would end.
    Object.assign(this.queue, { setWorkerName: () => Promise.resolve() });
    // Not awaited, neither of them: it lasts as long as the process, and a long drain must not look like a stalled job.
    void this.queue
      .process(JOBS_AT_ONCE, (job) => {
        void this.drains.drain(job.data);
        return Promise.resolve();
      })
      .catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : 'unknown';
        this.logger.warn({ reason }, 'no jobs are taken; work goes on by the sweep');
      });
  }
}

// A lane needs a look where something unread or due stands in it, or its holder let the lease run out.
const WAITING_LANES = `
  select mapping, lane from lanes l
   where not paused and (owner is null or until < clock_timestamp())
     and (owner is not null
          or due <= clock_timestamp()
          or exists (select 1 from changes c
                      where c.stream = any (string_to_array(l.stream, '+')) and c.seq > l.cursor and c.slot % l.lanes = l.lane)
          or exists (select 1 from redeliveries r where r.mapping = l.mapping and r.slot % l.lanes = l.lane))`;

/** Looks at every lane, bell or no bell: makes good what a lost Redis or a dead worker left. */
@Injectable()
export class Sweep implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;

  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly drains: Drains,
    private readonly settings: Settings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    void this.sweep();
  }

  onApplicationShutdown(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private async sweep(): Promise<void> {
    try {
      const { rows } = await this.pool.query<DrainJob>(WAITING_LANES);
      for (const lane of rows) void this.drains.drain(lane);
    } catch (error) {
      this.logger.warn({ reason: error instanceof Error ? error.message : 'unknown' }, 'a sweep failed');
    }
    if (this.isStopped) return;
    this.timer = setTimeout(() => void this.sweep(), this.settings.pipelines.sweepMs);
  }
}
