import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { uuidv7 } from 'uuidv7';
import { isConnectionLost } from '../platform/database/connection-lost.js';
import { LOGGER, type Logger } from '../platform/logger.js';
import { decide, type LineFigures } from './controller.js';
import type { Flow } from './flow.js';
import { FlowMeter } from './flow-meter.js';
import { Forecasts } from './forecasts.js';
import { LineLedger } from './line-ledger.js';
import { LOOK_MS_MAX, LookPace } from './look-pace.js';
import { lobbyFigures, stepSeconds } from './lobby-metrics.js';
import { flowOf, placesTold, type RoomRow, stateOf, statusText } from './room.js';
import { Rooms } from './rooms.js';

/** The others look every `LOOK_MS_MAX` whether it is free: a takeover takes at most 1.6 s. */
const LEASE_MS = 1_300;
/**
 * The lease is made longer this often, also on the way through many rooms, lest another replica begins at the first of
 * them. Between that, and should it be lost, its epoch fences each step.
 */
const RENEW_MS = 400;
/** What is published is read four times a second. */
const PUBLISH_MS = { news: 200, otherwise: 500 };
const SWEEP_MS = 60_000;

/** What the releaser knows of a line beyond its figures. */
interface Watch {
  readonly meter: FlowMeter;
  readonly forecasts: Forecasts;
  publishedAtMs: number;
}

