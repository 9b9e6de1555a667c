import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { Crowd } from './crowd.js';
import { judge, type Verdict } from './judge.js';
import { putRoom } from './put-room.js';
import { Stage, type Victim } from './stage.js';

export interface Plan {
  /** So many wait or register at any time: who has registered is followed by somebody new until the last kill. */
  readonly people: number;
  readonly kills: number;
  /** From one kill to the next, in the mean. */
  readonly betweenMs: number;
  readonly maxActive: number;
  readonly formMs: number;
  readonly msMax: number;
}

export interface Rehearsed extends Verdict {
  readonly started: number;
  readonly kills: Record<Victim, number>;
}

/** In twenty: an api most often, which releases every other time. */
const VICTIMS: readonly [Victim, share: number][] = [
  ['api', 11],
  ['every api', 2],
  ['postgres', 4],
  ['redis', 3],
];

/** A crowd in the lobby while processes, Redis and PostgreSQL are killed at random; then the oracle's verdict. */
export function rehearse(plan: Plan): Promise<Rehearsed> {
  return Stage.with(async (stage) => {
    const event = await prepare(stage.databaseUrl, plan);
    await stage.open();
    const log = path.join(stage.folder, 'log.jsonl');
    writeFileSync(log, '');
    const end = performance.now() + plan.msMax;
    const isOver = (): boolean => performance.now() > end;
    const crowd = new Crowd(() => stage.urls, event, log, plan.formMs, isOver);
    let isLastKill = false;
    const visits = Array.from({ length: plan.people }, async () => {
      do await crowd.visit();
      while (!isLastKill && !isOver());
    });
    const kills: Rehearsed['kills'] = { api: 0, 'every api': 0, postgres: 0, redis: 0 };
    for (let n = 0; n < plan.kills && !isOver();) {
      await pause(plan.betweenMs * (0.5 + Math.random()));
      if (crowd.registered === 0 || stage.urls.length === 0) continue;
      const victim = anyVictim(n);
      crowd.note({ what: 'fault' });
      await stage.kill(victim);
      crowd.note({ what: 'fault' });
      kills[victim]++;
      n++;
    }
    isLastKill = true;
    await Promise.all(visits);
    const verdict = await judge(stage.databaseUrl, event, log);
    return { ...verdict, started: crowd.started, kills };
  });
}

/** The first few are one of each, so that a short run has all of them. */
function anyVictim(n: number): Victim {
  if (n < VICTIMS.length) return VICTIMS[n]![0];
  let lot = Math.random() * VICTIMS.reduce((sum, [, share]) => sum + share, 0);
  return VICTIMS.find(([, share]) => (lot -= share) < 0)![0];
}

async function prepare(connectionString: string, { maxActive }: Plan): Promise<string> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  const room = { slug: 'rush', maxActive, maxPerMinute: 100_000, passSeconds: 60, claimSeconds: 10 };
  const event = await putRoom(client, room);
  await client.end();
  return event;
}
