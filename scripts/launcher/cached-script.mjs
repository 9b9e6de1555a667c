import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { constants, Script } from 'node:vm';

/**
 * A process of half a second ends before optimised code has earned what it costs, a third of all it computes. Set
 * before any code is read: V8 refuses what was made under other flags.
 */
setFlagsFromString('--no-opt');

/**
 * A CommonJS file with what V8 made of it kept beside it: a process that starts with it parses and compiles nothing.
 * Kept code of another version of Node, or made under other flags, is refused by V8, and the file is compiled anew.
 */
export class CachedScript {
  #script;

  /** @param {string} file absolute */
  constructor(file) {
    this.file = file;
    const cachedData = contentOf(`${file}.cache`);
    this.#script = new Script(
      `(function (exports, require, module, __filename) {${readFileSync(file, 'utf8')}\n})`,
      { filename: file, cachedData, importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER },
    );
    this.isCached = cachedData !== undefined && this.#script.cachedDataRejected === false;
  }

  /** Runs it. @returns what it exports */
  exports() {
    const module = { exports: {} };
    this.#script.runInThisContext()(module.exports, createRequire(this.file), module, this.file);
    return module.exports;
  }

  /** Keeps the code of all functions that ran until now. */
  keepCode() {
    writeFileSync(`${this.file}.cache`, this.#script.createCachedData());
  }

  /** Before the file is written anew: V8 knows a text by nothing but its length. */
  static forget(file) {
    rmSync(`${file}.cache`, { force: true });
  }
}

function contentOf(file) {
  try {
    return readFileSync(file);
  } catch {
    // Whatever the reason, it is compiled instead.
    return undefined;
  }
}
