import type { DescribedField } from '../connectors/connector.js';
import type { CompiledMapping } from '../mapping/compiled-mapping.js';

/** What would fail at a backend as it is now, or was described otherwise. */
export interface Finding {
  readonly code: 'no-such-field' | 'not-writable' | 'not-unique' | 'required' | 'moved';
  readonly message: string;
}

type Fields = Readonly<Record<string, DescribedField>>;

/** Compares what our mappings write, and what mappings/targets says, with what the backend says now. */
export function targetFindings(
  live: Fields,
  known: Fields | null,
  mappings: readonly CompiledMapping[],
): Finding[] {
  return [...mappings.flatMap((mapping) => mappingFindings(live, mapping)), ...moved(live, known, mappings)];
}

function mappingFindings(live: Fields, { name, keyField, writes, operation }: CompiledMapping): Finding[] {
  const found: Finding[] = [];
  for (const field of new Set([keyField, ...writes])) {
    const at = live[field];
    if (!at) found.push({ code: 'no-such-field', message: `${name} writes ${field}, which is not there.` });
    else if (at.writable === false && field !== keyField)
      found.push({ code: 'not-writable', message: `${name} writes ${field}, which cannot be written.` });
  }
  if (operation === 'upsert' && live[keyField] && live[keyField].unique === false)
    found.push({ code: 'not-unique', message: `${name} upserts by ${keyField}, which is not unique there.` });
  if (operation === 'update') return found;
  for (const [field, { required, writable }] of Object.entries(live)) {
    if (required === true && writable !== false && field !== keyField && !writes.includes(field))
      found.push({ code: 'required', message: `${name} leaves out ${field}, which is required there.` });
  }
  return found;
}

/** Only what our mappings use: a backend gains fields every day that are no business of ours. */
function moved(live: Fields, known: Fields | null, mappings: readonly CompiledMapping[]): Finding[] {
  if (!known) return [];
  const used = new Set(mappings.flatMap(({ keyField, writes }) => [keyField, ...writes]));
  return [...used].flatMap((field): Finding[] => {
    const before = known[field];
    const now = live[field];
    if (!before || !now) return [];
    const parts = (['type', 'length', 'required', 'writable', 'unique', 'restricted'] as const).filter(
      (part) => before[part] !== undefined && before[part] !== now[part],
    );
    const gone = (before.values ?? []).filter((value) => now.values && !now.values.includes(value));
    if (parts.length === 0 && gone.length === 0) return [];
    const what = [...parts, ...(gone.length > 0 ? [`values (without ${gone.join(', ')})`] : [])].join(', ');
    return [
      { code: 'moved', message: `${field} has another ${what} than mappings/targets says: run --describe.` },
    ];
  });
}
