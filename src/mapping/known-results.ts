/** The texts that an expression can give, as far as they stand in files: literals, and what tables answer. */
import type { Node } from './expression-language.js';
import type { Picklist } from './picklist.js';
import { literalText } from './syntax-tree.js';

export interface KnownResults {
  readonly texts: readonly { readonly value: string; readonly node: Node }[];
  /** True where it can give no other text. */
  readonly isClosed: boolean;
}

export function knownResults(node: Node, picklists: ReadonlyMap<string, Picklist>): KnownResults {
  if (node.op === 'value') {
    return { texts: typeof node.args === 'string' ? [{ value: node.args, node }] : [], isClosed: true };
  }
  if (node.op === '?:') return together([node.args[1], node.args[2]], picklists);
  if (node.op !== 'call') return { texts: [], isClosed: false };
  const [name, args] = node.args;
  if (name === 'coalesce') return together(args, picklists);
  const picklist = name === 'lookup' ? picklists.get(literalText(args[0]) ?? '') : undefined;
  if (!picklist) return { texts: [], isClosed: false };
  const texts = new Set([
    ...picklist.values.values(),
    ...(picklist.otherwise === null ? [] : [picklist.otherwise]),
  ]);
  return { texts: [...texts].map((value) => ({ value, node: args[0]! })), isClosed: true };
}

function together(nodes: readonly Node[], picklists: ReadonlyMap<string, Picklist>): KnownResults {
  const parts = nodes.map((node) => knownResults(node, picklists));
  return { texts: parts.flatMap(({ texts }) => texts), isClosed: parts.every(({ isClosed }) => isClosed) };
}
