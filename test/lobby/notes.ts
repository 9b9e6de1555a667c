import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** What visitors note for the oracle. */
export class Notes {
  private readonly lines: string[] = [];

  /** A millisecond later than it is: what it says had happened by then, however the clock was cut off. */
  add(entry: Record<string, unknown>): void {
    this.lines.push(JSON.stringify({ t: Date.now() + 1, ...entry }));
  }

  /** @returns the file */
  save(): string {
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'foyer-notes-')), 'log.jsonl');
    writeFileSync(file, this.lines.join('\n'));
    return file;
  }
}
