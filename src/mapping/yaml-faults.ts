import { createRequire } from 'node:module';
import { YamlFault } from './yaml-tree.js';

/** Loaded where a file is faulty only: it is large, and `foyer check` waits for what it loads. */
const loadNow = createRequire(import.meta.url);

/**
 * Every fault of a text that is no YAML. The parser of the tree is fast and stops at the first; this library is slow and
 * goes on.
 * @param first told where this library finds nothing wrong
 */
export function allYamlFaults(text: string, first: YamlFault): readonly YamlFault[] {
  const { parseDocument } = loadNow('yaml') as typeof import('yaml');
  const { errors, warnings } = parseDocument(text, { merge: true, uniqueKeys: false, prettyErrors: false });
  const faults = [...errors, ...warnings].map(({ message, pos }) => new YamlFault(firstLine(message), pos));
  return faults.length > 0 ? faults : [first];
}

function firstLine(message: string): string {
  return message.split('\n')[0]!.replace(/\s+at line \d+.*$/, '');
}
