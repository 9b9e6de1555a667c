import { watch as watchFolder } from 'node:fs';
import { inRoot } from './root.mjs';

const FOLDERS = ['src', 'sandbox', 'config', 'mappings'];
/** An editor writes a file in several steps, and a branch changes many. */
const QUIET_MS = 200;

/**
 * Calls once for each burst of changes, and never twice at a time.
 * @param {(folders: Set<string>) => Promise<void>} onChange
 * @returns {() => void} stops watching
 */
export function watch(onChange) {
  let changed = new Set();
  let timer;
  let isBusy = false;
  const settle = async () => {
    if (isBusy || changed.size === 0) return;
    isBusy = true;
    const folders = changed;
    changed = new Set();
    await onChange(folders);
    isBusy = false;
    void settle();
  };
  const watchers = FOLDERS.map((folder) =>
    watchFolder(inRoot(folder), { recursive: true }, () => {
      changed.add(folder);
      clearTimeout(timer);
      timer = setTimeout(settle, QUIET_MS);
    }),
  );
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}
