import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { isConnectionLost } from '../platform/database/connection-lost.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { LOGGER, type Logger } from '../platform/logger.js';
import { decide, FlowMeter, Forecasts, type LineFigures } from './controller.js';
import { estimateError, lobbyFigures, stepSeconds } from './lobby-metrics.js';
import { ROOM_COLUMNS, ROOM_TABLES, type RoomRow, stateOf, statusText } from './room.js';
import { Rooms } from './rooms.js';

const STEP_MS = 50;
/** Others look this often whether the lease is free; with its length, a takeover takes at most 1.8 s. */
const LOOK_MS = 300;
const LEASE_MS = 1_500;
const PUBLISH_MS = 500;
const SWEEP_MS = 60_000;
/** Who checked in so long ago and was never called has gone. */
const PRESENT_SECONDS = 300;
const LEDGER_DAYS = 30;

interface LineRow {
  now: Date;
  active: string;
  released: string;
  present: string;
  called: string;
  issued: string;
  frontier: string;
  frontier_at: Date;
}

/** One replica at a time, elected by a lease in PostgreSQL, calls the next ones in every room, twenty times a second. */
@Injectable()
export class Releaser implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly owner = uuidv7();
  private readonly meters = new Map<string, FlowMeter>();
  private readonly forecasts = new Map<string, Forecasts>();
  private readonly publishedAtMs = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;
  private isOver = false;
  private working: Promise<void> = Promise.resolve();
  private sweptAtMs = performance.now();

  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly rooms: Rooms,
  ) {}

  onApplicationBootstrap(): void {
    this.schedule(0);
  }

  async onApplicationShutdown(): Promise<void> {
    this.isOver = true;
    clearTimeout(this.timer);
    await this.working;
    await this.pool
      .query(`update lobby_releaser set until = '-infinity' where owner = $1`, [this.owner])
      .catch(() => undefined);
  }

  private schedule(inMs: number): void {
    if (this.isOver) return;
    this.timer = setTimeout(() => {
      this.working = this.work();
    }, inMs);
    this.timer.unref();
  }

  private async work(): Promise<void> {
    let next = LOOK_MS;
    try {
      // Nobody waits anywhere: no lease, no steps.
      const rooms = this.rooms
        .all()
        .filter(({ mode, lobby_state }) => mode !== 'off' || lobby_state !== 'off');
      const epoch = rooms.length > 0 ? await this.lease() : null;
      if (epoch !== null) {
        for (const room of rooms) await this.step(room, epoch);
        await this.sweep();
        next = STEP_MS;
      }
    } catch (error) {
      if (!isConnectionLost(error) && !this.isOver)
        this.logger.error({ reason: String(error) }, 'a step of the lobby failed; it is tried again');
    }
    this.schedule(next);
  }

  /** The epoch changes with the holder; what an earlier holder still asks for is refused. */
  private async lease(): Promise<string | null> {
    const { rows } = await this.pool.query<{ epoch: string }>({
      name: 'lobby-lease',
      text: `update lobby_releaser
                set epoch = epoch + (owner is distinct from $1)::int, owner = $1,
                    until = clock_timestamp() + $2 * interval '1 ms'
              where owner = $1 or until < clock_timestamp() returning epoch`,
      values: [this.owner, LEASE_MS],
    });
    return rows[0]?.epoch ?? null;
  }

  private async step(room: RoomRow, epoch: string): Promise<void> {
    const started = performance.now();
    const id = room.event_id;
    const line = await this.look(id);
    if (!line) return;
    const budgets = { maxActive: room.max_active, maxPerMinute: room.max_per_minute };
    const meter = this.meterOf(id);
    const flow = meter.flow(line.nowMs, budgets);
    const isHeld = ['off', 'paused'].includes(stateOf(room, line.nowMs)) || room.state === 'closed';
    const next = isHeld
      ? { release: 0, called: line.called, frontier: line.frontier }
      : decide(line, budgets, flow.ratePerMinute);
    let released = 0;
    if (next.release > 0 || next.called > line.called || next.frontier > line.frontier) {
      const { rows } = await this.pool.query<{ released: number; passed: string; waited_ms: string }>({
        name: 'lobby-step',
        text: 'select * from lobby_step($1, $2, $3, $4, $5)',
        values: [id, epoch, next.release, next.called, next.frontier],
      });
      const done = rows[0]!;
      released = done.released;
      meter.observe(line.nowMs, done.released, Number(done.passed), Number(done.waited_ms));
    } else meter.observe(line.nowMs, 0, 0, 0);
    await this.publish(room, line, released > 0);
    const measured = meter.flow(line.nowMs, budgets);
    lobbyFigures.set(id, room, line, measured, released);
    const forecasts = this.forecastsOf(id);
    for (const error of forecasts.settle(line)) estimateError.observe(error);
    if (!isHeld) forecasts.note(line, measured);
    stepSeconds.observe((performance.now() - started) / 1000);
  }

  private async look(id: string): Promise<LineFigures | null> {
    const { rows } = await this.pool.query<LineRow>({
      name: 'lobby-look',
      text: 'select * from lobby_look($1)',
      values: [id],
    });
    const row = rows[0];
    if (!row) return null;
    return {
      nowMs: row.now.getTime(),
      active: Number(row.active),
      released: Number(row.released),
      present: Number(row.present),
      called: Number(row.called),
      issued: Number(row.issued),
      frontier: Number(row.frontier),
      frontierAtMs: row.frontier_at.getTime(),
    };
  }

  /** What everyone reads is written once, so that all replicas give the same bytes. */
  private async publish(room: RoomRow, line: LineFigures, isNews: boolean): Promise<void> {
    const isDue = line.nowMs - (this.publishedAtMs.get(room.event_id) ?? 0) >= PUBLISH_MS;
    const isChanged =
      room.published_version !== room.version || stateOf(room, line.nowMs) !== room.lobby_state;
    if (!isDue && !(isNews && room.present > 0) && !isChanged) return;
    const { rows } = await this.pool.query<RoomRow>({
      name: 'lobby-room',
      text: `select ${ROOM_COLUMNS} from ${ROOM_TABLES} where b.event_id = $1`,
      values: [room.event_id],
    });
    const now = rows[0];
    if (!now) return;
    const flow = this.meterOf(room.event_id).flow(line.nowMs, {
      maxActive: now.max_active,
      maxPerMinute: now.max_per_minute,
    });
    const told = {
      ...now,
      rate_per_minute: flow.ratePerMinute,
      abandonment: flow.abandonment,
      front_seconds: flow.frontSeconds,
    };
    const text = statusText(told, line.nowMs);
    const state = stateOf(told, line.nowMs);
    await this.pool.query({
      name: 'lobby-publish',
      text: `update lobby_lines set published = $2, published_version = $3, published_at = clock_timestamp(),
                rate_per_minute = $4, abandonment = $5
              where event_id = $1 and published is distinct from $2`,
      values: [room.event_id, text, now.version, flow.ratePerMinute, flow.abandonment],
    });
    // The event's row is hot: it is touched when what it says changes, and then only.
    if (state !== now.lobby_state)
      await this.pool.query('update events set lobby_state = $2 where id = $1 and lobby_state <> $2', [
        room.event_id,
        state,
      ]);
    this.publishedAtMs.set(room.event_id, line.nowMs);
  }

  private async sweep(): Promise<void> {
    if (performance.now() - this.sweptAtMs < SWEEP_MS) return;
    this.sweptAtMs = performance.now();
    await this.pool.query(
      `with gone as (delete from lobby_present where at < now() - $1 * interval '1 s'),
            used as (delete from lobby_blocks k using lobby_lines l
                      where l.event_id = k.event_id and k.first + k.size <= l.called and k.at < now() - interval '10 min'),
            back as (delete from lobby_slices where until < now() - $2 * interval '1 day')
       delete from lobby_releases where at < now() - $2 * interval '1 day'`,
      [PRESENT_SECONDS, LEDGER_DAYS],
    );
  }

  private forecastsOf(id: string): Forecasts {
    let forecasts = this.forecasts.get(id);
    if (!forecasts) this.forecasts.set(id, (forecasts = new Forecasts()));
    return forecasts;
  }

  private meterOf(id: string): FlowMeter {
    let meter = this.meters.get(id);
    if (!meter) this.meters.set(id, (meter = new FlowMeter()));
    return meter;
  }
}
