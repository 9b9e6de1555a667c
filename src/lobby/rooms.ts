import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type pg from 'pg';
import { CLOCK, type Clock } from '../platform/clock.js';
import { isConnectionLost } from '../platform/database/connection-lost.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { LOGGER, type Logger } from '../platform/logger.js';
import { DatabaseClock } from './database-clock.js';
import { ROOM_COLUMNS, ROOM_TABLES, type RoomRow } from './room.js';

const EVERY_MS = 250;
const ROOMS_MAX = 5_000;
/** After this long without an answer of the database a room is held, or closed, as it says. */
const STALE_MS = 3_000;

/**
 * Every room, as the database had it a quarter of a second ago. The guard and the status read it from memory. It
 * also tells the database's time, so that a replica whose clock is wrong judges passes like all others.
 */
@Injectable()
export class Rooms implements OnModuleInit, OnApplicationShutdown {
  private byName = new Map<string, RoomRow>();
  private timer: NodeJS.Timeout | undefined;
  private readonly databaseClock: DatabaseClock;
  private readAtMs = 0;
  private isOver = false;
  private reading: Promise<void> | undefined;

  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(CLOCK) clock: Clock,
  ) {
    this.databaseClock = new DatabaseClock(clock.now().getTime());
  }

  async onModuleInit(): Promise<void> {
    await this.refresh();
    this.schedule();
  }

  onApplicationShutdown(): void {
    this.isOver = true;
    clearTimeout(this.timer);
  }

  /** No event has one: the guard need not even look. */
  get isEmpty(): boolean {
    return this.byName.size === 0;
  }

  /** @param event id or slug, in any case: what leads to an event must lead to its room */
  of(event: string): RoomRow | undefined {
    return this.byName.get(event) ?? this.byName.get(event.toLowerCase());
  }

  all(): RoomRow[] {
    return [...new Set(this.byName.values())];
  }

  /** The database's time. */
  nowMs(): number {
    return this.databaseClock.nowMs();
  }

  get isStale(): boolean {
    return performance.now() - this.readAtMs > STALE_MS;
  }

  /** As it is now. A read that is under way may have begun too early, so it does not serve. */
  async refresh(): Promise<void> {
    await this.reading?.catch(() => undefined);
    await this.look();
  }

  private look(): Promise<void> {
    this.reading ??= this.read().finally(() => (this.reading = undefined));
    return this.reading;
  }

  private async read(): Promise<void> {
    const asked = performance.now();
    const { rows } = await this.pool.query<RoomRow & { now: Date }>({
      name: 'lobby-rooms',
      text: `select ${ROOM_COLUMNS}, clock_timestamp() as now from ${ROOM_TABLES}
              where e.ends_at > now() - interval '1 day' limit ${ROOMS_MAX}`,
    });
    const answered = performance.now();
    if (rows[0]) this.databaseClock.note(rows[0].now.getTime(), asked, answered);
    const byName = new Map<string, RoomRow>();
    for (const row of rows) {
      // It is told with the status only: a column for it would be written at every step.
      const front = /"frontSeconds":(\d+)/.exec(row.published ?? '')?.[1];
      const room = { ...row, front_seconds: front === undefined ? undefined : Number(front) };
      byName.set(row.event_id, room).set(row.slug, room);
    }
    this.byName = byName;
    this.readAtMs = answered;
  }

  private schedule(): void {
    if (this.isOver) return;
    this.timer = setTimeout(() => {
      void this.look()
        .catch((error: unknown) => {
          if (!isConnectionLost(error) && !this.isOver)
            this.logger.warn({ reason: String(error) }, 'the lobby could not be read');
        })
        .finally(() => this.schedule());
    }, EVERY_MS);
    this.timer.unref();
  }
}
