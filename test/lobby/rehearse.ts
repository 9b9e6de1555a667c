import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { Crowd } from './crowd.js';
import { judge, type Verdict } from './judge.js';
import { putRoom } from './put-room.js';
import { Stage, type Victim } from './stage.js';

export interface RoomPlan {
  /** So many wait or register at any time; in `auto` so many come at once, and again when all are through. */
  readonly people: number;
  readonly maxActive: number;
  /** Where it is given, as many were let through in the minute before, evenly: so many a minute from the first moment on. */
  readonly maxPerMinute?: number;
  readonly formMs: number;
}

/** All of them at once, on the same replicas: every kill strikes each of them. */
export interface Plan<Name extends string> {
  readonly rooms: Readonly<Record<Name, RoomPlan & { readonly mode: 'always' | 'auto' }>>;
  readonly kills: number;
  /** So many come one upon the other; then, so long in the mean, nothing is killed. */
  readonly burst: number;
  readonly calmMs: number;
  readonly msMax: number;
}

export interface Rehearsed extends Verdict {
  readonly started: number;
  /** How often an `auto` room was seen to make people wait, and then to let everyone straight through again. */
  readonly closings: number;
  readonly openings: number;
}

/** In twenty: an api most often, which releases every other time. */
const VICTIMS: readonly [Victim, share: number][] = [
  ['api', 11],
  ['every api', 2],
  ['postgres', 4],
  ['redis', 3],
];
const LOOK_MS = 50;
const BURST_MS = 500;
const ABSENCE_MS = 500;
/** Those who come one by one where a room has opened again. */
const STRAGGLERS = 3;
const CLOSINGS_MIN = 2;

type Kills = Record<Victim, number>;

/** Crowds in lobbies while processes, Redis and PostgreSQL are killed at random; then the oracle's verdict on each. */
export function rehearse<Name extends string>(
  plan: Plan<Name>,
): Promise<{ kills: Kills; rooms: Record<Name, Rehearsed> }> {
  return Stage.with(async (stage) => {
    const names = Object.keys(plan.rooms) as Name[];
    const ids = await prepare(stage.databaseUrl, plan.rooms);
    await stage.open();
    await letThroughBefore(stage.databaseUrl, plan.rooms, ids);
    const end = performance.now() + plan.msMax;
    const isOver = (): boolean => performance.now() > end;
    let isLastKill = false;
    const visited = names.map((name) => {
      const { mode, formMs } = plan.rooms[name];
      const log = path.join(stage.folder, `${name}.jsonl`);
      writeFileSync(log, '');
      const crowd = new Crowd({
        urls: () => stage.urls,
        event: ids[name],
        log,
        formMs,
        isKnocking: mode === 'auto',
        isOver,
      });
      const visits = (mode === 'auto' ? comeInWaves : keepComing)(
        crowd,
        plan.rooms[name].people,
        () => isLastKill,
        isOver,
      );
      return { name, crowd, log, visits };
    });
    const crowds = visited.map(({ crowd }) => crowd);
    // Where no api is left, the fault lasts until one has started again.
    const absence = setInterval(() => stage.urls.length === 0 && noteFault(crowds), ABSENCE_MS);
    const kills = await killAll(stage, crowds, plan, isOver);
    isLastKill = true;
    const rooms = {} as Record<Name, Rehearsed>;
    for (const { name, crowd, log, visits } of visited) {
      const turns = await visits;
      rooms[name] = {
        ...(await judge(stage.databaseUrl, ids[name], log)),
        started: crowd.started,
        ...turns,
      };
    }
    clearInterval(absence);
    return { kills, rooms };
  });
}

