import { existsSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';

/** Earlier runs whose logs are kept beside the current one. */
const KEPT = 3;
const LAST_LINES = 12;

/** Moves name.log to name.1.log and so on, and drops the oldest. */
export function rotate(file) {
  const numbered = (n) => (n === 0 ? file : file.replace(/\.log$/, `.${n}.log`));
  rmSync(numbered(KEPT), { force: true });
  for (let n = KEPT - 1; n >= 0; n -= 1)
    if (existsSync(numbered(n))) renameSync(numbered(n), numbered(n + 1));
}

/** The log of one child over all its restarts. */
export class LogFile {
  #descriptor;

  constructor(file) {
    rotate(file);
    this.#descriptor = openSync(file, 'a', 0o600);
    this.file = file;
  }

  write(line) {
    writeSync(this.#descriptor, `${line}\n`);
  }

  /** Its last words; PostgreSQL writes the file by itself, so they are read from there. */
  lastLines() {
    return readFileSync(this.file, 'utf8').trimEnd().split('\n').slice(-LAST_LINES);
  }
}
