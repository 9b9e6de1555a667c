import { existsSync, readFileSync } from 'node:fs';
import { inRoot } from './root.mjs';
import { npmCommand, runCommand } from './run-command.mjs';

/** @returns {boolean} whether node_modules holds what the lockfile says */
export function isInstalled() {
  // npm writes this list last, so an interrupted installation has none.
  const installedFile = inRoot('node_modules/.package-lock.json');
  if (!existsSync(installedFile)) return false;
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages;
  const locked = JSON.parse(readFileSync(inRoot('package-lock.json'), 'utf8')).packages;
  return Object.entries(locked).every(([name, { version, link, optional, devOptional }]) => {
    if (name === '' || link) return true;
    const found = installed[name];
    // Packages for other platforms are listed, but not installed.
    if (!found) return Boolean(optional ?? devOptional);
    return found.version === version;
  });
}

/**
 * Installs exactly what the lockfile says, tools for building included.
 * @param {{ signal?: AbortSignal }} [options]
 */
export async function install({ signal } = {}) {
  const flags = ['--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  await runCommand(...npmCommand('ci', ...flags), {
    env: { ...process.env, NODE_ENV: 'development' },
    signal,
  });
}
