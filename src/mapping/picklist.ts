/** A table from our values to a backend's, in `mappings/picklists/<name>.yaml`. */
import { Faults, SourceText, type Diagnostic, type Range } from './diagnostic.js';
import type { Located } from './mapping-file.js';
import { nearestName } from './nearest-name.js';
import { contractOf, mappableStreams } from './stream-contracts.js';
import { ValueFault } from './value-fault.js';
import type { Frame } from './value.js';
import { YamlReader } from './yaml-reader.js';

export interface Picklist {
  readonly name: string;
  readonly values: ReadonlyMap<string, string>;
  /** Sent for a value that the table does not know; null: such a record is rejected. */
  readonly otherwise: string | null;
}

const picklistKeys = ['picklist', 'of', 'values', 'otherwise'] as const;

/** `of` names an attribute whose values are all known (`Registration.status`): then the table must know each of them. */
export function parsePicklist(
  file: string,
  text: string,
): { picklist: Picklist | null; diagnostics: Diagnostic[] } {
  const faults = new Faults(new SourceText(file, text));
  const reader = YamlReader.open(faults);
  const whole: Range = [0, 1];
  const entries = reader?.entries(reader.root, whole, 'a picklist', picklistKeys) ?? [];
  const at = new Map(entries.map((entry) => [entry.key, entry]));
  const [nameEntry, ofEntry, valuesEntry, otherwiseEntry] = picklistKeys.map((key) => at.get(key));
  if (!reader || !nameEntry || !valuesEntry) {
    if (reader)
      faults.add(whole, { code: 'incomplete-picklist', message: 'A picklist needs picklist and values' });
    return { picklist: null, diagnostics: faults.found };
  }
  const name = reader.text(nameEntry.node, nameEntry.range, 'picklist');
  const pairs = reader
    .entries(valuesEntry.node, valuesEntry.range, 'values')
    .flatMap(({ key, keyRange, node, range }) => {
      const value = reader.text(node, range, `values.${key}`);
      return value ? [[{ value: key, range: keyRange }, value.value] as const] : [];
    });
  const otherwise = otherwiseEntry
    ? reader.text(otherwiseEntry.node, otherwiseEntry.range, 'otherwise')
    : null;
  const of = ofEntry ? reader.text(ofEntry.node, ofEntry.range, 'of') : null;
  if (of) {
    const keys = pairs.map(([key]) => key);
    noteHoles(faults, of, keys, otherwise !== null, valuesEntry.keyRange);
  }
  const picklist = name
    ? {
        name: name.value,
        values: new Map(pairs.map(([key, value]) => [key.value, value])),
        otherwise: otherwise?.value ?? null,
      }
    : null;
  return { picklist, diagnostics: faults.found };
}

/** What the table makes of a value, or a fault that names the nearest entry: the table's own words, not the person's. */
export function lookUp(picklist: Picklist, value: string, frame: Frame): string {
  const entry = picklist.values.get(value);
  const found = entry ?? picklist.otherwise;
  if (found !== null) {
    frame.lookups?.push({ table: picklist.name, entry: entry === undefined ? null : value, value: found });
    return found;
  }
  const nearest = nearestName(value, picklist.values.keys());
  const hint = nearest ? `; the nearest entry is ${nearest}` : '';
  throw new ValueFault(
    'unknown-picklist-value',
    `The table ${picklist.name} has no entry for this value${hint}`,
  );
}

function noteHoles(
  faults: Faults,
  of: Located<string>,
  keys: readonly Located<string>[],
  hasOtherwise: boolean,
  valuesRange: Range,
): void {
  const known = knownValues(of.value);
  if (!known) {
    faults.add(of.range, {
      code: 'unknown-attribute',
      message: `${of.value} is no attribute with a fixed set of values`,
      expected: 'such as Registration.status',
    });
    return;
  }
  const present = keys.map(({ value }) => value);
  const holes = known.filter((value) => !present.includes(value));
  if (holes.length > 0 && !hasOtherwise) {
    faults.add(valuesRange, {
      code: 'picklist-hole',
      message: `${of.value} can be ${holes.join(', ')}, and the table says nothing about it`,
      expected: 'an entry for each value, or otherwise',
    });
  }
  for (const { value, range } of keys) {
    if (known.includes(value)) continue;
    faults.add(range, {
      code: 'unknown-value',
      message: `${of.value} is never ${value}`,
      expected: `one of ${known.join(', ')}`,
      nearest: nearestName(value, known),
    });
  }
}

function knownValues(of: string): readonly string[] | null {
  const [type = '', name = ''] = of.split('.');
  for (const stream of mappableStreams) {
    const values = contractOf(stream)?.types[type]?.[name]?.values;
    if (values) return values;
  }
  return null;
}
