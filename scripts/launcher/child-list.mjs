import { rmSync } from 'node:fs';
import { readJson, writePrivate } from './private-file.mjs';
import { commandLine, end, isAlive } from './processes.mjs';

/**
 * The processes of this launcher, on disk from the moment each was begun: after a kill -9 of everything the next
 * start finds what is left. A number alone proves nothing, since systems use them again: each process is kept with
 * words that its command line must hold.
 */
export class ChildList {
  #file;
  #children = {};
  #onChange;

  /** @param {() => void} onChange told when a process was added or took another's place */
  constructor(file, onChange) {
    this.#file = file;
    this.#onChange = onChange;
  }

  add(name, pid, marker) {
    this.#children[name] = { pid, marker };
    writePrivate(this.#file, this.#children);
    this.#onChange();
  }

  pids() {
    return Object.fromEntries(Object.entries(this.#children).map(([name, { pid }]) => [name, pid]));
  }

  clear() {
    rmSync(this.#file, { force: true });
  }

  /** Ends what an earlier run left behind. @returns {Promise<string[]>} the names of what was ended */
  async endStale() {
    const left = Object.entries(readJson(this.#file) ?? {}).filter(([, child]) => isOurs(child));
    await Promise.all(left.map(([, { pid }]) => endProcess(pid)));
    this.clear();
    return left.map(([name]) => name);
  }

  /** The last resort, when an orderly end took too long or was asked for twice. */
  killAll() {
    for (const child of Object.values(this.#children).filter(isOurs)) {
      try {
        process.kill(child.pid, 'SIGKILL');
      } catch {
        // It ended between the look and the signal.
      }
    }
  }
}

function isOurs({ pid, marker }) {
  return isAlive(pid) && commandLine(pid).includes(marker);
}

function endProcess(pid) {
  return end(pid, [
    ['SIGTERM', 3_000],
    ['SIGKILL', 2_000],
  ]);
}
