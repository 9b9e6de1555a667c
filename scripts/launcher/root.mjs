import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder, whatever folder a script was started from. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

export function inRoot(...parts) {
  return path.join(ROOT, ...parts);
}
