/** The work of `foyer check`, so that two threads can share it: each takes the next file until none is left. */
import { setFlagsFromString } from 'node:v8';
import { checkTogether } from '../mapping/check-together.js';
import type { Diagnostic } from '../mapping/diagnostic.js';
import type { Located } from '../mapping/mapping-file.js';
import { loadMapping, loadSurroundings } from '../pipelines/mapping-files.js';
import { destinationsBeside, needsIn } from './neighbours.js';

/** From here on V8's optimised code, which the bundle does without, earns what it costs. */
const optimisedFromFiles = 250;

export interface Work {
  readonly places: readonly Place[];
  /** How many files somebody has taken, of all places in order; of shared memory where threads share the work. */
  readonly taken: Int32Array;
}

export interface Place {
  /** Tables, metadata and neighbours stand there. */
  readonly folder: string;
  readonly files: readonly string[];
}

/** What there is to say of one file: plain, so that it can come from another thread. */
export interface CheckedFile {
  /** Which of all files. */
  readonly at: number;
  readonly folder: string;
  readonly file: string;
  readonly name: Located<string> | null;
  /** The mapping's name; null where a diagnostic is an error of the file itself. */
  readonly mapping: string | null;
  readonly diagnostics: readonly Diagnostic[];
}

export function checkShare({ places, taken }: Work): CheckedFile[] {
  const files = places.flatMap(({ folder, files }) => files.map((file) => ({ folder, file })));
  if (files.length >= optimisedFromFiles) setFlagsFromString('--opt');
  const folders = places.map(({ folder }) => folder);
  const surroundings = new Map(folders.map((folder) => [folder, loadSurroundings(folder)]));
  const books = folders.map(destinationsBeside).filter((names) => names !== null);
  const neighbours = {
    needs: new Map(folders.flatMap((folder) => [...needsIn(folder)])),
    destinations: books.length > 0 ? books.flat() : null,
  };
  const checked: CheckedFile[] = [];
  for (let at = take(taken); at < files.length; at = take(taken)) {
    const { folder, file } = files[at]!;
    const { parsed, mapping } = loadMapping(file, surroundings.get(folder)!);
    checkTogether({ files: [{ parsed, mapping }], ...neighbours });
    const diagnostics = parsed.faults.found;
    checked.push({ at, folder, file, name: parsed.name, mapping: mapping?.name ?? null, diagnostics });
  }
  return checked;
}

function take(taken: Int32Array): number {
  return Atomics.add(taken, 0, 1);
}
