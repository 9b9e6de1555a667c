/**
 * A mapping's text together with what it was compiled with: the tables it looks up and what the target said of its
 * fields. Applied versions are kept like this, so that a table or a snapshot of metadata that changes later changes
 * nothing until it is applied. The additions are comments after the text: lines and columns stay as they are.
 */
import type { Picklist } from './picklist.js';
import { parseTarget, type TargetMetadata } from './target-metadata.js';

const marker = '#~ compiled with';

export interface Bundle {
  readonly text: string;
  readonly picklists: ReadonlyMap<string, Picklist>;
  readonly target: TargetMetadata | null;
}

export function bundle({ text, picklists, target }: Bundle): string {
  const tables = [...picklists.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((table) => `#~ picklist ${JSON.stringify({ ...table, values: [...table.values] })}`);
  const metadata = target ? [`#~ target ${JSON.stringify(target)}`] : [];
  return [withoutBundle(text).trimEnd(), marker, ...tables, ...metadata, ''].join('\n');
}

/** Null where the text is a file as someone wrote it. */
export function unbundle(source: string): Bundle | null {
  const start = source.indexOf(`\n${marker}\n`);
  if (start === -1) return null;
  const picklists = new Map<string, Picklist>();
  let target: TargetMetadata | null = null;
  for (const line of source.slice(start).split('\n')) {
    const [, kind, json] = /^#~ (picklist|target) (.*)$/.exec(line) ?? [];
    if (kind === 'picklist') {
      const table = JSON.parse(json!) as Omit<Picklist, 'values'> & { values: [string, string][] };
      picklists.set(table.name, { ...table, values: new Map(table.values) });
    } else if (kind === 'target') {
      const parsed = parseTarget(json!);
      target = typeof parsed === 'string' ? null : parsed;
    }
  }
  return { text: source.slice(0, start + 1), picklists, target };
}

/** The metadata of the fields that a mapping has to do with: a change elsewhere is no change of the mapping. */
export function metadataOf(target: TargetMetadata, names: Iterable<string>): TargetMetadata {
  const wanted = new Set(names);
  const isKept = ([name, field]: [string, TargetMetadata['fields'][string]]) =>
    wanted.has(name) || field.required;
  const fields = Object.entries(target.fields)
    .filter(isKept)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return { ...target, fields: Object.fromEntries(fields) };
}

function withoutBundle(source: string): string {
  return unbundle(source)?.text ?? source;
}
