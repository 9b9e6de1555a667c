import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import path from 'node:path';

const START_TIMEOUT_MS = 30_000;
const WITH_PARENT = path.resolve('scripts/launcher/with-parent.mjs');

export interface ProgramOptions {
  readonly role: 'api' | 'worker' | 'all';
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** Further settings, FOYER_…; they win over what is set here. */
  readonly env?: Readonly<Record<string, string>>;
  /** What runs it: its bundle where nothing is said. */
  readonly script?: string;
  readonly args?: readonly string[];
}

export interface RunningProgram {
  /** Where the API listens; '' for a worker. */
  readonly url: string;
  readonly pid: number;
  /** Every line it printed so far. */
  readonly logs: readonly string[];
  /** Resolves when the process is gone. */
  readonly stopped: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Sends a signal to this process alone. SIGTERM where none is named. */
  kill(signal?: NodeJS.Signals): void;
}

/**
 * Starts one process of the built program, as the launcher does, and waits until it is ready.
 * It ends with the test that started it, whatever happens to that one.
 * @throws Error with its last lines where it does not get ready
 */
export async function startProgram({
  role,
  databaseUrl,
  redisUrl,
  env = {},
  script = 'scripts/program.mjs',
  args = [],
}: ProgramOptions): Promise<RunningProgram> {
  const child = spawn(process.execPath, ['--import', WITH_PARENT, script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      ...process.env,
      FOYER_ROLE: role,
      FOYER_HOST: '127.0.0.1',
      PORT: '0',
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      FOYER_SECRET: 'for-tests-only-for-tests-only-for-tests-only',
      ...env,
    },
  });
  const logs: string[] = [];
  const stopped = once(child, 'exit').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }));
  const url = await new Promise<string>((resolve, reject) => {
    const fail = (why: string): void => {
      child.kill('SIGKILL');
      reject(new Error(`The ${role} process ${why}. Its last lines:\n${logs.slice(-15).join('\n')}`));
    };
    const timer = setTimeout(() => {
      fail(`was not ready after ${START_TIMEOUT_MS} ms`);
    }, START_TIMEOUT_MS);
    child.once('error', (error) => {
      fail(`could not be started: ${error.message}`);
    });
    child.once('close', () => {
      clearTimeout(timer);
      fail('ended before it was ready');
    });
    for (const stream of [child.stdout!, child.stderr!]) {
      createInterface(stream).on('line', (line) => {
        logs.push(line);
        const ready = readiness(line, role);
        if (ready === undefined) return;
        clearTimeout(timer);
        resolve(ready);
      });
    }
  });
  return { url, pid: child.pid!, logs, stopped, kill: (signal = 'SIGTERM') => void child.kill(signal) };
}

/** The API says where it listens; a worker says that it drains. */
function readiness(line: string, role: ProgramOptions['role']): string | undefined {
  if (!line.startsWith('{')) return undefined;
  const { msg, url } = JSON.parse(line) as { msg?: string; url?: string };
  if (role === 'worker') return msg === 'draining' ? '' : undefined;
  return msg === 'listening' ? url : undefined;
}
