import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Script } from 'node:vm';

/** The first line of a file, and the first bytes of the code that was kept of it: `//` and a SHA-256. */
const MARK_LENGTH = 67;

/**
 * A CommonJS file with what V8 made of it kept beside it: a process that starts with it parses and compiles nothing.
 * Kept code of another version of Node, or made under other flags, is refused by V8, and the file is compiled anew.
 * V8 knows a text by its length alone; by the mark we know that the code is of this text.
 */
export class CachedScript {
  #script;
  #mark;

  /** @param {string} file absolute, made by `write` */
  constructor(file) {
    this.file = file;
    const text = readFileSync(file, 'utf8');
    this.#mark = text.slice(0, MARK_LENGTH);
    const cachedData = keptCode(file, this.#mark);
    this.#script = new Script(`(function (exports, require, module, __filename, __dirname) {${text}\n})`, {
      filename: file,
      cachedData,
    });
    this.isCached = cachedData !== undefined && this.#script.cachedDataRejected === false;
  }

  /** Runs it. @returns what it exports */
  exports() {
    const module = { exports: {} };
    const require = createRequire(this.file);
    this.#script.runInThisContext()(module.exports, require, module, this.file, path.dirname(this.file));
    return module.exports;
  }

  /** Keeps the code of all functions that ran until now. */
  keepCode() {
    const code = this.#script.createCachedData();
    replace(`${this.file}.cache`, Buffer.concat([Buffer.from(this.#mark), code]));
  }

  /** Writes `text`, whole or not at all: who starts meanwhile finds the file as it was. */
  static write(file, text) {
    replace(file, `//${createHash('sha256').update(text).digest('hex')}\n${text}`);
  }
}

function keptCode(file, mark) {
  try {
    const kept = readFileSync(`${file}.cache`);
    return kept.toString('latin1', 0, MARK_LENGTH) === mark ? kept.subarray(MARK_LENGTH) : undefined;
  } catch {
    // Whatever the reason, it is compiled instead.
    return undefined;
  }
}

function replace(file, content) {
  const whole = `${file}.${process.pid}`;
  writeFileSync(whole, content);
  renameSync(whole, file);
}