/** One replica at a time, elected by a lease in PostgreSQL, calls the next ones in every room, up to fifty times a second. */
@Injectable()
export class Releaser implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly owner = uuidv7();
  /** Of the rooms in which something stood in the last round. */
  private watches = new Map<string, Watch>();
  private timer: NodeJS.Timeout | undefined;
  private isOver = false;
  private working: Promise<void> = Promise.resolve();
  private epoch: string | null = null;
  private leasedAtMs = 0;
  private hasFigures = false;
  private sweptAtMs = performance.now();
  private readonly pace = new LookPace();

  constructor(
    private readonly ledger: LineLedger,
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
    await this.ledger.giveUpLease(this.owner).catch(() => undefined);
  }

  private schedule(inMs: number): void {
    if (this.isOver) return;
    this.timer = setTimeout(() => {
      this.working = this.work();
    }, inMs);
    this.timer.unref();
  }

  private async work(): Promise<void> {
    let next = LOOK_MS_MAX;
    try {
      // Nobody waits anywhere: no lease, no steps.
      const rooms = this.rooms
        .all()
        .filter(({ mode, lobby_state }) => mode !== 'off' || lobby_state !== 'off');
      if (rooms.length > 0 && (await this.lease()) !== null) {
        next = await this.round(rooms);
        await this.sweep();
      }
    } catch (error) {
      this.tell(error);
    }
    this.dropFiguresUnlessReleasing();
    this.schedule(next);
  }

  private async lease(): Promise<string | null> {
    const askedAtMs = performance.now();
    if (this.epoch !== null && askedAtMs - this.leasedAtMs < RENEW_MS) return this.epoch;
    this.epoch = await this.ledger.lease(this.owner, LEASE_MS);
    this.leasedAtMs = askedAtMs;
    if (this.epoch === null) this.watches.clear();
    else this.hasFigures = true;
    return this.epoch;
  }

  /** Also where the database does not answer: by then another may have the lease. */
  private dropFiguresUnlessReleasing(): void {
    const isReleasing = this.epoch !== null && performance.now() - this.leasedAtMs < LEASE_MS;
    if (isReleasing || !this.hasFigures) return;
    lobbyFigures.drop();
    this.hasFigures = false;
  }

  /**
   * What fails in one room, fails in no other.
   * @returns milliseconds until the next
   */
  private async round(rooms: readonly RoomRow[]): Promise<number> {
    const also = rooms.filter(
      (room) => this.watches.has(room.event_id) || this.isNews(room) || isPlacesNews(room),
    );
    const began = performance.now();
    const lines = await this.ledger.look(idsOf(rooms), idsOf(also));
    const isAnyoneAtTheFront = [...lines.values()].some(({ present }) => present > 0);
    const nextMs = this.pace.untilNextMs(isAnyoneAtTheFront, performance.now() - began);
    for (const room of rooms) {
      const line = lines.get(room.event_id);
      if (!line) continue;
      const epoch = await this.lease();
      if (epoch === null || this.isOver) break;
      try {
        await this.step(room, line, epoch);
      } catch (error) {
        if (isConnectionLost(error)) throw error;
        this.tell(error);
      }
    }
    return nextMs;
  }

  private async step(room: RoomRow, line: LineFigures, epoch: string): Promise<void> {
    const started = performance.now();
    const watch = this.watchOf(room);
    const { meter, forecasts } = watch;
    const budgets = { maxActive: room.max_active, maxPerMinute: room.max_per_minute };
    const flow = meter.flow(budgets);
    const isHeld = ['off', 'paused'].includes(stateOf(room, line.nowMs)) || room.state === 'closed';
    const next = isHeld
      ? { release: 0, called: line.called, frontier: line.frontier }
      : decide(line, budgets, flow.ratePerMinute);
    const isMove = next.release > 0 || next.called > line.called || next.frontier > line.frontier;
    const done = isMove ? await this.ledger.step(room.event_id, epoch, next) : NOTHING;
    if (!isHeld) meter.observe(line, done);
    const measured = meter.flow(budgets);
    lobbyFigures.settled(room, forecasts.settle(line));
    await this.publish(room, line, watch, measured, done.released > 0);
    lobbyFigures.set(room, line, measured, done.released);
    if (!isHeld) forecasts.note(line, measured);
    const isIdle = line.called >= line.issued && line.present === 0 && line.active === 0;
    if (isIdle && watch.publishedAtMs === line.nowMs) this.watches.delete(room.event_id);
    stepSeconds.observe((performance.now() - started) / 1000);
  }

  /** What everyone reads is written once, so that all replicas give the same bytes. */
  private async publish(
    room: RoomRow,
    line: LineFigures,
    watch: Watch,
    flow: Flow,
    isCalling: boolean,
  ): Promise<void> {
    const everyMs = isCalling ? PUBLISH_MS.news : PUBLISH_MS.otherwise;
    if (line.nowMs - watch.publishedAtMs < everyMs && !this.isNews(room)) return;
    const now = await this.ledger.room(room.event_id);
    if (!now) return;
    const told = {
      ...now,
      rate_per_minute: flow.ratePerMinute,
      abandonment: flow.abandonment,
      front_seconds: flow.frontSeconds,
    };
    await this.ledger.publish(now, statusText(told, line.nowMs), flow, watch.forecasts.error);
    const state = stateOf(told, line.nowMs);
    if (state !== now.lobby_state) await this.ledger.showState(room.event_id, state);
    watch.publishedAtMs = line.nowMs;
  }

  /** Has an operator, or the time, changed what it says? */
  private isNews(room: RoomRow): boolean {
    return room.published_version !== room.version || stateOf(room, this.rooms.nowMs()) !== room.lobby_state;
  }

  private async sweep(): Promise<void> {
    if (performance.now() - this.sweptAtMs < SWEEP_MS) return;
    this.sweptAtMs = performance.now();
    lobbyFigures.keepOnly(this.rooms.all());
    await this.ledger.sweep();
  }

  private watchOf(room: RoomRow): Watch {
    let watch = this.watches.get(room.event_id);
    if (!watch) {
      // Whoever takes over goes on from what was published.
      const seed = room.rate_per_minute === null ? undefined : flowOf(room);
      watch = { meter: new FlowMeter(seed), forecasts: new Forecasts(), publishedAtMs: 0 };
      this.watches.set(room.event_id, watch);
    }
    return watch;
  }

  private tell(error: unknown): void {
    if (!isConnectionLost(error) && !this.isOver)
      this.logger.error({ reason: String(error) }, 'a step of the lobby failed; it is tried again');
  }
}

const NOTHING = { released: 0, passed: 0, waitedMs: 0 };

/** A place went, or came back, while nobody stood in line. */
function isPlacesNews(room: RoomRow): boolean {
  const told = /"placesLeft":(\d+)/.exec(room.published ?? '')?.[1];
  return placesTold(room) !== (told === undefined ? null : Number(told));
}

function idsOf(rooms: readonly RoomRow[]): string[] {
  return rooms.map(({ event_id }) => event_id);
}
