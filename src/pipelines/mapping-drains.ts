import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { Lease } from '../changes/lease.js';
import { CLOCK, type Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { LOGGER, type Logger } from '../platform/logger.js';
import { type Applied, AppliedMappings } from './applied-mappings.js';
import { Destinations } from './destinations.js';
import type { Drainable } from './drain.js';
import { Drains } from './drains.js';
import { adoptOpenIntents } from './intend.js';
import { type Pipe, round } from './round.js';

/** Drains the lanes of the applied mappings. */
@Injectable()
export class MappingDrains {
  constructor(
    drains: Drains,
    private readonly applied: AppliedMappings,
    private readonly destinations: Destinations,
    private readonly settings: Settings,
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    drains.provide(async (name) => {
      const applied = await this.applied.current(name);
      return applied && this.destinations.isLeaving(applied.mapping) ? this.drainable(applied) : null;
    });
  }

  private drainable({ mapping }: Applied): Drainable {
    const { destination, name } = mapping;
    return {
      adopt: (lease) => this.adopt(lease),
      dueInMs: (lease) => this.dueInMs(lease),
      heldUntil: () => this.destinations.holds.until(destination, this.clock.now()),
      round: (lease, lost) =>
        round(this.pool, lease, this.settings.pipelines.roundMax, async (version) =>
          this.pipe(await this.applied.inForce(name, version), lost),
        ),
    };
  }

  private pipe({ mapping, version }: Applied, lost: AbortSignal): Pipe {
    const { object, operation, keyField } = mapping;
    return {
      mapping,
      mappingVersion: version,
      connector: this.destinations.connector(mapping.destination),
      target: { object, operation, keyField },
      settings: this.settings.pipelines,
      holds: this.destinations.holds,
      now: () => this.clock.now(),
      lost,
    };
  }

  private async dueInMs(lease: Lease): Promise<number | null> {
    const { rows } = await this.pool.query<{ ms: number | null }>({
      name: 'next-due',
      text: `select extract(epoch from min(next_attempt_at) - clock_timestamp())::float8 * 1000 as ms
               from deliveries where mapping = $1 and next_attempt_at is not null and slot % $2 = $3`,
      values: [lease.mapping, lease.lanes, lease.lane],
    });
    return rows[0]?.ms ?? null;
  }

  private async adopt(lease: Lease): Promise<void> {
    const { callTimeoutMs, lateWriteMs } = this.settings.pipelines;
    const recheckAt = new Date(this.clock.now().getTime() + callTimeoutMs + lateWriteMs);
    const records = await adoptOpenIntents(this.pool, lease, recheckAt);
    if (records === 0) return;
    this.logger.warn(
      { mapping: lease.mapping, lane: lease.lane, records },
      'took over records left under way',
    );
  }
}
