import { readdirSync, watch as watchFolder } from 'node:fs';
import path from 'node:path';
import { inRoot } from './root.mjs';

const FOLDERS = ['src', 'web', 'sandbox', 'config', 'mappings'];
/** An editor writes a file in several steps, and a branch changes many. */
const QUIET_MS = 200;

/**
 * Calls once for each burst of changes, and never twice at a time.
 * Every folder is watched by itself: Node's recursive watch on Linux loses files that are replaced, as git and
 * most editors do.
 * @param {(folders: Set<string>) => Promise<void>} onChange
 * @returns {() => void} stops watching
 */
export function watch(onChange) {
  let watchers = [];
  let changed = new Set();
  let timer;
  let isBusy = false;

  const stop = () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
  const follow = () => {
    stop();
    watchers = FOLDERS.flatMap((top) =>
      foldersIn(inRoot(top)).map((folder) =>
        watchFolder(folder, () => {
          changed.add(top);
          clearTimeout(timer);
          timer = setTimeout(settle, QUIET_MS);
        }),
      ),
    );
  };
  const settle = async () => {
    if (isBusy || changed.size === 0) return;
    isBusy = true;
    const folders = changed;
    changed = new Set();
    // Folders may have come, gone or been replaced.
    follow();
    await onChange(folders);
    isBusy = false;
    void settle();
  };
  follow();
  return stop;
}

function foldersIn(top) {
  const inside = readdirSync(top, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  return [top, ...inside.map((entry) => path.join(entry.parentPath, entry.name))];
}
