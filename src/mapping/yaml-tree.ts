/** YAML text → a tree of nodes with the place of each, built from the events of js-yaml's parser. */
import {
  boolCoreTag,
  EVENT_ID,
  floatCoreTag,
  getScalarValue,
  intCoreTag,
  NOT_RESOLVED,
  nullCoreTag,
  parseEvents,
  SCALAR_STYLE,
  YAMLException,
  type Event,
} from 'js-yaml';
import type { Range } from './diagnostic.js';

export type YamlNode = YamlScalar | YamlMap | YamlList | YamlAlias;
type AnyEvent<T extends Event['type']> = Extract<Event, { type: T }>;
type ScalarEvent = AnyEvent<typeof EVENT_ID.SCALAR>;
type Opening = AnyEvent<typeof EVENT_ID.MAPPING> | AnyEvent<typeof EVENT_ID.SEQUENCE>;

export interface YamlScalar {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** As it is written, without quotes and escapes. */
  readonly source: string;
  readonly style: 'plain' | 'quoted' | 'block';
  /** Empty where nothing is written. */
  readonly range: Range;
}

export interface YamlMap {
  readonly kind: 'map';
  readonly pairs: readonly YamlPair[];
  readonly range: Range;
}

export interface YamlPair {
  readonly key: YamlNode;
  readonly value: YamlNode;
}

export interface YamlList {
  readonly kind: 'list';
  readonly items: readonly YamlNode[];
  readonly range: Range;
}

export interface YamlAlias {
  readonly kind: 'alias';
  /** What the name stood for here; may hold the alias itself. */
  readonly target: YamlNode;
  readonly range: Range;
}

export class YamlFault extends Error {
  constructor(
    message: string,
    readonly range: Range,
  ) {
    super(message);
  }
}

/** YAML 1.2's core schema: what a plain scalar means. */
const coreTags = [nullCoreTag, boolCoreTag, intCoreTag, floatCoreTag];
const knownTags = ['!!str', '!!int', '!!float', '!!bool', '!!null', '!!map', '!!seq', '!'];

/** The one document of a text; null where it holds nothing. @throws YamlFault */
export function parseYaml(text: string): YamlNode | null {
  return new TreeBuilder(text, eventsOf(text)).document();
}

function eventsOf(text: string): Event[] {
  try {
    return parseEvents(text, {});
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const at = Math.max(0, Math.min(error.mark?.position ?? 0, text.length - 1));
    throw new YamlFault(error.reason, [at, at + 1]);
  }
}

class TreeBuilder {
  private next = 0;
  /** Where the last thing read ends. */
  private end = 0;
  private readonly anchors = new Map<string, YamlNode>();

  constructor(
    private readonly text: string,
    private readonly events: readonly Event[],
  ) {}

  document(): YamlNode | null {
    const first = this.events[this.next++];
    if (!first || this.events[this.next]?.type === EVENT_ID.POP) return null;
    const root = this.node();
    this.next++;
    if (this.events[this.next]) {
      throw new YamlFault('More than one document in a file', [this.end, this.end + 1]);
    }
    return root;
  }

  private node(): YamlNode {
    const event = this.events[this.next++]!;
    if (event.type === EVENT_ID.SCALAR) return this.anchored(event, this.scalar(event));
    if (event.type === EVENT_ID.ALIAS) return this.alias(event);
    if (event.type === EVENT_ID.MAPPING) return this.map(event);
    if (event.type === EVENT_ID.SEQUENCE) return this.list(event);
    throw new YamlFault('Nothing where a value should stand', [this.end, this.end + 1]);
  }

  private map(event: Opening): YamlNode {
    const pairs: YamlPair[] = [];
    const node = { kind: 'map', pairs, range: [event.start, event.start] as [number, number] } as const;
    this.tagOf(event);
    this.anchored(event, node);
    while (!this.isClosing()) pairs.push({ key: this.node(), value: this.node() });
    node.range[1] = this.end;
    return node;
  }

  private list(event: Opening): YamlNode {
    const items: YamlNode[] = [];
    const node = { kind: 'list', items, range: [event.start, event.start] as [number, number] } as const;
    this.tagOf(event);
    this.anchored(event, node);
    while (!this.isClosing()) items.push(this.node());
    node.range[1] = this.end;
    return node;
  }

  private isClosing(): boolean {
    if (this.events[this.next]!.type !== EVENT_ID.POP) return false;
    this.next++;
    return true;
  }

  private scalar(event: ScalarEvent): YamlScalar {
    const source = event.valueStart < 0 ? '' : getScalarValue(this.text, event);
    const tag = this.tagOf(event);
    const isPlain = event.style === SCALAR_STYLE.PLAIN;
    const isText = !isPlain || tag === '!!str' || tag === '!';
    const range = this.scalarRange(event, isPlain);
    this.end = Math.max(this.end, range[1]);
    return {
      kind: 'scalar',
      value: isText ? source : coreValue(source),
      source,
      style: isPlain ? 'plain' : isBlock(event) ? 'block' : 'quoted',
      range,
    };
  }

  /** With its quotes; a block begins with its first line. */
  private scalarRange(event: ScalarEvent, isPlain: boolean): Range {
    if (event.valueStart < 0) return [0, 0];
    if (isPlain) return [event.valueStart, event.valueEnd];
    return isBlock(event)
      ? [event.valueStart + Math.max(0, event.indent), event.valueEnd]
      : [event.valueStart - 1, event.valueEnd + 1];
  }

  private alias(event: AnyEvent<typeof EVENT_ID.ALIAS>): YamlAlias {
    const range: Range = [event.anchorStart - 1, event.anchorEnd];
    this.end = range[1];
    const name = this.text.slice(event.anchorStart, event.anchorEnd);
    const target = this.anchors.get(name);
    if (!target) throw new YamlFault(`Nothing before here is named &${name}`, range);
    return { kind: 'alias', target, range };
  }

  private anchored<T extends YamlNode>(event: ScalarEvent | Opening, node: T): T {
    if (event.anchorStart >= 0) {
      this.anchors.set(this.text.slice(event.anchorStart, event.anchorEnd), node);
    }
    return node;
  }

  private tagOf(event: ScalarEvent | Opening): string | null {
    if (event.tagStart < 0) return null;
    const tag = this.text.slice(event.tagStart, event.tagEnd);
    if (knownTags.includes(tag)) return tag;
    throw new YamlFault(`A tag that has no meaning here: ${tag}`, [event.tagStart, event.tagEnd]);
  }
}

function isBlock({ style }: ScalarEvent): boolean {
  return style === SCALAR_STYLE.LITERAL_BLOCK || style === SCALAR_STYLE.FOLDED_BLOCK;
}

function coreValue(source: string): YamlScalar['value'] {
  for (const tag of coreTags) {
    const value: unknown = tag.resolve(source, false, tag.tagName);
    if (value !== NOT_RESOLVED) return value as YamlScalar['value'];
  }
  return source;
}
