/** Text of a mapping file → its parts, each with its place, and every structural fault at once. */
import { limitNames, type Bound } from './compiled-mapping.js';
import { Faults, SourceText, type Range } from './diagnostic.js';
import {
  operations,
  type FieldSpec,
  type LetBinding,
  type Located,
  type MappingFile,
  type WhenNotSpec,
} from './mapping-file.js';
import { parseExamples } from './parse-examples.js';
import { parseField } from './parse-field.js';
import { streams } from './source-contract.js';
import { YamlReader, type Entry } from './yaml-reader.js';

const topKeys = [
  'mapping',
  'stream',
  'destination',
  'object',
  'operation',
  'when',
  'whenNot',
  'key',
  'match',
  'needs',
  'let',
  'fields',
  'lanes',
  'limits',
  'examples',
] as const;
const requiredKeys = ['mapping', 'stream', 'destination', 'object', 'operation', 'key', 'fields'] as const;

const lanesMax = 64;
const fieldsMax = 500;
const wholeFile: Range = [0, 1];
const noLimits: MappingFile['limits'] = { changed: null, nulled: null, created: null };
const namePattern = /^[a-z0-9][a-z0-9_-]*(\.[a-zA-Z0-9_-]+)+$/;

/** Never throws. Where the text is no YAML, everything in the result is null but its faults. */
export function parseMapping(file: string, text: string): MappingFile {
  const faults = new Faults(new SourceText(file, text));
  const reader = YamlReader.open(faults);
  const root = reader?.root ?? null;
  const entries = reader ? reader.entries(root, wholeFile, 'a mapping', topKeys) : [];
  const at = new Map(entries.map((entry) => [entry.key, entry]));
  if (reader?.isMap(root)) noteMissingKeys(at, faults);
  return new MappingParser(reader, faults, at).read();
}

function noteMissingKeys(at: ReadonlyMap<string, Entry>, faults: Faults): void {
  for (const key of requiredKeys) {
    // A key that was misspelt is one fault, not two.
    const isMisspelt = faults.found.some(({ code, nearest }) => code === 'unknown-key' && nearest === key);
    if (at.has(key) || isMisspelt) continue;
    faults.add(wholeFile, {
      code: `missing-${key}`,
      message: `The mapping says nothing about ${key}`,
      expected: `${key}: …`,
      fix: `add a line ${key}: …`,
    });
  }
  const when = at.get('when');
  const whenNot = at.get('whenNot');
  if (when && !whenNot) {
    faults.add(when.keyRange, {
      code: 'missing-when-not',
      message: 'when has no whenNot beside it: what becomes of a record that was sent and stops matching?',
      expected: 'whenNot: keep, delete, or the fields to write then',
      fix: 'add whenNot: keep',
    });
  }
  if (whenNot && !when) {
    faults.add(whenNot.keyRange, {
      code: 'when-not-without-when',
      message: 'whenNot without when never applies',
      fix: 'add when: …, or remove whenNot',
    });
  }
}

class MappingParser {
  constructor(
    private readonly reader: YamlReader | null,
    private readonly faults: Faults,
    private readonly at: ReadonlyMap<string, Entry>,
  ) {}

  read(): MappingFile {
    return {
      source: this.faults.source,
      faults: this.faults,
      name: this.name(),
      stream: this.one('stream', (reader, entry) => reader.oneOf(entry, 'stream', streams)),
      destination: this.text('destination'),
      object: this.text('object'),
      operation: this.one('operation', (reader, entry) => reader.oneOf(entry, 'operation', operations)),
      when: this.one('when', (reader, entry) => reader.expression(entry.node, entry.range, 'when')),
      whenNot: this.one('whenNot', (reader, entry) => this.whenNot(reader, entry)),
      key: this.one('key', (reader, entry) => this.key(reader, entry)),
      match: this.one('match', (reader, entry) => this.match(reader, entry)),
      needs: this.one('needs', (reader, entry) => this.texts(reader, entry)) ?? [],
      lets: this.one('let', (reader, entry) => this.lets(reader, entry)) ?? [],
      fields: this.one('fields', (reader, entry) => this.fields(reader, entry)) ?? [],
      fieldsRange: this.at.get('fields')?.keyRange ?? wholeFile,
      lanes:
        this.one('lanes', (reader, entry) => reader.wholeNumber(entry, 'lanes', 1, lanesMax))?.value ?? 1,
      limits: this.one('limits', (reader, entry) => this.limits(reader, entry)) ?? noLimits,
      examples: this.one('examples', (reader, entry) => parseExamples(reader, entry)) ?? [],
    };
  }

