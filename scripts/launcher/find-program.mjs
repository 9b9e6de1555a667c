import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** Where the system's own tools are, even when PATH was cut down to node and npm. */
const SYSTEM_FOLDERS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/** @returns {string | undefined} the first of these programs on PATH */
export function findProgram(...names) {
  return search(names, (process.env.PATH ?? '').split(path.delimiter));
}

/** @returns {string | undefined} a tool of the operating system, on PATH or where systems keep theirs */
export function findSystemTool(name) {
  return search([name], [...(process.env.PATH ?? '').split(path.delimiter), ...SYSTEM_FOLDERS]);
}

function search(names, folders) {
  for (const name of names) {
    for (const folder of folders.filter(Boolean)) {
      const file = path.join(folder, name);
      if (isExecutable(file)) return file;
    }
  }
  return undefined;
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
