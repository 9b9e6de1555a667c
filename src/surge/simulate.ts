import { Crowd, type Plan } from './crowd.js';
import { seededFor } from './random.js';
import type { Sample } from './sample.js';
import { SimulatedClock } from './simulated-clock.js';
import { SimulatedDoor } from './simulated-door.js';
import { type RoomSettings, SimulatedRoom } from './simulated-room.js';

/** As the releaser's where nothing hurries; its shorter one would only make the hour longer to work through. */
const STEP_MS = 50;
/** For the plots; peaks are seen at every step. */
const SAMPLES = 600;
const SAMPLE_MS_MIN = 500;
/** For what is under way when the time is over; who is away then does not come back. */
const LAST_WORDS_MS = 60_000;
/** Draws the network's times; no visitor has this number. */
const NETWORK = -7;

export interface Simulation {
  readonly crowd: Crowd;
  readonly room: SimulatedRoom;
  /** That took place, by the side that gave them. */
  readonly registered: number;
  readonly samples: readonly Sample[];
  readonly happened: number;
  readonly endedMs: number;
}

/** The whole of it on a simulated clock. For one plan it is always the same. */
export function simulate(plan: Plan, settings: RoomSettings, capacity: number): Simulation {
  const clock = new SimulatedClock();
  const issuedAtMs: number[] = [];
  const room = new SimulatedRoom(settings, (number) => issuedAtMs[number]!);
  const door = new SimulatedDoor(clock, room, seededFor(plan.seed, NETWORK), capacity, issuedAtMs);
  const crowd = new Crowd(plan, door);
  const samples: Sample[] = [];
  const everyMs = Math.max(SAMPLE_MS_MIN, plan.endMs / SAMPLES);
  let isOver = false;
  const step = (): void => {
    room.step(clock.nowMs, STEP_MS);
    clock.after(STEP_MS, step);
  };
  const look = (): void => {
    const { active, released, waiting, line } = room;
    samples.push({
      atMs: clock.nowMs,
      active,
      releasedLastMinute: released,
      waiting,
      present: room.presentCount,
      issued: line.issued,
      called: line.called,
    });
    clock.after(everyMs, look);
  };
  step();
  look();
  crowd.open(() => (isOver = true));
  const happened = clock.run(plan.endMs + LAST_WORDS_MS, () => isOver);
  return { crowd, room, registered: door.registered, samples, happened, endedMs: clock.nowMs };
}