async function killAll<Name extends string>(
  stage: Stage,
  crowds: readonly Crowd[],
  { kills: wanted, burst, calmMs }: Plan<Name>,
  isOver: () => boolean,
): Promise<Kills> {
  const kills: Kills = { api: 0, 'every api': 0, postgres: 0, redis: 0 };
  while (!isOver() && crowds.some(({ registered }) => registered === 0)) await pause(LOOK_MS);
  for (let n = 0; n < wanted && !isOver(); n++) {
    await pause(n % burst === 0 ? calmMs * (0.5 + Math.random()) : BURST_MS * Math.random());
    const victim = anyVictim(n, stage.urls.length > 0);
    noteFault(crowds);
    await stage.kill(victim);
    noteFault(crowds);
    kills[victim]++;
  }
  return kills;
}

function noteFault(crowds: readonly Crowd[]): void {
  for (const crowd of crowds) crowd.note({ what: 'fault' });
}

/** The first few are one of each, so that a short run has all of them. */
function anyVictim(n: number, isAnyApiLeft: boolean): Victim {
  const victims = VICTIMS.filter(([victim]) => isAnyApiLeft || !victim.endsWith('api'));
  const first = victims.find((one) => one === VICTIMS[n]);
  if (first) return first[0];
  let lot = Math.random() * victims.reduce((sum, [, share]) => sum + share, 0);
  return victims.find(([, share]) => (lot -= share) < 0)![0];
}

type Turns = Pick<Rehearsed, 'closings' | 'openings'>;
type Coming = (crowd: Crowd, people: number, isLast: () => boolean, isOver: () => boolean) => Promise<Turns>;

/** Who has registered is followed by somebody new. */
const keepComing: Coming = async (crowd, people, isLast, isOver) => {
  const come = async (): Promise<void> => {
    do await crowd.visit();
    while (!isLast() && !isOver());
  };
  await Promise.all(Array.from({ length: people }, come));
  return { closings: 0, openings: 0 };
};

/** Many at once, until all are through and the room is open again; then a few who need not wait; and again. */
const comeInWaves: Coming = async (crowd, people, isLast, isOver) => {
  const turns = { closings: 0, openings: 0 };
  do {
    const straight = crowd.straight;
    await Promise.all(Array.from({ length: people }, () => crowd.visit()));
    if (crowd.straight - straight < people) turns.closings++;
    while (!isOver() && (await crowd.state()) !== 'open') await pause(LOOK_MS);
    const straightBefore = crowd.straight;
    for (let n = 0; n < STRAGGLERS; n++) await crowd.visit();
    if (crowd.straight > straightBefore) turns.openings++;
  } while (!isOver() && !(isLast() && Math.min(turns.closings, turns.openings) >= CLOSINGS_MIN));
  return turns;
};

async function prepare<Name extends string>(
  connectionString: string,
  rooms: Plan<Name>['rooms'],
): Promise<Record<Name, string>> {
  const ids = {} as Record<Name, string>;
  await connected(connectionString, async (client) => {
    for (const name of Object.keys(rooms) as Name[]) {
      const { mode, maxActive, maxPerMinute = 100_000 } = rooms[name];
      const room = { slug: name, mode, maxActive, maxPerMinute, passSeconds: 60, claimSeconds: 10 };
      ids[name] = await putRoom(client, room);
    }
  });
  return ids;
}

/** As slices of a replica that is gone: they hold no slot, and count for their minute. */
async function letThroughBefore<Name extends string>(
  connectionString: string,
  rooms: Plan<Name>['rooms'],
  ids: Record<Name, string>,
): Promise<void> {
  await connected(connectionString, async (client) => {
    for (const name of Object.keys(rooms) as Name[]) {
      const { maxPerMinute } = rooms[name];
      if (maxPerMinute === undefined) continue;
      await client.query(
        `insert into lobby_slices (id, event_id, size, used, booked_at, until, returned_at)
         select gen_random_uuid(), $1, 1, 1, at, at, at
         from generate_series(1, $2::int) n, lateral (select now() - n * interval '60 s' / $2 as at) t`,
        [ids[name], maxPerMinute],
      );
    }
  });
}

async function connected(connectionString: string, work: (on: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  await work(client);
  await client.end();
}
