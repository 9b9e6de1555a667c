import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandLine, isAlive } from './processes.mjs';

/**
 * One process at a time, told by a file that names its holder. A holder that died leaves the file behind:
 * it no longer counts once its process is gone, or is another program under the same number.
 */
export class FolderLock {
  #file;

  constructor(file) {
    this.#file = file;
  }

  /** @returns {FolderLock | { holder: number }} the lock, or who has it */
  static take(file) {
    const mine = `${file}.${process.pid}`;
    writeFileSync(mine, JSON.stringify({ pid: process.pid, command: commandLine(process.pid) }), {
      mode: 0o600,
    });
    try {
      for (let attempt = 0; attempt < 3; attempt += 1) {
        // A link appears with its content or not at all: no one reads a half-written name.
        if (linked(mine, file)) return new FolderLock(file);
        const holder = holderOf(file);
        if (holder !== undefined) return { holder };
        removeStale(file);
      }
      return { holder: 0 };
    } finally {
      rmSync(mine, { force: true });
    }
  }

  /** @returns {Promise<FolderLock>} once the holder let go */
  static async wait(file, timeoutMs) {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const lock = FolderLock.take(file);
      if (lock instanceof FolderLock) return lock;
      if (Date.now() > deadline)
        throw new Error(`${file} is held by process ${lock.holder}; it did not let go in time.`);
      await sleep(100);
    }
  }

  release() {
    rmSync(this.#file, { force: true });
  }
}

function linked(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Two who found the same stale file must not remove each other's fresh one: it is moved aside and looked at again. */
function removeStale(file) {
  const aside = `${file}.stale-${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  if (holderOf(aside) !== undefined) linked(aside, file);
  rmSync(aside, { force: true });
}

function holderOf(file) {
  try {
    const { pid, command } = JSON.parse(readFileSync(file, 'utf8'));
    return isAlive(pid) && commandLine(pid) === command ? pid : undefined;
  } catch {
    // Let go in the meantime.
    return undefined;
  }
}
