import { Crowd, type Plan } from './crowd.js';
import { HttpDoor } from './http-door.js';
import { acknowledgedOf, makeReport } from './make-report.js';
import { notesOf } from './notes.js';
import type { Operator } from './operator.js';
import type { Report, Scenario } from './report.js';
import { consentsFor, registrationsAt, type Venue } from './venue.js';
import { DownstreamWatch } from './watch-downstream.js';
import { LobbyWatch } from './watch-lobby.js';

/** What is told while it runs. */
export interface Progress {
  readonly seconds: number;
  readonly arrived: number;
  readonly registered: number;
  readonly waiting: number;
  readonly active: number;
}

export interface Run {
  readonly scenario: Scenario;
  readonly plan: Plan;
  readonly venue: Venue;
  readonly answers: Readonly<Record<string, unknown>>;
  /** Names this run's people. */
  readonly name: string;
  readonly startedAt: string;
  readonly note: (progress: Progress) => void;
  /** Ends it early: everyone goes. */
  readonly signal: AbortSignal;
}

const PROGRESS_MS = 5_000;

/** The crowd on a running instance, watched from the operator's side. @throws Error where that does not answer */
export async function letLoose(operator: Operator, run: Run): Promise<{ report: Report; notes: string }> {
  const { plan, venue, name, answers, startedAt, signal } = run;
  const scenario = { ...run.scenario, lobby: venue.lobby, capacity: venue.capacity };
  const consents = await consentsFor(operator, venue);
  const door = new HttpDoor(operator.api, venue.event, { name, consents, answers });
  const nowMs = (): number => door.nowMs();
  const downstream = new DownstreamWatch(operator, nowMs);
  await downstream.start();
  const crowd = new Crowd(plan, door);
  const lobby = new LobbyWatch(operator, venue.event, nowMs);
  const progress = setInterval(() => run.note(progressOf(crowd, lobby, nowMs())), PROGRESS_MS);
  try {
    await visit(crowd, door, plan.endMs, signal);
  } finally {
    clearInterval(progress);
    door.close();
    await lobby.stop();
  }
  const endedMs = nowMs();
  // First: should the instance not answer from here on, nothing goes on watching it.
  const settled = await downstream.stop();
  const { ours, others } = await registrationsAt(operator, venue, name);
  const { maxActive, maxPerMinute } = venue.lobby;
  const report = makeReport({
    scenario,
    crowd,
    samples: lobby.samples,
    endedMs,
    use: lobby.use(maxActive, maxPerMinute, scenario.opensAfterMinutes * 60_000),
    target: { api: operator.api, event: venue.event, startedAt },
    ledger: {
      acknowledged: acknowledgedOf(crowd),
      registered: ours.length,
      others: others.map(({ id }) => id),
    },
    downstream: settled,
  });
  return { report, notes: notesOf(crowd.visits, Date.now() - nowMs()) };
}

function visit(crowd: Crowd, door: HttpDoor, endMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      crowd.stop();
      door.hurry();
    };
    const late = setTimeout(stop, endMs);
    signal.addEventListener('abort', stop, { once: true });
    crowd.open(() => {
      clearTimeout(late);
      signal.removeEventListener('abort', stop);
      resolve();
    });
  });
}

function progressOf(crowd: Crowd, { samples }: LobbyWatch, nowMs: number): Progress {
  const last = samples.at(-1);
  return {
    seconds: Math.round(nowMs / 1000),
    arrived: crowd.visits.length,
    registered: acknowledgedOf(crowd),
    waiting: last?.waiting ?? 0,
    active: last?.active ?? 0,
  };
}
