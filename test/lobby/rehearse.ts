import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { startPostgres } from '../../scripts/launcher/postgres.mjs';
import { startRedis } from '../../scripts/launcher/redis.mjs';
import { migrate } from '../../src/platform/database/migrate.js';
import { type RunningProgram, startProgram } from '../support/program.js';
import { Crowd } from './crowd.js';

export interface Plan {
  readonly people: number;
  readonly kills: number;
  readonly maxActive: number;
  readonly formMs: number;
  readonly msMax: number;
}

export interface Verdict {
  readonly violations: string[];
  readonly registered: number;
  readonly acknowledged: number;
  readonly faults: number;
  readonly activeMax: number;
  readonly usePercent: number | null;
}

/** Of the servers: the same when they come back. */
const PASSWORD = 'only-for-this-test';
const REPLICAS = 2;
const BETWEEN_KILLS_MS = 900;

/** A crowd in the lobby while processes, Redis and PostgreSQL are killed at random; then the oracle's verdict. */
export async function rehearse(plan: Plan): Promise<Verdict> {
  const folder = mkdtempSync(path.join(tmpdir(), 'foyer-lobby-'));
  const dataDir = path.join(folder, 'postgres');
  let postgres = await startPostgres({ dataDir, port: 0, password: PASSWORD });
  let redis = await startRedis({ folder: path.join(folder, 'redis'), port: 0, password: PASSWORD });
  const programs: (RunningProgram | undefined)[] = [];
  const stage = { isOver: false, isDone: false };
  const isOver = (): boolean => stage.isOver;
  const settings = { role: 'api' as const, databaseUrl: postgres.url, redisUrl: redis.url };
  const keep = async (i: number): Promise<void> => {
    while (!isOver()) {
      const program = await startProgram(settings).catch(() => undefined);
      programs[i] = program;
      if (isOver()) program?.kill('SIGKILL');
      await program?.stopped;
      programs[i] = undefined;
    }
  };
  const keeping: Promise<void>[] = [];
  try {
    await migrate(postgres.url);
    const event = uuidv7();
    await prepare(postgres.url, event, plan);
    keeping.push(...Array.from({ length: REPLICAS }, (_, i) => keep(i)));
    const log = path.join(folder, 'log.jsonl');
    writeFileSync(log, '');
    const end = performance.now() + plan.msMax;
    const urls = (): string[] => programs.flatMap((program) => (program ? [program.url] : []));
    const crowd = new Crowd(urls, event, log, plan.formMs, () => performance.now() > end);
    const visits = Promise.all(Array.from({ length: plan.people }, () => crowd.visit())).then(() => true);
    let kills = 0;
    void visits.then(() => (stage.isDone = true));
    while (!stage.isDone && kills < plan.kills && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_KILLS_MS * (0.5 + Math.random())));
      if (crowd.registered === 0 || urls().length === 0) continue;
      crowd.note({ what: 'fault' });
      const turn = kills++ % 6;
      if (turn === 3) postgres = await crash(postgres, dataDir);
      else if (turn === 5) {
        process.kill(redis.pid!, 'SIGKILL');
        await redis.exited;
        redis = await startRedis({
          folder: path.join(folder, 'redis'),
          port: redis.port!,
          password: PASSWORD,
        });
      } else programs[turn % REPLICAS]?.kill('SIGKILL');
      crowd.note({ what: 'fault' });
    }
    await visits;
    return await judge(postgres.url, event, log);
  } finally {
    stage.isOver = true;
    for (const program of programs) program?.kill('SIGKILL');
    await Promise.all(keeping);
    await redis.stop();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

type Postgres = Awaited<ReturnType<typeof startPostgres>>;

/** Immediate mode, as a loss of power: it recovers from its log. */
async function crash(postgres: Postgres, dataDir: string): Promise<Postgres> {
  process.kill(postgres.pid, 'SIGQUIT');
  await postgres.exited;
  return startPostgres({ dataDir, port: postgres.port, password: PASSWORD });
}

async function prepare(url: string, event: string, { maxActive }: Plan): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    `insert into events (id, slug, name, starts_at, ends_at, time_zone, state, created_at, updated_at)
     values ($1, 'rush', 'Rush', now() + interval '30 days', now() + interval '31 days', 'UTC', 'open', now(), now())`,
    [event],
  );
  await client.query(
    `insert into lobbies (event_id, mode, max_active, max_per_minute, pass_seconds, claim_seconds, on_failure, updated_at)
     values ($1, 'always', $2, 100000, 60, 10, 'hold', now())`,
    [event, maxActive],
  );
  await client.query('insert into lobby_lines (event_id) values ($1)', [event]);
  await client.end();
}

function judge(database: string, event: string, log: string): Promise<Verdict> {
  const args = ['scripts/lobby-oracle.mjs', '--database', database, '--event', event, '--log', log];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, (error, stdout) => {
      if (stdout.trim() === '') reject(error ?? new Error('the oracle said nothing'));
      else resolve(JSON.parse(stdout) as Verdict);
    });
  });
}
