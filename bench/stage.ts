import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { uuidv7 } from 'uuidv7';

/** An own PostgreSQL, Redis and both twins, and the built program's processes on them. Ended by pid, whatever happens. */
export interface Stage {
  readonly pool: pg.Pool;
  readonly databaseUrl: string;
  readonly twins: { readonly hubspot: string; readonly salesforce: string };
  /** @returns its base URL ('' for a worker), its pid, and how long it took to be ready */
  start(role: 'api' | 'worker', settings?: Record<string, string>): Promise<Program>;
  /** An open event without a limit of places. */
  event(slug: string): Promise<string>;
  end(): Promise<void>;
}

export interface Program {
  readonly url: string;
  readonly pid: number;
  readonly readyMs: number;
  stop(): Promise<void>;
}

const READY_TIMEOUT_MS = 30_000;
export const OPERATOR_KEY = 'fk_for-benchmarks-only-for-benchmarks-only';

export async function setStage(): Promise<Stage> {
  const { startPostgres } = (await import(script('postgres'))) as { startPostgres: StartServer };
  const { startRedis } = (await import(script('redis'))) as { startRedis: StartServer };
  const folder = mkdtempSync(path.join(tmpdir(), 'foyer-bench-'));
  const postgres = await startPostgres({ dataDir: path.join(folder, 'postgres'), port: 0 });
  const redis = await startRedis({ folder: path.join(folder, 'redis'), port: 0 });
  const children: ChildProcess[] = [];
  const hubspot = await startTwin('hubspot', children);
  const salesforce = await startTwin('salesforce', children);
  const env = {
    ...process.env,
    DATABASE_URL: postgres.url,
    REDIS_URL: redis.url,
    PORT: '0',
    FOYER_SECRET: 'for-benchmarks-only-for-benchmarks-only',
    FOYER_OPERATOR_KEY: OPERATOR_KEY,
    FOYER_PROCESS_LOG_LEVEL: 'info',
    HUBSPOT_BASE_URL: hubspot,
    HUBSPOT_TOKEN: 'pat-twin-0000',
    HUBSPOT_CALLS_PER_SECOND: '',
    SALESFORCE_BASE_URL: salesforce,
    SALESFORCE_CLIENT_ID: 'twin-client',
    SALESFORCE_CLIENT_SECRET: 'twin-secret',
  };
  const migrating = spawn(process.execPath, ['dist/main.js', 'migrate'], { env, stdio: 'ignore' });
  await once(migrating, 'exit');
  const pool = new pg.Pool({ connectionString: postgres.url, max: 4 });
  return {
    pool,
    databaseUrl: postgres.url,
    twins: { hubspot, salesforce },
    start: (role, settings = {}) => startProgram(role, { ...env, ...settings }, children),
    event: (slug) => openEvent(pool, slug),
    async end() {
      await Promise.all(children.map(endChild));
      await pool.end();
      await redis.stop();
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type StartServer = (options: object) => Promise<{ url: string; stop: () => Promise<void> }>;

function script(name: string): string {
  return path.resolve(`scripts/launcher/${name}.mjs`);
}

async function startTwin(name: string, children: ChildProcess[]): Promise<string> {
  const child = spawn(process.execPath, ['dist/sandbox/main.js', name, '--with-parent'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const { url } = JSON.parse(line) as { url: string };
  const body = JSON.stringify({ faults: [], limits: false });
  await fetch(`${url}/_twin/faults`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body,
  });
  return url;
}

async function startProgram(
  role: string,
  env: NodeJS.ProcessEnv,
  children: ChildProcess[],
): Promise<Program> {
  const began = performance.now();
  const child = spawn(
    process.execPath,
    ['--import', path.resolve('scripts/launcher/with-parent.mjs'), 'dist/main.js'],
    {
      env: { ...env, FOYER_ROLE: role },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    },
  );
  children.push(child);
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the ${role} did not get ready`)), READY_TIMEOUT_MS);
    child.once('exit', () => reject(new Error(`the ${role} ended before it was ready`)));
    createInterface(child.stdout!).on('line', (line) => {
      const said = line.startsWith('{') ? (JSON.parse(line) as { msg?: string; url?: string }) : {};
      if (said.msg !== 'listening' && said.msg !== 'draining') return;
      clearTimeout(timer);
      resolve(said.url ?? '');
    });
  });
  return { url, pid: child.pid!, readyMs: performance.now() - began, stop: () => endChild(child) };
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await gone;
  clearTimeout(kill);
}

async function openEvent(pool: pg.Pool, slug: string): Promise<string> {
  const id = uuidv7();
  await pool.query(
    `insert into events (id, slug, name, starts_at, ends_at, time_zone, state, created_at, updated_at)
     values ($1, $2, $2, now() + interval '30 days', now() + interval '31 days', 'UTC', 'open', now(), now())`,
    [id, slug],
  );
  await pool.query(
    `insert into forms (event_id, version, schema, consents, created_at) values ($1, 1, '{"type":"object"}',
       '[{"purpose":"marketing","text":"May we write to you?","textVersion":"1","required":false}]', now())`,
    [id],
  );
  return id;
}
