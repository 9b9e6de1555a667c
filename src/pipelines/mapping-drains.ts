import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { ObjectTarget } from '../connectors/connector.js';
import type { CompiledMapping } from '../mapping/compiled-mapping.js';
import { assertValid, type Lease } from '../changes/lease.js';
import { CLOCK, type Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { LOGGER, type Logger } from '../platform/logger.js';
import { AllCalls } from './all-calls.js';
import { type Applied, AppliedMappings } from './applied-mappings.js';
import { kindOf, readingOf } from './calls.js';
import { Destinations } from './destinations.js';
import { isRepeatable } from './delivering.js';
import type { Drainable } from './drain.js';
import { Drains } from './drains.js';
import { adoptOpenIntents } from './intend.js';
import { type RoundSize, roundSize } from './paced.js';
import type { Pipe } from './pipe.js';
import { round } from './round.js';

/** A turn nearer than this is waited for with the records in hand. */
const HELD_BY_PACE_MS = 250;

/** The records to try a destination with are chosen among so many. */
const TRIED_AMONG = 200;

/** Drains the lanes of the applied mappings. */
@Injectable()
export class MappingDrains {
  constructor(
    private readonly drains: Drains,
    private readonly calls: AllCalls,
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
    const kinds = [kindOf(mapping), readingOf(mapping)];
    return {
      adopt: (lease) => this.adopt(lease, mapping),
      dueInMs: (lease) => this.dueInMs(lease),
      heldMs: () => this.heldMs(destination, kinds),
      round: async (lease, lost) => {
        const { holds } = this.destinations;
        const size = this.sizeOf(mapping, lease);
        const isFull = await round(this.pool, lease, size, async (version) =>
          this.pipe(await this.applied.inForce(name, version), lease, lost),
        );
        holds.triedNothing(destination, ...kinds);
        return isFull;
      },
    };
  }

  /** A destination that may be back is tried with one call. */
  private sizeOf(mapping: CompiledMapping, lease: Lease): RoundSize {
    const { destination } = mapping;
    const { roundMax, batchMax } = this.settings.pipelines;
    const inOneCall = Math.min(
      this.destinations.connector(destination).batchMax(targetOf(mapping)),
      batchMax,
    );
    if (this.destinations.holds.isTrying(destination, kindOf(mapping), readingOf(mapping)))
      return { changes: Math.min(Math.max(inOneCall, TRIED_AMONG), roundMax), batches: 1, isTrial: true };
    return roundSize(this.calls.to(destination).limiter.gapMs(), lease.lanes, inOneCall, roundMax);
  }

  /** What comes until then fills the next batch. */
  private heldMs(destination: string, kinds: readonly string[]): number {
    const now = this.clock.now();
    const waitMs = this.calls.to(destination).limiter.waitMs();
    if (waitMs > HELD_BY_PACE_MS) return waitMs;
    return Math.max(0, this.destinations.holds.until(destination, now, ...kinds) - now.getTime());
  }

  private async pipe(
    { mapping, version, before, undone }: Applied,
    lease: Lease,
    lost: AbortSignal,
  ): Promise<Pipe> {
    const all = await this.applied.all();
    return {
      mapping,
      mappingVersion: version,
      before,
      undone,
      connector: this.destinations.connector(mapping.destination),
      target: { ...targetOf(mapping), mappingVersion: version, fields: mapping.writes },
      match: mapping.match,
      needs: await this.applied.needsOf(mapping),
      isWaitedFor:
        mapping.operation === 'append' || all.some((other) => other.mapping.needs.includes(mapping.name)),
      wake: (lanes) => lanes.forEach((lane) => void this.drains.drain(lane)),
      settings: this.settings.pipelines,
      calls: this.calls.to(mapping.destination),
      now: () => this.clock.now(),
      lost,
      assertMine: () => assertValid(lease),
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

  private async adopt(lease: Lease, mapping: CompiledMapping): Promise<void> {
    const { callTimeoutMs, lateWriteMs } = this.settings.pipelines;
    const now = this.clock.now();
    const connector = this.destinations.connector(mapping.destination);
    const target = targetOf(mapping);
    const records = await adoptOpenIntents(this.pool, lease, {
      now,
      recheckAt: new Date(now.getTime() + callTimeoutMs + lateWriteMs),
      isRepeatable: isRepeatable({ connector, target }),
      isReadable: connector.readBackMax(target) > 0,
    });
    if (records === 0) return;
    this.logger.warn(
      { mapping: lease.mapping, lane: lease.lane, records },
      'took over records left under way',
    );
  }
}

function targetOf({ object, operation, keyField }: CompiledMapping): ObjectTarget {
  return { object, operation, keyField };
}
