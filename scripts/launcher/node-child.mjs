import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { end } from './processes.mjs';
import { ROOT, inRoot } from './root.mjs';

const WITH_PARENT = inRoot('scripts/launcher/with-parent.mjs');

/**
 * Starts a Node program of ours and waits until it says that it is ready.
 *
 * @param {object} options
 * @param {string} options.name for messages
 * @param {string[]} options.args the script, by its whole path, and its arguments
 * @param {Record<string, string | undefined>} options.env added to ours
 * @param {(entry: any) => unknown} options.readiness what a JSON line says about being ready; undefined: nothing
 * @param {(line: string) => void} options.onLine
 * @param {number} options.startTimeoutMs
 * @param {number} options.stopGraceMs between asking to stop and ending it
 * @param {(pid: number) => void} options.onSpawn
 */
export async function startNodeChild({
  name,
  args,
  env,
  readiness,
  onLine,
  startTimeoutMs,
  stopGraceMs,
  onSpawn,
}) {
  const child = spawn(process.execPath, ['--enable-source-maps', '--import', WITH_PARENT, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    // stdin stays open while we live: a child that watches it ends with us, as one that watches the channel does.
    stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
    // Ctrl-C in the terminal reaches the launcher only, which ends its children in order.
    detached: true,
  });
  child.stdin?.on('error', () => {});
  let isGone = false;
  const exited = new Promise((resolve) => {
    const gone = (code) => {
      isGone = true;
      resolve(code);
    };
    child.once('exit', (code, signal) => gone(signal ?? `code ${code}`));
    child.once('error', (error) => gone(error.message));
  });
  if (child.pid) onSpawn(child.pid);
  const stop = async () => {
    if (!isGone) {
      await end(child.pid, [
        ['SIGTERM', stopGraceMs],
        ['SIGKILL', 1_000],
      ]);
    }
    await exited;
  };

  const ready = new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on('line', (line) => {
        onLine(line);
        const value = readiness(parse(line));
        if (value !== undefined) resolve({ value });
      });
    }
  });
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, startTimeoutMs, { fault: `was not ready after ${startTimeoutMs / 1000} s` });
  });
  const { value, fault } = await Promise.race([
    ready,
    late,
    exited.then((how) => ({ fault: `ended with ${how}` })),
  ]);
  clearTimeout(timer);
  if (fault) {
    await stop();
    throw new Error(`${name} ${fault} instead of getting ready`);
  }
  return { value, pid: child.pid, exited, stop };
}

/** @returns {any} the object of a JSON line; {} for any other line */
export function parse(line) {
  if (!line.startsWith('{')) return {};
  try {
    return JSON.parse(line);
  } catch {
    // A line cut short, or prose that begins with a brace.
    return {};
  }
}
