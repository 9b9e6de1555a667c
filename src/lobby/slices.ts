import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { PG_POOL } from '../platform/database/database.module.js';
import { freeOf } from './controller.js';
import type { RoomRow } from './room.js';

/** How long a slice may be taken from, and how long it is held without a sign of life. */
const USE_MS = 2_000;
const LEASE_MS = 5_000;
const ROUND_MS = 250;
const SLICE_MIN = 4;
/** What a round let through counts for the size of a slice for a few rounds more. */
const FADING = 0.7;
/** After no room was found, so long nobody asks the database again. */
const REFUSED_MS = 200;
const SHARE_OF_BUDGET = 4;
/** A room without a slice is forgotten, once so long nobody was refused one. */
const IDLE_MS = 60_000;
/** A booking takes a share of the budget, so a crowd that comes at once takes several. */
const TRIES_MAX = 20;

/** Slots and releases booked in the ledger, to be given out without asking. */
interface Slice {
  readonly id: string;
  readonly size: number;
  readonly usableUntilMs: number;
  taken: number;
  underWay: number;
}

interface Booking {
  slices: Slice[];
  refusedUntilMs: number;
  takenLately: number;
  /** Who waits for a booking now. */
  waiting: number;
  /** Taken in a round, fading. */
  usual: number;
  booking: Promise<void> | undefined;
}

export type Finish = () => void;

/**
 * Slices of both budgets, booked ahead: letting someone straight through is taking one from memory. A slice counts
 * whole until it is given back, which happens when its time is over and the last of its requests has ended, so
 * released + slices never pass a budget, whatever becomes of this process.
 */
@Injectable()
export class Slices implements OnModuleInit, OnApplicationShutdown {
  private readonly rooms = new Map<string, Booking>();
  private timer: NodeJS.Timeout | undefined;

  constructor(@Inject(PG_POOL) private readonly pool: pg.Pool) {}

  onModuleInit(): void {
    this.timer = setInterval(() => void this.tidy(), ROUND_MS);
    this.timer.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    for (const { slices } of this.rooms.values())
      for (const slice of slices) Object.assign(slice, { usableUntilMs: 0, underWay: 0 });
    await this.tidy();
  }

  /** From memory, if there is one. What is returned is called when the request has ended. */
  take(room: RoomRow): Finish | null {
    const booking = this.of(room.event_id);
    const now = performance.now();
    const slice = booking.slices.find((one) => one.taken < one.size && now < one.usableUntilMs);
    if (!slice) return null;
    slice.taken++;
    slice.underWay++;
    booking.takenLately++;
    const isLow =
      slice.taken * 2 > slice.size && booking.slices.every((one) => one === slice || one.taken >= one.size);
    if (isLow && now >= booking.refusedUntilMs) void this.book(room, booking);
    return () => {
      slice.underWay--;
    };
  }

  /** The first request of a while waits for a booking; it is not turned away for having come first. */
  async takeOrBook(room: RoomRow): Promise<Finish | null> {
    const booking = this.of(room.event_id);
    booking.waiting++;
    try {
      for (let tries = 0; tries < TRIES_MAX; tries++) {
        if (performance.now() < booking.refusedUntilMs) return null;
        await this.book(room, booking);
        const finish = this.take(room);
        if (finish) return finish;
      }
      return null;
    } finally {
      booking.waiting--;
    }
  }

  private book(room: RoomRow, booking: Booking): Promise<void> {
    booking.booking ??= this.write(room, booking).finally(() => (booking.booking = undefined));
    return booking.booking;
  }

  private async write(room: RoomRow, booking: Booking): Promise<void> {
    const most = freeOf(
      { active: 0, released: 0 },
      { maxActive: room.max_active, maxPerMinute: room.max_per_minute },
    );
    const usual = Math.ceil(Math.max(booking.takenLately, booking.usual, booking.waiting));
    const wanted = Math.max(1, Math.min(Math.max(SLICE_MIN, usual), Math.ceil(most / SHARE_OF_BUDGET)));
    const id = uuidv7();
    // Before the question: the database's lease begins later than this.
    const usableUntilMs = performance.now() + USE_MS;
    try {
      const { rows } = await this.pool.query<{ size: number }>({
        name: 'lobby-book',
        text: `select lobby_book($1, $2, $3, $4 * interval '1 ms') as size`,
        values: [room.event_id, id, wanted, LEASE_MS],
      });
      const size = rows[0]!.size;
      if (size > 0) booking.slices.push({ id, size, usableUntilMs, taken: 0, underWay: 0 });
      else booking.refusedUntilMs = performance.now() + REFUSED_MS;
    } catch {
      // Nothing is booked that we know of; should it be, its lease ends. The guard then asks people to wait.
      booking.refusedUntilMs = performance.now() + REFUSED_MS;
    }
  }

  /** Gives back what is over, and keeps up what is not. */
  private async tidy(): Promise<void> {
    const now = performance.now();
    const over: Slice[] = [];
    const alive: string[] = [];
    for (const [event, booking] of this.rooms) {
      booking.usual = Math.max(booking.takenLately, booking.usual * FADING);
      booking.takenLately = 0;
      const done = booking.slices.filter(
        (slice) => slice.underWay === 0 && (slice.taken >= slice.size || now >= slice.usableUntilMs),
      );
      over.push(...done);
      booking.slices = booking.slices.filter((slice) => !done.includes(slice));
      alive.push(...booking.slices.map(({ id }) => id));
      if (booking.slices.length === 0 && !booking.booking && now > booking.refusedUntilMs + IDLE_MS)
        this.rooms.delete(event);
    }
    try {
      if (over.length > 0)
        await this.pool.query('select lobby_give_back($1, $2)', [
          over.map(({ id }) => id),
          over.map(({ taken }) => taken),
        ]);
      if (alive.length > 0)
        await this.pool.query(
          `update lobby_slices set until = clock_timestamp() + $2 * interval '1 ms'
            where id = any ($1) and returned_at is null and until > clock_timestamp()`,
          [alive, LEASE_MS],
        );
    } catch {
      // Then the leases end by themselves.
    }
  }

  private of(event: string): Booking {
    let booking = this.rooms.get(event);
    if (!booking) {
      booking = { slices: [], refusedUntilMs: 0, takenLately: 0, waiting: 0, usual: 0, booking: undefined };
      this.rooms.set(event, booking);
    }
    return booking;
  }
}
