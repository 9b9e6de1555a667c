import { Process, Processor } from '@nestjs/bull';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Job } from 'bull';
import type pg from 'pg';
import type { DrainJob } from '../changes/bell.js';
import { Settings } from '../platform/config/settings.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { LOGGER, type Logger } from '../platform/logger.js';
import { DRAIN_QUEUE } from '../platform/queue/queue.module.js';
import { Drains } from './drains.js';

const JOBS_AT_ONCE = 16;

/** The bell's end of the rope: a job says where to look. */
@Processor(DRAIN_QUEUE)
export class DrainProcessor {
  constructor(private readonly drains: Drains) {}

  @Process({ concurrency: JOBS_AT_ONCE })
  drain(job: Job<DrainJob>): void {
    // Not awaited: a job is a bell, and a long drain must not look like a stalled one.
    void this.drains.drain(job.data);
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
