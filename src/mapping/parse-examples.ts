import type { FieldValue } from './compiled-mapping.js';
import type { Example, Located } from './mapping-file.js';
import type { Entry, YamlReader } from './yaml-reader.js';

const exampleKeys = ['name', 'given', 'targets', 'expect', 'reason', 'key'] as const;
const examplesMax = 200;
const scalarTypes = ['string', 'number', 'boolean'];

export function parseExamples(reader: YamlReader, entry: Entry): Example[] {
  const items = reader.list(entry, 'examples');
  if (items.length > examplesMax) {
    reader.faults.add(entry.keyRange, {
      code: 'too-many-examples',
      message: `More than ${examplesMax} examples`,
    });
  }
  return items.flatMap((item) => parseExample(reader, { ...entry, ...item }) ?? []);
}

function parseExample(reader: YamlReader, item: Entry): Example | null {
  const parts = new Map(
    reader.entries(item.node, item.range, 'an example', exampleKeys).map((part) => [part.key, part]),
  );
  if (!reader.isMap(item.node)) return null;
  for (const key of ['name', 'given', 'expect'] as const) {
    if (parts.has(key)) continue;
    reader.faults.add([item.range[0], item.range[0] + 1], {
      code: 'incomplete-example',
      message: `The example has no ${key}`,
      expected: 'name, given and expect',
    });
  }
  const [name, given, expect] = [parts.get('name'), parts.get('given'), parts.get('expect')];
  if (!name || !given || !expect) return null;
  const named = reader.text(name.node, name.range, 'name');
  const snapshot = readGiven(reader, given);
  const expected = readExpect(reader, expect);
  return named && snapshot && expected
    ? { name: named, given: snapshot, expect: expected, ...readOptional(reader, parts) }
    : null;
}

function readGiven(reader: YamlReader, entry: Entry): Located<Record<string, unknown>> | null {
  if (reader.entries(entry.node, entry.range, 'given').length === 0) return null;
  const value = reader.plain(entry.node) as Record<string, unknown> | null;
  return value && { value, range: entry.range };
}

function readExpect(reader: YamlReader, entry: Entry): Example['expect'] | null {
  if (reader.isText(entry.node))
    return reader.oneOf<'suppressed' | 'rejected'>(entry, 'expect', ['suppressed', 'rejected']);
  if (!reader.isMap(entry.node)) {
    reader.faults.add(entry.range, {
      code: 'wrong-type',
      message: 'expect is neither fields nor an outcome',
      expected: 'the fields written, suppressed or rejected',
    });
    return null;
  }
  // Read as a whole, so that anchors and merges may share what examples have in common.
  const plain = reader.plain(entry.node) as Record<string, unknown> | null;
  if (!plain) return null;
  const fields = Object.entries(plain);
  const wrong = fields.filter(([, value]) => value !== null && !scalarTypes.includes(typeof value));
  for (const [name] of wrong) {
    reader.faults.add(entry.range, {
      code: 'wrong-type',
      message: `expect.${name} is no single value`,
      expected: 'a text, a number, true, false or null',
    });
  }
  return { value: Object.fromEntries(fields) as Record<string, FieldValue>, range: entry.range };
}

function readOptional(
  reader: YamlReader,
  parts: ReadonlyMap<string, Entry>,
): Pick<Example, 'reason' | 'key' | 'targets'> {
  const [reason, key, targets] = [parts.get('reason'), parts.get('key'), parts.get('targets')];
  return {
    targets: targets ? readTargets(reader, targets) : {},
    reason: reason ? reader.text(reason.node, reason.range, 'reason', 'the code of a reason') : null,
    key: key ? reader.text(key.node, key.range, 'key') : null,
  };
}

function readTargets(reader: YamlReader, entry: Entry): Record<string, string> {
  const ids = reader.entries(entry.node, entry.range, 'targets').flatMap(({ key, node, range }) => {
    const id = reader.text(node, range, `targets.${key}`, 'the id at the backend, as a text');
    return id ? [[key, id.value] as const] : [];
  });
  return Object.fromEntries(ids);
}
