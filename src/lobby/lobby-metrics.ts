import { Counter, Gauge, Histogram } from 'prom-client';
import type { LineFigures } from './controller.js';
import type { Flow } from './flow.js';
import type { RoomRow } from './room.js';

/** Rooms are few, and those that are gone are forgotten; people and numbers are never a label. */
const labelNames = ['event'] as const;
const gauge = (name: string, help: string): Gauge<'event'> =>
  new Gauge({ name: `foyer_lobby_${name}`, help, labelNames });

const waiting = gauge('waiting', 'Numbers given out and not yet called or passed over');
const present = gauge('present', 'People near the front who checked in');
const active = gauge('active', 'Slots held by a call, a pass or a slice');
const rate = gauge('released_per_minute', 'Pace at which slots become free while people wait, per minute');
const abandonment = gauge('abandonment_per_second', 'Share of those waiting that leaves, per second');
const released = new Counter({ name: 'foyer_lobby_released_total', help: 'People called', labelNames });

const estimateError = new Histogram({
  name: 'foyer_lobby_estimate_error_ratio',
  help: 'How far the wait that was told was off, as a share of it; known when the front comes there',
  labelNames,
  buckets: [0.05, 0.1, 0.2, 0.5, 1],
});

export const stepSeconds = new Histogram({
  name: 'foyer_lobby_step_seconds',
  help: 'Time of one step of one room, at the replica that releases',
  buckets: [0.002, 0.005, 0.01, 0.05, 0.2, 1],
});

const gauges = [waiting, present, active, rate, abandonment];
/** Events of which something was told. */
const told = new Set<string>();

/** Figures of the replica that releases; elsewhere there are none. */
export const lobbyFigures = {
  set({ slug: event }: RoomRow, line: LineFigures, flow: Flow, releasedNow: number): void {
    told.add(event);
    waiting.set({ event }, Math.max(0, line.issued - line.called));
    present.set({ event }, line.present);
    active.set({ event }, line.active);
    rate.set({ event }, flow.ratePerMinute);
    abandonment.set({ event }, flow.abandonment);
    if (releasedNow > 0) released.inc({ event }, releasedNow);
  },

  settled({ slug: event }: RoomRow, errors: readonly number[]): void {
    for (const error of errors) estimateError.observe({ event }, error);
  },

  /** Another replica releases, and tells how it is now. What was counted here stays. */
  drop(): void {
    for (const one of gauges) one.reset();
  },

  /** Forgets rooms that are no more. */
  keepOnly(rooms: readonly RoomRow[]): void {
    const events = new Set(rooms.map(({ slug }) => slug));
    for (const event of told) {
      if (events.has(event)) continue;
      for (const one of [...gauges, released, estimateError]) one.remove({ event });
      told.delete(event);
    }
  },
};