  private one<T>(key: string, read: (reader: YamlReader, entry: Entry) => T | null): T | null {
    const entry = this.at.get(key);
    return entry && this.reader ? read(this.reader, entry) : null;
  }

  private text(key: string): Located<string> | null {
    return this.one(key, (reader, entry) => reader.text(entry.node, entry.range, key));
  }

  private name(): Located<string> | null {
    const name = this.text('mapping');
    if (name && !namePattern.test(name.value)) {
      this.faults.add(name.range, {
        code: 'bad-name',
        message: `${name.value} is no name for a mapping`,
        expected: 'destination.object in lower case, such as hubspot.contact',
      });
    }
    return name;
  }

  private whenNot(reader: YamlReader, entry: Entry): Located<WhenNotSpec> | null {
    if (!reader.isMap(entry.node)) {
      return reader.oneOf<'keep' | 'delete'>(entry, 'whenNot', ['keep', 'delete']);
    }
    const fields = reader
      .entries(entry.node, entry.range, 'whenNot')
      .flatMap(({ key, keyRange, node, range }) => {
        const value = reader.fieldValue(node, range, `whenNot.${key}`);
        return value ? [{ name: { value: key, range: keyRange }, value }] : [];
      });
    return { value: fields, range: entry.range };
  }

  private key(reader: YamlReader, entry: Entry): MappingFile['key'] {
    const parts = reader.entries(entry.node, entry.range, 'key', ['field', 'value']);
    if (!reader.isMap(entry.node)) return { field: null, value: null };
    const field = parts.find(({ key }) => key === 'field');
    const value = parts.find(({ key }) => key === 'value');
    for (const [name, part] of [
      ['field', field],
      ['value', value],
    ] as const) {
      if (part) continue;
      this.faults.add(entry.keyRange, {
        code: 'missing-key',
        message: `key says no ${name}`,
        expected: 'key: { field: the unique field at the target, value: an expression }',
      });
    }
    return {
      field: field ? reader.text(field.node, field.range, 'key.field') : null,
      value: value ? reader.expression(value.node, value.range, 'key.value') : null,
    };
  }

  private match(reader: YamlReader, entry: Entry): MappingFile['match'] {
    const parts = reader.entries(entry.node, entry.range, 'match', ['by', 'onMany']);
    const by = parts.find(({ key }) => key === 'by');
    const onMany = parts.find(({ key }) => key === 'onMany');
    return {
      by: by ? this.texts(reader, by) : [],
      onMany: (onMany && reader.oneOf(onMany, 'match.onMany', ['reject', 'first']))?.value ?? 'reject',
    };
  }

  private texts(reader: YamlReader, entry: Entry): Located<string>[] {
    return reader.list(entry, entry.key).flatMap(({ node, range }) => {
      const text = reader.text(node, range, `an element of ${entry.key}`);
      return text ? [text] : [];
    });
  }

  private lets(reader: YamlReader, entry: Entry): LetBinding[] {
    return reader.entries(entry.node, entry.range, 'let').flatMap(({ key, keyRange, node, range }) => {
      const value = reader.expression(node, range, `let.${key}`);
      return value ? [{ name: { value: key, range: keyRange }, value }] : [];
    });
  }

  private fields(reader: YamlReader, entry: Entry): FieldSpec[] {
    const entries = reader.entries(entry.node, entry.range, 'fields');
    if (entries.length > fieldsMax) {
      this.faults.add(entry.keyRange, { code: 'too-many-fields', message: `More than ${fieldsMax} fields` });
    }
    if (entries.length === 0 && reader.isMap(entry.node)) {
      this.faults.add(entry.keyRange, {
        code: 'missing-fields',
        message: 'fields names no field',
        expected: 'at least one',
      });
    }
    return entries.flatMap((field) => parseField(reader, field) ?? []);
  }

  private limits(reader: YamlReader, entry: Entry): MappingFile['limits'] {
    const parts = reader.entries(entry.node, entry.range, 'limits', limitNames);
    const bound = (key: string): Bound | null => {
      const part = parts.find((candidate) => candidate.key === key);
      return part ? this.bound(reader, part) : null;
    };
    return { changed: bound('changed'), nulled: bound('nulled'), created: bound('created') };
  }

  private bound(reader: YamlReader, entry: Entry): Bound | null {
    const value = reader.plain(entry.node);
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return { count: value };
    const share = typeof value === 'string' ? /^(\d{1,3}(?:\.\d+)?)\s*%$/.exec(value) : null;
    if (share && Number(share[1]) <= 100) return { share: Number(share[1]) / 100 };
    this.faults.add(entry.range, {
      code: 'wrong-type',
      message: `limits.${entry.key} is no limit`,
      expected: 'a count of records (20) or a share of them (5%)',
    });
    return null;
  }
}
