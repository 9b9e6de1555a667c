import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

const READY_TIMEOUT_MS = 30_000;
const STOP_GRACE_MS = 5_000;
/** Linux counts processor time in hundredths of a second. */
const TICK_MS = 10;

export interface Running {
  /** Where it listens; '' where it does not. */
  readonly url: string;
  readonly pid: number;
  /** From the start of the process to the line that says it is ready. */
  readonly readyMs: number;
  stop(): Promise<void>;
}

/**
 * Starts a Node program in a process of its own, which ends with ours whatever happens.
 * @param readyUrl of a JSON line that it prints: where it listens; undefined where the line says something else
 */
export async function startNode(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  readyUrl: (line: Readonly<Record<string, unknown>>) => string | undefined,
): Promise<Running> {
  const began = performance.now();
  const withParent = path.resolve('scripts/launcher/with-parent.mjs');
  const child = spawn(process.execPath, ['--import', withParent, ...args], {
    env: { ...process.env, ...env },
    // Standard input and the channel stay open while we live; what watches either of them ends with us.
    stdio: ['pipe', 'pipe', 'inherit', 'ipc'],
    // Ctrl-C in the terminal reaches us only, who end everything in order.
    detached: true,
  });
  child.stdin!.on('error', () => undefined);
  try {
    const url = await ready(child, args.join(' '), readyUrl);
    return { url, pid: child.pid!, readyMs: performance.now() - began, stop: () => end(child) };
  } catch (error) {
    await end(child);
    throw error;
  }
}

/** Resident memory in MB; 0 where the system does not tell (it does on Linux). */
export function residentMb(pid: number): number {
  try {
    const kb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kb ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** The most that it ever had, in MB; 0 where the system does not tell. */
export function peakResidentMb(pid: number): number {
  try {
    const kb = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kb ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** Processor time used so far, in milliseconds; 0 where the system does not tell. */
export function processorMs(pid: number): number {
  return timesOf(pid)?.ownMs ?? 0;
}

/** The same of a process and its children, those that have ended among them: PostgreSQL has one for each connection. */
export function familyProcessorMs(pid: number): number {
  const parent = timesOf(pid);
  if (!parent) return 0;
  const children = readdirSync('/proc').flatMap((name) =>
    /^\d+$/.test(name) ? (timesOf(Number(name)) ?? []) : [],
  );
  return children
    .filter(({ parentPid }) => parentPid === pid)
    .reduce((sum, { ownMs }) => sum + ownMs, parent.ownMs + parent.endedMs);
}

interface Times {
  readonly parentPid: number;
  readonly ownMs: number;
  /** Of its children that have ended. */
  readonly endedMs: number;
}

function timesOf(pid: number): Times | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ms = (first: number): number => (Number(fields[first]) + Number(fields[first + 1])) * TICK_MS;
    return { parentPid: Number(fields[1]), ownMs: ms(11), endedMs: ms(13) };
  } catch {
    return undefined;
  }
}

function ready(
  child: ChildProcess,
  name: string,
  readyUrl: (line: Readonly<Record<string, unknown>>) => string | undefined,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${name} did not get ready`)), READY_TIMEOUT_MS);
    const settle = (then: () => void): void => {
      clearTimeout(timer);
      then();
    };
    child.once('error', (error) => settle(() => reject(error)));
    let last = '';
    child.once('exit', () => settle(() => reject(new Error(`${name} ended before it was ready: ${last}`))));
    createInterface(child.stdout!).on('line', (line) => {
      last = line;
      const url = line.startsWith('{') ? readyUrl(JSON.parse(line) as Record<string, unknown>) : undefined;
      if (url !== undefined) settle(() => resolve(url));
    });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
  await gone;
  clearTimeout(kill);
}
