import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { type Running, startNode } from './processes.js';

type StartServer = (options: object) => Promise<{ url: string; pid: number; stop: () => Promise<void> }>;

const DRAIN_PATIENCE_MS = 120_000;
const LOOK_MS = 50;
/** A day's allowance that no benchmark comes near, whatever the hour: else its calls would be spaced to last until midnight. */
const NO_DAYS_END = { TWIN_SALESFORCE_DAILY_MAX: '1000000000', TWIN_HUBSPOT_DAILY_MAX: '1000000000' };
export const BENCH_SECRET = 'for-benchmarks-only-for-benchmarks-only';
export const HUBSPOT_TOKEN = 'pat-twin-0000';
export const SALESFORCE_CLIENT = { id: 'twin-client', secret: 'twin-secret' };

/** What runs now and how it is ended, in the order of its start. */
const endings: (() => Promise<void>)[] = [];

/** Ends, newest first, everything that was started; what fails to end does not keep the others. */
export async function clearStage(): Promise<void> {
  for (let end = endings.pop(); end; end = endings.pop()) {
    await end().catch((error: unknown) => console.error(error));
  }
}

/** An own PostgreSQL, Redis and both twins, and the built program's processes on them. */
export class Stage {
  /** The program's settings beyond its defaults: addresses and secrets. */
  private readonly settings: Record<string, string>;

  private constructor(
    readonly databaseUrl: string,
    readonly pool: pg.Pool,
    readonly redisUrl: string,
    readonly twins: { readonly hubspot: string; readonly salesforce: string },
    /** By which the processor time of what is not the program is told. */
    readonly pids: { readonly postgres: number; readonly redis: number; readonly twins: readonly number[] },
  ) {
    this.settings = {
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      PORT: '0',
      FOYER_HOST: '127.0.0.1',
      FOYER_SECRET: BENCH_SECRET,
      HUBSPOT_BASE_URL: twins.hubspot,
      HUBSPOT_TOKEN,
      // The twin's limits are off, so the program need not keep to them.
      HUBSPOT_CALLS_PER_SECOND: '',
      SALESFORCE_BASE_URL: twins.salesforce,
      SALESFORCE_CLIENT_ID: SALESFORCE_CLIENT.id,
      SALESFORCE_CLIENT_SECRET: SALESFORCE_CLIENT.secret,
    };
  }

  /** All of it is there while the work lasts and gone afterwards. `twinSettings`: TWIN_…, beyond the defaults. */
  static async with<T>(
    work: (stage: Stage) => Promise<T>,
    twinSettings: Readonly<Record<string, string>> = {},
  ): Promise<T> {
    try {
      return await work(await Stage.set(twinSettings));
    } finally {
      await clearStage();
    }
  }

  private static async set(twinSettings: Readonly<Record<string, string>>): Promise<Stage> {
    const folder = mkdtempSync(path.join(tmpdir(), 'foyer-bench-'));
    endings.push(() => rm(folder, { recursive: true, force: true }));
    const { startPostgres } = (await import(launcher('postgres'))) as { startPostgres: StartServer };
    const { startRedis } = (await import(launcher('redis'))) as { startRedis: StartServer };
    const postgres = await startPostgres({ dataDir: path.join(folder, 'postgres'), port: 0 });
    endings.push(() => postgres.stop());
    const redis = await startRedis({ folder: path.join(folder, 'redis'), port: 0 });
    endings.push(() => redis.stop());
    await promisify(execFile)(process.execPath, ['scripts/program.mjs', 'migrate'], {
      env: { ...process.env, DATABASE_URL: postgres.url, REDIS_URL: redis.url, FOYER_SECRET: BENCH_SECRET },
    });
    const pool = new pg.Pool({ connectionString: postgres.url, max: 4 });
    endings.push(() => pool.end());
    const hubspot = await startTwin('hubspot', twinSettings);
    const salesforce = await startTwin('salesforce', twinSettings);
    const pids = { postgres: postgres.pid, redis: redis.pid, twins: [hubspot.pid, salesforce.pid] };
    return new Stage(
      postgres.url,
      pool,
      redis.url,
      { hubspot: hubspot.url, salesforce: salesforce.url },
      pids,
    );
  }

  /** Starts a process of the built program. */
  async start(role: 'api' | 'worker', settings: Record<string, string> = {}): Promise<Running> {
    const running = await startNode(
      [...profiling(role), 'scripts/program.mjs'],
      { ...this.settings, FOYER_ROLE: role, ...settings },
      ({ msg, url }) => (msg === 'listening' ? String(url) : msg === 'draining' ? '' : undefined),
    );
    endings.push(() => running.stop());
    return running;
  }

  /** An open event with more places than anyone takes, and one consent to give. */
  async event(slug: string): Promise<string> {
    const id = uuidv7();
    await this.pool.query(
      `insert into events (id, slug, name, starts_at, ends_at, time_zone, capacity, state, created_at, updated_at)
       values ($1, $2, $2, now() + interval '30 days', now() + interval '31 days', 'UTC', 1000000, 'open', now(), now())`,
      [id, slug],
    );
    await this.pool.query(
      `insert into forms (event_id, version, schema, consents, created_at) values ($1, 1, '{"type":"object"}',
         '[{"purpose":"marketing","text":"May we write to you?","textVersion":"1","required":false}]', now())`,
      [id],
    );
    return id;
  }

  /** Waits until the worker has drained the log, so that nobody pays for what the one before left. */
  async quiet(): Promise<void> {
    const until = performance.now() + DRAIN_PATIENCE_MS;
    for (;;) {
      const { rows } = await this.pool.query<{ busy: boolean }>(
        `select coalesce(bool_or(not paused and (owner is not null
                or cursor < (select max(seq) from changes c where c.stream = l.stream and c.slot % l.lanes = l.lane))),
              false) as busy from lanes l`,
      );
      if (!rows[0]!.busy) return;
      if (performance.now() > until) throw new Error('the worker did not drain the log in two minutes');
      await sleep(LOOK_MS);
    }
  }

  /** Has a twin refuse what goes beyond its limits, which are off otherwise. */
  limit(twin: keyof Stage['twins']): Promise<void> {
    return switchLimits(this.twins[twin], true);
  }

  /** Empties both twins. */
  async emptyTwins(): Promise<void> {
    for (const url of Object.values(this.twins)) await fetch(`${url}/_twin`, { method: 'DELETE' });
  }
}

function launcher(name: string): string {
  return path.resolve(`scripts/launcher/${name}.mjs`);
}

/** With `--profile FOLDER` each process of the program and each twin leaves a CPU profile there when it ends. */
function profiling(role: string): string[] {
  const at = process.argv.indexOf('--profile');
  const folder = at < 0 ? undefined : process.argv[at + 1];
  return folder ? ['--cpu-prof', `--cpu-prof-dir=${path.resolve(folder, role)}`] : [];
}

async function startTwin(name: string, settings: Readonly<Record<string, string>>): Promise<Running> {
  const args = [...profiling(name), 'dist/sandbox/main.js', name, '--with-parent'];
  const twin = await startNode(args, { ...NO_DAYS_END, ...settings }, ({ url }) => String(url));
  endings.push(() => twin.stop());
  await switchLimits(twin.url, false);
  return twin;
}

async function switchLimits(url: string, limits: boolean): Promise<void> {
  await fetch(`${url}/_twin/faults`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ faults: [], limits }),
  });
}
