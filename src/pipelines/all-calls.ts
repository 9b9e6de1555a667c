import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import os from 'node:os';
import type pg from 'pg';
import { CLOCK, type Clock } from '../platform/clock.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { LOGGER, type Logger } from '../platform/logger.js';
import { Calls } from './calls.js';
import { Destinations } from './destinations.js';

const COUNT_EVERY_MS = 5_000;

/** The calls to every destination; writes down now and then how many there were. */
@Injectable()
export class AllCalls implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly calls = new Map<string, Calls>();
  private readonly worker = `${os.hostname()}/${process.pid}/${randomUUID().slice(0, 8)}`;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly destinations: Destinations,
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  to(destination: string): Calls {
    const known = this.calls.get(destination);
    if (known) return known;
    const { destinations, pool, logger } = this;
    const connector = destinations.connector(destination);
    const now = (): Date => this.clock.now();
    const calls = new Calls(pool, connector, destinations.holds, logger, now, this.worker);
    this.calls.set(destination, calls);
    return calls;
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.count(), COUNT_EVERY_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.count();
    // Others need not wait until what this process holds runs out; with the database away they do.
    await Promise.all([...this.calls.values()].map(({ slots }) => slots.close().catch(() => undefined)));
  }

  /** What a count that failed held is lost: it is a count for people, the budget is booked apart from it. */
  async count(): Promise<void> {
    try {
      for (const [destination, { limiter }] of this.calls) {
        const { calls, told } = limiter.takeCount();
        if (calls > 0) await this.pool.query(COUNT, [destination, calls]);
        if (told) await this.pool.query(TOLD, [destination, told.used, told.max]);
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown';
      this.logger.warn({ reason }, 'calls could not be counted');
    }
  }
}

const COUNT = `
  insert into call_counts as c (destination, hour, calls)
  values ($1, date_trunc('hour', clock_timestamp()), $2)
  on conflict (destination, hour) do update set calls = c.calls + excluded.calls`;

const TOLD = `
  insert into call_budgets as b (destination, day, told_used, told_max, told_at)
  values ($1, (clock_timestamp() at time zone 'UTC')::date, $2, $3, clock_timestamp())
  on conflict (destination) do update
     set told_used = excluded.told_used, told_max = excluded.told_max, told_at = excluded.told_at`;
