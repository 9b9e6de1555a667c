/** What `check` and `test` have in common: which files, in which form the answer is wanted. */
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { inFileOrder, type Diagnostic } from '../mapping/diagnostic.js';
import { loadMappings, mappingPaths, type LoadedFile } from '../pipelines/mapping-files.js';
import type { Place } from './check-share.js';
import { UsageError, type Invocation } from './command.js';

export const formats = ['human', 'json', 'github'] as const;
export type Format = (typeof formats)[number];

export const mappingOptions = {
  json: { type: 'boolean' },
  format: { type: 'string' },
} as const;

const defaultFolder = 'mappings';

export function formatOf({ options }: Invocation): Format {
  const asked = options['format'] ?? (options['json'] ? 'json' : 'human');
  const format = formats.find((candidate) => candidate === asked);
  if (!format) throw new UsageError(`--format is one of ${formats.join(', ')}`);
  if (options['json'] && format !== 'json') throw new UsageError('--json and --format contradict each other');
  return format;
}

export interface Read {
  readonly files: readonly LoadedFile[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Files and folders as given. Tables and metadata are those beside a file; a table or a snapshot that is named
 * itself stands for its whole folder, since every mapping there may use it.
 */
export async function readMappings(paths: readonly string[]): Promise<Read> {
  const places = await placesOf(paths);
  const loaded = places.map(({ folder, files }) => loadMappings(folder, files));
  return {
    files: loaded.flatMap(({ files }) => files),
    diagnostics: inFileOrder(loaded.flatMap(({ diagnostics }) => diagnostics)),
  };
}

/** The same as folders, each with the files to read there. */
export async function placesOf(paths: readonly string[]): Promise<Place[]> {
  const folders = new Map<string, string[] | null>();
  for (const path of paths.length > 0 ? paths : [defaultFolder]) {
    const { folder, file } = await locate(path);
    const known = folders.get(folder);
    if (file === null || known === null) folders.set(folder, null);
    else folders.set(folder, [...(known ?? []), file]);
  }
  const places = [...folders].map(([folder, files]) => ({
    folder,
    files: files ? [...new Set(files)] : mappingPaths(folder),
  }));
  if (places.every(({ files }) => files.length === 0))
    throw new UsageError(`no mapping files (*.yaml) in ${[...folders.keys()].join(', ')}`);
  return places;
}

async function locate(path: string): Promise<{ folder: string; file: string | null }> {
  let isFolder: boolean;
  try {
    isFolder = (await stat(path)).isDirectory();
  } catch {
    // Whatever the reason (absent, forbidden): the caller named something that cannot be read.
    throw new UsageError(`cannot read ${path}`);
  }
  if (isFolder) return { folder: path, file: null };
  const folder = dirname(path);
  const isBeside = ['picklists', 'targets'].includes(basename(folder));
  return isBeside ? { folder: dirname(folder), file: null } : { folder, file: path };
}

/** One line that GitHub shows beside the changed line. */
export function githubAnnotation(
  severity: 'error' | 'warning',
  place: { file: string; line: number; column?: number },
  title: string,
  message: string,
): string {
  const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
  const column = place.column === undefined ? '' : `,col=${place.column}`;
  return `::${severity} file=${property(place.file)},line=${place.line}${column},title=${property(title)}::${data(message)}`;
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
