import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import type { Note } from './call.js';
import { type Journal, type JournalCall, type JournalItem, readable } from './journal.js';
import type { Store } from './store/store.js';
import type { Row } from './store/table.js';

/** A file that grew by this much is rewritten: every row once, and the newest journal items. */
export const FILE_GROWTH_BYTES_MAX = 512 * 1024 * 1024;
/** Journal items that a rewrite keeps. */
export const FILE_ITEMS_MAX = 100_000;
const READ_BYTES = 1024 * 1024;
const WRITE_ITEMS = 1000;

interface Line {
  call?: JournalCall;
  notes?: Note[];
  rows?: [string, Row][];
  counter?: number;
  definition?: { object: string; definition: unknown };
}

/**
 * Keeps a twin's state over a kill -9: one line per call that wrote or refused something, handed to the
 * operating system before the call is answered. A line that was cut off by the kill is dropped.
 */
export class JournalFile {
  private file: number;
  private sizeBytes = 0;
  private rewriteAtBytes: number;

  constructor(
    private readonly path: string,
    private readonly store: Store,
    private readonly journal: Journal,
    private readonly growthBytesMax = FILE_GROWTH_BYTES_MAX,
  ) {
    const goodBytes = existsSync(path) ? this.reload() : 0;
    this.file = openSync(path, existsSync(path) ? 'r+' : 'w+', 0o600);
    ftruncateSync(this.file, goodBytes);
    this.sizeBytes = goodBytes;
    this.rewriteAtBytes = this.growthBytesMax;
    store.watch();
    store.onDefine = (definition) => this.write({ definition });
    if (goodBytes > this.rewriteAtBytes) this.rewrite();
  }

  append(call: JournalCall, given: Note[]): void {
    const notes = given.map((note) => ({ ...note, response: readable(note.response) }));
    const rows = this.store.takeTouched().map(({ object, row }): [string, Row] => [object, row]);
    this.write({ call, notes, rows, counter: this.store.counter });
    if (this.sizeBytes > this.rewriteAtBytes) this.rewrite();
  }

  /** Keeps what was written by no call of a vendor's. */
  appendRows(): void {
    const touched = this.store.takeTouched();
    for (let at = 0; at < touched.length; at += WRITE_ITEMS) {
      const rows = touched.slice(at, at + WRITE_ITEMS).map(({ object, row }): [string, Row] => [object, row]);
      this.write({ rows, counter: this.store.counter });
    }
    if (this.sizeBytes > this.rewriteAtBytes) this.rewrite();
  }

  empty(): void {
    ftruncateSync(this.file, 0);
    this.sizeBytes = 0;
    this.write({ counter: this.store.counter });
    for (const definition of this.store.definitions) this.write({ definition });
  }

  close(): void {
    closeSync(this.file);
  }

  private write(line: Line): void {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    let done = 0;
    while (done < bytes.length)
      done += writeSync(this.file, bytes, done, bytes.length - done, this.sizeBytes + done);
    this.sizeBytes += bytes.length;
  }

  private rewrite(): void {
    const target = this.path;
    const temporary = `${target}.new`;
    const last = this.file;
    this.file = openSync(temporary, 'w+', 0o600);
    this.sizeBytes = 0;
    this.write({ counter: this.store.counter });
    for (const definition of this.store.definitions) this.write({ definition });
    for (const object of this.store.objects()) {
      const { rows } = this.store.table(object);
      for (let at = 0; at < rows.length; at += WRITE_ITEMS)
        this.write({ rows: rows.slice(at, at + WRITE_ITEMS).map((row): [string, Row] => [object, row]) });
    }
    const { items } = this.journal.page(
      Math.max(0, this.journal.summary().total - FILE_ITEMS_MAX),
      FILE_ITEMS_MAX,
    );
    for (const item of items) this.write({ call: callOf(item), notes: [noteOf(item)] });
    renameSync(temporary, target);
    closeSync(last);
    this.rewriteAtBytes = this.sizeBytes + this.growthBytesMax;
  }

  /** Reads line by line and answers how many bytes were good. */
  private reload(): number {
    const file = openSync(this.path, 'r');
    const bytesTotal = statSync(this.path).size;
    let rest = Buffer.alloc(0);
    let goodBytes = 0;
    for (let at = 0; at < bytesTotal;) {
      const chunk = Buffer.alloc(Math.min(READ_BYTES, bytesTotal - at));
      at += readSync(file, chunk, 0, chunk.length, at);
      rest = Buffer.concat([rest, chunk]);
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
        if (!this.reloadLine(rest.subarray(0, end).toString('utf8'))) {
          closeSync(file);
          return goodBytes;
        }
        goodBytes += end + 1;
        rest = rest.subarray(end + 1);
      }
    }
    closeSync(file);
    return goodBytes;
  }

  private reloadLine(text: string): boolean {
    let line: Line;
    try {
      line = JSON.parse(text) as Line;
    } catch {
      // The end of a line that the kill cut off: its call was never answered.
      return false;
    }
    if (line.counter !== undefined) this.store.counter = line.counter;
    if (line.definition !== undefined) this.store.definitions.push(line.definition);
    for (const [object, row] of line.rows ?? []) this.store.restore(object, row);
    if (line.call !== undefined && line.notes !== undefined) this.journal.add(line.call, line.notes);
    return true;
  }
}

function callOf({ at, method, path, status }: JournalItem): JournalCall {
  return { at: Date.parse(at), method, path, status };
}

function noteOf({ object, key, id, outcome, request, response }: JournalItem): Note {
  return { object, key, id, outcome, request, response };
}
