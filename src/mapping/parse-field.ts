import type { FieldOwner, FieldValue } from './compiled-mapping.js';
import { missingPolicies, type FieldSpec, type Located, type Missing } from './mapping-file.js';
import type { Entry, YamlReader } from './yaml-reader.js';
import type { YamlNode } from './yaml-tree.js';

const fieldKeys = ['value', 'missing', 'default', 'truncate', 'picklist', 'owner'] as const;
const owners = ['foyer', 'destination', 'firstWrite'] as const;
const truncateMax = 100_000;

/** A field's spec: an expression alone, or a map of `value` and how it travels. */
export function parseField(reader: YamlReader, entry: Entry): FieldSpec | null {
  const name = { value: entry.key, range: entry.keyRange };
  const isLong = reader.isMap(entry.node);
  const parts = isLong
    ? reader.entries(entry.node, entry.range, `the field ${entry.key}`, fieldKeys)
    : [{ ...entry, key: 'value' }];
  const at = new Map(parts.map((part) => [part.key as (typeof fieldKeys)[number], part]));
  const valueEntry = at.get('value');
  if (!valueEntry) {
    reader.faults.add(entry.keyRange, {
      code: 'missing-expression',
      message: `${entry.key} has no value`,
      expected: 'value: an expression',
    });
  }
  const picklist = at.get('picklist');
  const truncate = at.get('truncate');
  const owner = at.get('owner');
  const given = parseDefault(reader, at.get('default'), entry.key);
  const missing = parseMissing(reader, at.get('missing'), given, entry);
  const value = valueEntry ? reader.expression(valueEntry.node, valueEntry.range, entry.key) : null;
  const ownerName: FieldOwner = (owner && reader.oneOf(owner, 'owner', owners))?.value ?? 'foyer';
  const spec = {
    name,
    missing,
    default: given,
    truncate: truncate ? reader.wholeNumber(truncate, 'truncate', 1, truncateMax) : null,
    picklist: picklist ? reader.text(picklist.node, picklist.range, 'picklist', 'the name of a table') : null,
    owner: ownerName,
  };
  return value ? { ...spec, value } : null;
}

function parseDefault(
  reader: YamlReader,
  entry: Entry | undefined,
  field: string,
): Located<FieldValue> | null {
  const value = entry ? reader.fieldValue(entry.node, entry.range, `the default of ${field}`) : null;
  if (value?.value !== null) return value;
  reader.faults.add(value.range, {
    code: 'wrong-type',
    message: 'A default of null',
    expected: 'a value, or missing: null',
    fix: 'write missing: null',
  });
  return null;
}

function parseMissing(
  reader: YamlReader,
  entry: Entry | undefined,
  given: Located<FieldValue> | null,
  field: Entry,
): Missing {
  if (!entry) return given ? 'default' : 'omit';
  const policy: Missing = isNull(reader, entry.node)
    ? 'null'
    : (reader.oneOf(entry, 'missing', missingPolicies)?.value ?? 'omit');
  if ((policy === 'default') !== (given !== null)) {
    reader.faults.add(entry.range, {
      code: 'conflicting-missing',
      message: given
        ? `${field.key} has a default and says missing: ${policy}`
        : `${field.key} says missing: default and gives none`,
      expected: 'a default alone, or missing: omit, null or reject alone',
      fix: given ? 'remove missing' : 'add default: …',
    });
  }
  return policy;
}

/** `missing: null` is YAML's null, meant as the word. */
function isNull(reader: YamlReader, node: YamlNode | null): boolean {
  return node !== null && !reader.isText(node) && reader.plain(node) === null;
}
