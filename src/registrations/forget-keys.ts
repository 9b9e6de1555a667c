import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type pg from 'pg';
import { CLOCK, type Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { LOGGER, type Logger } from '../platform/logger.js';

const EVERY_MS = 3_600_000;
const AT_ONCE_MAX = 10_000;

/**
 * The hourly upkeep: idempotency keys that are too old to count are deleted, a few at a time, and the log gets its next
 * partitions ahead of need, also at start. Two processes doing so do no harm.
 */
@Injectable()
export class ForgetKeys implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly settings: Settings,
  ) {}

  onApplicationBootstrap(): void {
    const run = (): void =>
      void this.upkeep().catch((error: unknown) => {
        this.logger.warn({ code: (error as { code?: unknown }).code }, 'the upkeep waits for the next hour');
      });
    void this.makePartitions().catch(() => undefined); // The next hour tries again; the rest partition takes what comes.
    this.timer = setInterval(run, EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async upkeep(): Promise<void> {
    await this.makePartitions();
    await this.forget();
  }

  private async makePartitions(): Promise<void> {
    await this.pool.query('select ensure_change_partitions()');
  }

  /** @returns how many were deleted */
  async forget(): Promise<number> {
    const before = new Date(
      this.clock.now().getTime() - this.settings.registrations.idempotencyDays * 86_400_000,
    );
    let total = 0;
    for (let deleted = AT_ONCE_MAX; deleted === AT_ONCE_MAX; total += deleted) {
      const { rowCount } = await this.pool.query(
        `delete from idempotency_keys where ctid = any (array(
           select ctid from idempotency_keys where created_at < $1 limit $2))`,
        [before, AT_ONCE_MAX],
      );
      deleted = rowCount ?? 0;
    }
    return total;
  }
}
