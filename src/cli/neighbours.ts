/** What stands around the mapping files of a folder: the mappings beside them, the destinations of the installation. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';

/** What each mapping of a folder needs, by its name. Files that are no YAML have no name; they are told elsewhere. */
export function needsIn(folder: string): Map<string, readonly string[]> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  const texts = names.map((name) => readFileSync(path.join(folder, name), 'utf8'));
  const mappings = texts.flatMap((text) => {
    // Only these two lines matter here; the file itself is read where it is checked.
    const name = /^mapping:[ \t]*(\S+)/m.exec(text)?.[1];
    const needs =
      /^needs:[ \t]*\[([^\]]*)\]/m.exec(text)?.[1] ??
      /^needs:[^\n]*\n((?:[ \t]*-[^\n]*\n?)*)/m.exec(text)?.[1];
    return name ? [[name, [...(needs ?? '').matchAll(/[\w.-]*\w/g)].map(([need]) => need)] as const] : [];
  });
  return new Map(mappings);
}

/** The names in the destinations file beside a folder of mappings; null where there is none that can be read. */
export function destinationsBeside(folder: string): string[] | null {
  try {
    const file = path.join(folder, '../config/destinations.yaml');
    const book: unknown = load(readFileSync(file, 'utf8'));
    return typeof book === 'object' && book !== null ? Object.keys(book) : null;
  } catch {
    // No book, or one that is no YAML: the server says so where it reads it.
    return null;
  }
}
