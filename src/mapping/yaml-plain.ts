/** YAML nodes as plain values, aliases and merges (`<<`) followed; what several places share is made once. */
import type { YamlMap, YamlNode } from './yaml-tree.js';

/** Values that one part of a file may unfold to: a few aliases of aliases would otherwise fill the memory. */
const valuesMax = 100_000;

export class TooManyAliases extends Error {}

interface Made {
  readonly value: unknown;
  /** How many values it unfolds to. */
  readonly size: number;
}

export class PlainValues {
  private readonly made = new Map<YamlNode, Made>();
  private readonly open = new Set<YamlNode>();

  /** @throws TooManyAliases */
  of(node: YamlNode | null): unknown {
    return node ? this.make(node).value : null;
  }

  private make(node: YamlNode): Made {
    if (node.kind === 'scalar') return { value: node.value, size: 1 };
    const known = this.made.get(node);
    if (known) return known;
    // An alias inside of what it names has no end.
    if (this.open.has(node)) throw new TooManyAliases();
    this.open.add(node);
    const made = this.unfold(node);
    this.open.delete(node);
    if (made.size > valuesMax) throw new TooManyAliases();
    this.made.set(node, made);
    return made;
  }

  private unfold(node: Exclude<YamlNode, { kind: 'scalar' }>): Made {
    if (node.kind === 'alias') return this.make(node.target);
    if (node.kind === 'map') return this.mapOf(node);
    const items = node.items.map((item) => this.make(item));
    return { value: items.map(({ value }) => value), size: sizeOf(items) };
  }

  private mapOf({ pairs }: YamlMap): Made {
    const map: Record<string, unknown> = {};
    let size = 1;
    for (const { key, value } of pairs) {
      const made = this.make(value);
      size += made.size;
      if (isMergeKey(key)) mergeInto(map, made.value);
      else put(map, key.kind === 'scalar' ? key.source : 'null', made.value);
    }
    return { value: map, size };
  }
}

function isMergeKey(key: YamlNode): boolean {
  return key.kind === 'scalar' && key.style === 'plain' && key.source === '<<';
}

function sizeOf(parts: readonly Made[]): number {
  return parts.reduce((total, { size }) => total + size, 1);
}

/** What stands in the map itself wins; of several sources, the first. */
function mergeInto(map: Record<string, unknown>, source: unknown): void {
  for (const part of Array.isArray(source) ? (source as unknown[]) : [source]) {
    if (typeof part !== 'object' || part === null) continue;
    for (const [name, value] of Object.entries(part)) if (!Object.hasOwn(map, name)) put(map, name, value);
  }
}

/** Also a key named __proto__ is a key and nothing else. */
function put(map: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') map[name] = value;
  else Object.defineProperty(map, name, { value, writable: true, enumerable: true, configurable: true });
}
