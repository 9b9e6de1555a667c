import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type pg from 'pg';
import { Bell } from '../changes/bell.js';
import { CLOCK, type Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { isWorthAnotherTry } from '../platform/database/transaction.js';
import { LOGGER, type Logger } from '../platform/logger.js';

const EVERY_MS = 30_000;
const AT_ONCE_MAX = 500;
const PLACES_MAX = 200;
const DAY_MS = 86_400_000;

interface Place {
  readonly event: string;
  /** Null: the event as a whole. */
  readonly session: string | null;
}

const OVER = `
  select s.event_id as event, s.id as session from sessions s
   where s.attendance_closed_at is null and s.ends_at < $1
  union all
  select e.id, null from events e where e.attendance_closed_at is null and e.ends_at < $1
   limit $2`;

/**
 * When a session or an event is over, whoever held a place and was not seen is a no-show. Late signals still turn that
 * round. Several workers that do this at once do no harm: a row is written once.
 */
@Injectable()
export class AttendanceClosings implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly settings: Settings,
    private readonly bell: Bell,
  ) {}

  onApplicationBootstrap(): void {
    const run = (): void =>
      void this.upkeep().catch((error: unknown) => {
        this.logger.warn(
          { code: (error as { code?: unknown }).code },
          'attendance is closed at the next look',
        );
      });
    this.timer = setInterval(run, EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async upkeep(): Promise<void> {
    await this.close();
    await this.forgetStrangers();
  }

  /** @returns how many no-shows were looked at */
  async close(): Promise<number> {
    const before = new Date(this.clock.now().getTime() - this.settings.activity.noShowAfterMs);
    const { rows } = await this.pool.query<Place>(OVER, [before, PLACES_MAX]);
    let total = 0;
    for (const place of rows) total += await this.closeOne(place);
    if (total > 0) this.bell.ring(['person', 'attendance']);
    if (rows.some(({ session }) => session === null)) this.bell.ring(['event']);
    return total;
  }

  /** Signals of people who never registered are personal data without a purpose after a while. */
  async forgetStrangers(): Promise<void> {
    const before = new Date(this.clock.now().getTime() - this.settings.activity.unresolvedDays * DAY_MS);
    await this.pool.query('delete from signals where registration_id is null and received_at < $1', [before]);
  }

  private async closeOne({ event, session }: Place): Promise<number> {
    let total = 0;
    for (let some = AT_ONCE_MAX; some === AT_ONCE_MAX; total += some)
      some = await this.record(event, session);
    await this.pool.query(
      session === null
        ? 'select close_event_attendance($1, $2)'
        : 'update sessions set attendance_closed_at = $2 where id = $1',
      [session ?? event, this.clock.now()],
    );
    return total;
  }

  private async record(event: string, session: string | null): Promise<number> {
    for (;;) {
      try {
        const { rows } = await this.pool.query<{ n: number }>('select record_no_shows($1, $2, $3, $4) as n', [
          event,
          session,
          AT_ONCE_MAX,
          this.clock.now(),
        ]);
        return rows[0]!.n;
      } catch (error) {
        if (!isWorthAnotherTry(error)) throw error;
      }
    }
  }
}
