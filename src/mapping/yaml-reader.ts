/**
 * Reads YAML with the place of every node. Problems are noted and reading goes on, so that one look at a file
 * tells everything that is wrong with it.
 */
import type { FieldValue } from './compiled-mapping.js';
import type { Faults, Range } from './diagnostic.js';
import type { Expression, Located } from './mapping-file.js';
import { nearestName } from './nearest-name.js';
import { PlainValues, TooManyAliases } from './yaml-plain.js';
import { allYamlFaults } from './yaml-faults.js';
import { parseYaml, YamlFault, type YamlNode, type YamlPair, type YamlScalar } from './yaml-tree.js';

/** Larger files are no mappings. */
const textBytesMax = 256 * 1024;

export interface Entry {
  readonly key: string;
  readonly keyRange: Range;
  readonly node: YamlNode | null;
  /** The value's place; the key's where there is no value. */
  readonly range: Range;
}

export class YamlReader {
  private readonly values = new PlainValues();

  private constructor(
    readonly faults: Faults,
    readonly root: YamlNode | null,
  ) {}

  /** Null where the text is no YAML; the faults say why. */
  static open(faults: Faults): YamlReader | null {
    const { text } = faults.source;
    if (Buffer.byteLength(text) > textBytesMax) {
      faults.add([0, 1], {
        code: 'file-too-large',
        message: `The file is larger than ${textBytesMax} bytes`,
      });
      return null;
    }
    try {
      return new YamlReader(faults, parseYaml(text));
    } catch (error) {
      if (!(error instanceof YamlFault)) throw error;
      for (const { range, message } of allYamlFaults(text, error))
        faults.add(range, { code: 'yaml-syntax', message });
      return null;
    }
  }

  /** The entries of a map, in order; each key once, and only known ones where `known` is given. */
  entries(node: YamlNode | null, range: Range, what: string, known?: readonly string[]): Entry[] {
    const map = this.resolve(node);
    if (map?.kind !== 'map') {
      this.faults.add(this.rangeOf(node, range), {
        code: 'wrong-type',
        message: `${what} is ${describe(map)}`,
        expected: 'a map of names to values',
      });
      return [];
    }
    const seen = new Map<string, Entry>();
    for (const pair of map.pairs) {
      const entry = this.entry(pair);
      if (!entry) continue;
      this.noteRepeated(entry, seen.get(entry.key), what);
      if (known && !known.includes(entry.key)) {
        this.noteUnknown(entry, what, known);
        continue;
      }
      if (!seen.has(entry.key)) seen.set(entry.key, entry);
    }
    return [...seen.values()];
  }

  list(entry: Entry, what: string): { node: YamlNode; range: Range }[] {
    const node = this.resolve(entry.node);
    if (node?.kind !== 'list') {
      this.faults.add(entry.range, {
        code: 'wrong-type',
        message: `${what} is ${describe(node)}`,
        expected: 'a list: [a, b]',
      });
      return [];
    }
    return node.items.map((item) => ({ node: item, range: this.rangeOf(item, entry.range) }));
  }

  text(node: YamlNode | null, range: Range, what: string, expected = 'a text'): Located<string> | null {
    const scalar = this.resolve(node);
    if (scalar?.kind === 'scalar' && typeof scalar.value === 'string' && scalar.value !== '') {
      return { value: scalar.value, range: this.rangeOf(node, range) };
    }
    this.faults.add(this.rangeOf(node, range), {
      code: 'wrong-type',
      message: `${what} is ${describe(scalar)}`,
      expected,
    });
    return null;
  }

  oneOf<T extends string>(entry: Entry, what: string, values: readonly T[]): Located<T> | null {
    const text = this.text(entry.node, entry.range, what, `one of ${values.join(', ')}`);
    if (!text) return null;
    const value = values.find((candidate) => candidate === text.value);
    if (value !== undefined) return { value, range: text.range };
    this.faults.add(text.range, {
      code: 'unknown-value',
      message: `${what} cannot be ${text.value}`,
      expected: `one of ${values.join(', ')}`,
      nearest: nearestName(text.value, values),
    });
    return null;
  }

