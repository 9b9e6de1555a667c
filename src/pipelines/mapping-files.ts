/**
 * Mapping files from a folder: what the server and `foyer check` both read. Read without waiting: to compile a file
 * takes a hundred times as long as to read it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unbundle, type Bundle } from '../mapping/bundle.js';
import { compileMapping } from '../mapping/compile-mapping.js';
import type { CompiledMapping } from '../mapping/compiled-mapping.js';
import { Faults, inFileOrder, SourceText, type Diagnostic, type Fault } from '../mapping/diagnostic.js';
import type { Located, MappingFile } from '../mapping/mapping-file.js';
import { parseMapping } from '../mapping/parse-mapping.js';
import { parsePicklist, type Picklist } from '../mapping/picklist.js';
import { renderDiagnostics } from '../mapping/render-diagnostic.js';
import { parseTarget, type TargetMetadata } from '../mapping/target-metadata.js';

export interface LoadedFile {
  readonly file: string;
  readonly source: string;
  readonly parsed: MappingFile;
  /** Null where a diagnostic of this file is an error. */
  readonly mapping: CompiledMapping | null;
}

export interface LoadedMappings {
  /** Those without an error, by name. */
  readonly mappings: readonly CompiledMapping[];
  readonly diagnostics: readonly Diagnostic[];
  /** Every file that was read, broken ones included. */
  readonly files: readonly LoadedFile[];
}

/** What stands beside mapping files: the tables they look things up in and what the backends say of their objects. */
export interface MappingSurroundings {
  readonly picklists: ReadonlyMap<string, Picklist>;
  /** By `destination.object`. */
  readonly targets: ReadonlyMap<string, TargetMetadata>;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads `dir/*.yaml` with `dir/picklists` and `dir/targets`, or only the files given. */
export function loadMappings(dir: string, only?: readonly string[]): LoadedMappings {
  const surroundings = loadSurroundings(dir);
  const files = (only ?? mappingPaths(dir)).map((path) => loadMapping(path, surroundings));
  for (const { at, fault } of repeatedNames(files.map(({ file, parsed: { name } }) => ({ file, name })))) {
    const { name, faults } = files[at]!.parsed;
    faults.add(name!.range, fault);
  }
  const mappings = files.flatMap(({ mapping, parsed }) => (mapping && isUnique(parsed) ? [mapping] : []));
  return {
    mappings: mappings.sort((a, b) => (a.name < b.name ? -1 : 1)),
    diagnostics: inFileOrder([
      ...surroundings.diagnostics,
      ...files.flatMap(({ parsed }) => parsed.faults.found),
    ]),
    files,
  };
}

export function mappingPaths(dir: string): string[] {
  return filesIn(dir, '.yaml');
}

/** One file alone: whether its name is another's too is for `repeatedNames` to say. */
export function loadMapping(path: string, surroundings: MappingSurroundings): LoadedFile {
  return compileSource(path, readFileSync(path, 'utf8'), surroundings);
}

function compileSource(file: string, source: string, surroundings: MappingSurroundings): LoadedFile {
  const parsed = parseMapping(file, source);
  const target = surroundings.targets.get(`${parsed.destination?.value}.${parsed.object?.value}`) ?? null;
  const { mapping } = compileMapping(parsed, { target, picklists: surroundings.picklists });
  return { file, source, parsed, mapping };
}

/**
 * The applied version of a mapping, as the database keeps it, made runnable again. It carries the tables and the
 * metadata that it was applied with; the folder serves only versions that carry none.
 * @throws where it does not compile any more
 */
export function compileStored(
  dir: string,
  stored: { readonly file: string; readonly source: string },
): CompiledMapping {
  const { parsed, mapping } = compileGiven(dir, stored.file, stored.source);
  if (mapping) return mapping;
  throw new Error(
    `The applied version of ${stored.file} does not compile any more:\n\n${renderAll(parsed.faults.found)}`,
  );
}

/** A text that somebody gives: as a file has it, with the tables and metadata of the folder, or with its own. */
export function compileGiven(dir: string, file: string, source: string): LoadedFile {
  const bundled = unbundle(source);
  return bundled ? compileBundle(file, bundled) : compileSource(file, source, loadSurroundings(dir));
}

function compileBundle(file: string, { text, picklists, target }: Bundle): LoadedFile {
  const parsed = parseMapping(file, text);
  const { mapping } = compileMapping(parsed, { target, picklists });
  return { file, source: text, parsed, mapping };
}

export function renderAll(diagnostics: readonly Diagnostic[]): string {
  return renderDiagnostics(inFileOrder(diagnostics));
}

export function loadSurroundings(dir: string): MappingSurroundings {
  const picklists = new Map<string, Picklist>();
  const targets = new Map<string, TargetMetadata>();
  const diagnostics: Diagnostic[] = [];
  for (const path of filesIn(join(dir, 'picklists'), '.yaml')) {
    const { picklist, diagnostics: found } = parsePicklist(path, readFileSync(path, 'utf8'));
    if (picklist) picklists.set(picklist.name, picklist);
    diagnostics.push(...found);
  }
  for (const path of filesIn(join(dir, 'targets'), '.json')) {
    const text = readFileSync(path, 'utf8');
    const target = parseTarget(text);
    if (typeof target === 'string') diagnostics.push(...unreadable(path, text, target));
    else targets.set(`${target.destination}.${target.object}`, target);
  }
  return { picklists, targets, diagnostics };
}

function filesIn(dir: string, ending: string): string[] {
  try {
    const names = readdirSync(dir);
    return names
      .filter((name) => name.endsWith(ending))
      .sort()
      .map((name) => join(dir, name));
  } catch (error) {
    // A folder that is not there holds no files: picklists and targets are optional.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function unreadable(path: string, text: string, message: string): readonly Diagnostic[] {
  const faults = new Faults(new SourceText(path, text));
  faults.add([0, 1], { code: 'bad-target-metadata', message: `The metadata ${message}` });
  return faults.found;
}

/** Which files of a folder claim the name of an earlier one. */
export function repeatedNames(
  files: readonly { readonly file: string; readonly name: Located<string> | null }[],
): { readonly at: number; readonly fault: Fault }[] {
  const first = new Map<string, string>();
  return files.flatMap(({ file, name }, at) => {
    if (!name) return [];
    const other = first.get(name.value);
    if (other === undefined) first.set(name.value, file);
    const message = `${name.value} is the name of the mapping in ${other} already`;
    return other === undefined ? [] : [{ at, fault: { code: repeatedName, message } }];
  });
}

const repeatedName = 'duplicate-mapping';

function isUnique(parsed: MappingFile): boolean {
  return !parsed.faults.found.some(({ code }) => code === repeatedName);
}
