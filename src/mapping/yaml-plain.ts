/**
 * YAML nodes as plain values, aliases and merges (`<<`) followed. By itself the library looks for each alias through
 * the whole document; here every anchor is known after one look, and what several places share is made once.
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  visit,
  type Alias,
  type Document,
  type Node,
  type YAMLMap,
} from 'yaml';

/** Values that one part of a file may unfold to: a few aliases of aliases would otherwise fill the memory. */
const valuesMax = 100_000;

export class TooManyAliases extends Error {}

interface Made {
  readonly value: unknown;
  /** How many values it unfolds to. */
  readonly size: number;
}

export class PlainValues {
  private anchors: Map<string, Node[]> | null = null;
  private readonly made = new Map<Node, Made>();
  private readonly open = new Set<Node>();

  constructor(private readonly document: Document.Parsed) {}

  /** What an alias stands for: the last anchor of its name before it. */
  resolve(alias: Alias): Node | null {
    const before = this.anchorsByName().get(alias.source) ?? [];
    const at = alias.range?.[0] ?? Infinity;
    return before.findLast((node) => (node.range?.[0] ?? 0) < at) ?? null;
  }

  /** @throws TooManyAliases */
  of(node: Node | null): unknown {
    return node ? this.make(node).value : null;
  }

  private make(node: Node): Made {
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

  private unfold(node: Node): Made {
    if (isAlias(node)) {
      const target = this.resolve(node);
      return target ? this.make(target) : { value: null, size: 1 };
    }
    if (isSeq(node)) {
      const items = (node.items as Node[]).map((item) => this.make(item));
      return { value: items.map(({ value }) => value), size: sizeOf(items) };
    }
    if (isMap(node)) return this.mapOf(node as YAMLMap<Node, Node | null>);
    return { value: isScalar(node) ? node.value : null, size: 1 };
  }

  private mapOf(node: YAMLMap<Node, Node | null>): Made {
    const map: Record<string, unknown> = {};
    let size = 1;
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? key.value : null;
      const made = value ? this.make(value) : { value: null, size: 1 };
      size += made.size;
      if (isMerge(name)) mergeInto(map, made.value);
      else put(map, String(name), made.value);
    }
    return { value: map, size };
  }

  private anchorsByName(): ReadonlyMap<string, Node[]> {
    if (this.anchors) return this.anchors;
    const anchors = new Map<string, Node[]>();
    visit(this.document, {
      Node: (_key, node) => {
        if (isAlias(node) || node.anchor === undefined) return;
        anchors.set(node.anchor, [...(anchors.get(node.anchor) ?? []), node]);
      },
    });
    return (this.anchors = anchors);
  }
}

function sizeOf(parts: readonly Made[]): number {
  return parts.reduce((total, { size }) => total + size, 1);
}

function isMerge(name: unknown): boolean {
  return name === '<<' || (typeof name === 'symbol' && name.description === '<<');
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
  Object.defineProperty(map, name, { value, writable: true, enumerable: true, configurable: true });
}