  wholeNumber(entry: Entry, what: string, min: number, max: number): Located<number> | null {
    const node = this.resolve(entry.node);
    const value = node?.kind === 'scalar' ? node.value : null;
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) {
      return { value, range: entry.range };
    }
    this.faults.add(entry.range, {
      code: 'wrong-type',
      message: `${what} is ${typeof value === 'number' ? value : describe(node)}`,
      expected: `a whole number from ${min} to ${max}`,
    });
    return null;
  }

  /** A literal to send: text, number, true, false or null. */
  fieldValue(node: YamlNode | null, range: Range, what: string): Located<FieldValue> | null {
    const scalar = this.resolve(node);
    const value = scalar?.kind === 'scalar' ? scalar.value : undefined;
    const isFinite = typeof value !== 'number' || Number.isFinite(value);
    if ((value === null || ['string', 'number', 'boolean'].includes(typeof value)) && isFinite) {
      return { value: value as FieldValue, range: this.rangeOf(node, range) };
    }
    this.faults.add(this.rangeOf(node, range), {
      code: 'wrong-type',
      message: `${what} is ${describe(scalar)}`,
      expected: 'a text, a number, true, false or null',
    });
    return null;
  }

  expression(node: YamlNode | null, range: Range, what: string): Expression | null {
    const scalar = this.resolve(node);
    const where = this.rangeOf(node, range);
    const text = scalar?.kind === 'scalar' ? scalar.source : null;
    if (text === null || text.trim() === '') {
      this.faults.add(where, {
        code: 'missing-expression',
        message: `${what} is ${describe(scalar)}`,
        expected: 'an expression, such as person.email',
      });
      return null;
    }
    return {
      text,
      range: where,
      locate: locator(this.faults.source.text, scalar as YamlScalar, text, where),
    };
  }

  /** As plain values; null, with the fault noted, where aliases unfold to more than a file can mean. */
  plain(node: YamlNode | null): unknown {
    try {
      return this.values.of(node);
    } catch (error) {
      if (!(error instanceof TooManyAliases)) throw error;
      this.faults.add(this.rangeOf(node, [0, 1]), {
        code: 'too-many-aliases',
        message: 'The aliases here unfold to too many values, or without an end',
        fix: 'write out what is meant',
      });
      return null;
    }
  }

  isMap(node: YamlNode | null): boolean {
    return this.resolve(node)?.kind === 'map';
  }

  isText(node: YamlNode | null): boolean {
    const scalar = this.resolve(node);
    return scalar?.kind === 'scalar' && typeof scalar.value === 'string';
  }

  rangeOf(node: YamlNode | null, otherwise: Range): Range {
    return node && node.range[1] > node.range[0] ? node.range : otherwise;
  }

  private resolve(node: YamlNode | null): YamlNode | null {
    return node?.kind === 'alias' ? this.resolve(node.target) : node;
  }

  private entry({ key, value }: YamlPair): Entry | null {
    const keyRange = this.rangeOf(key, [0, 1]);
    if (key.kind === 'scalar' && key.source !== '') {
      return { key: key.source, keyRange, node: value, range: this.rangeOf(value, keyRange) };
    }
    this.faults.add(keyRange, { code: 'wrong-type', message: 'A key that is no text', expected: 'a name' });
    return null;
  }

  private noteRepeated(entry: Entry, first: Entry | undefined, what: string): void {
    if (!first) return;
    const { line } = this.faults.source.position(first.keyRange[0]);
    this.faults.add(entry.keyRange, {
      code: what === 'fields' ? 'duplicate-field' : 'duplicate-key',
      message: `${entry.key} stands already on line ${line}`,
      expected: 'each name once',
      fix: 'remove one of the two',
    });
  }

  private noteUnknown(entry: Entry, what: string, known: readonly string[]): void {
    this.faults.add(entry.keyRange, {
      code: 'unknown-key',
      message: `${what} knows no ${entry.key}`,
      expected: `one of ${known.join(', ')}`,
      nearest: nearestName(entry.key, known),
    });
  }
}

function describe(node: YamlNode | null): string {
  if (node?.kind === 'map') return 'a map';
  if (node?.kind === 'list') return 'a list';
  if (node?.kind !== 'scalar' || node.value === null || node.value === '') return 'empty';
  return typeof node.value === 'string' ? `the text ${JSON.stringify(node.value.slice(0, 40))}` : node.source;
}

/**
 * Maps places inside the value to places in the file by walking both: quotes, escapes, indentation and folded
 * lines make them differ.
 */
function locator(file: string, node: YamlScalar, text: string, range: Range): Expression['locate'] {
  let offsets: number[] | null = null;
  return (start, end) => {
    offsets ??= alignedOffsets(file, node, text, range);
    const from = offsets[Math.min(start, offsets.length - 1)] ?? range[0];
    const last = offsets[Math.min(Math.max(end - 1, start), offsets.length - 1)] ?? from;
    return [from, Math.max(last + 1, from + 1)];
  };
}

function alignedOffsets(file: string, node: YamlScalar, text: string, range: Range): number[] {
  let at = range[0] + (node.style === 'quoted' ? 1 : 0);
  const offsets: number[] = [];
  for (const character of text) {
    if (/\s/.test(character)) {
      if (!/\s/.test(file[at] ?? '')) at = Math.min(at, range[1]);
    } else {
      while (at < range[1] && file[at] !== character) at++;
    }
    for (let unit = 0; unit < character.length; unit++) offsets.push(Math.min(at + unit, range[1]));
    if (at < range[1]) at += character.length;
  }
  offsets.push(Math.min(at, range[1]));
  return offsets;
}
