import type { DescribedField } from '../connectors/connector.js';
import type { CompiledMapping } from '../mapping/compiled-mapping.js';

/** What would fail at a backend as it is now, or was described otherwise. */
export interface Finding {
  /** `no-such-field`, `not-writable`, `not-unique`, `required`, `moved`, or a code of `foyer check`. */
  readonly code: string;
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

/**
 * Where the backend has become narrower than mappings/targets says, in what our mappings use. What has become wider, or
 * is not told at all, makes nothing fail; a backend gains fields and values every day that are no business of ours.
 */
function moved(live: Fields, known: Fields | null, mappings: readonly CompiledMapping[]): Finding[] {
  if (!known) return [];
  const used = new Set(mappings.flatMap(({ keyField, writes }) => [keyField, ...writes]));
  return [...used].flatMap((field): Finding[] => {
    const before = known[field];
    const now = live[field];
    const narrower = before && now ? narrowings(before, now) : [];
    if (narrower.length === 0) return [];
    const message = `${field} ${narrower.join(', ')}, other than mappings/targets says: see to the mapping, then run --describe.`;
    return [{ code: 'moved', message }];
  });
}

/** What takes the values of another type as well. */
const WIDER: Readonly<Record<string, readonly string[]>> = {
  int: ['double', 'string'],
  double: ['string'],
  email: ['string'],
  phone: ['string'],
  picklist: ['string'],
  reference: ['string'],
};

function narrowings(before: DescribedField, now: DescribedField): string[] {
  const told: string[] = [];
  const isWider = WIDER[before.type]?.includes(now.type) ?? false;
  if (now.type !== before.type && !isWider) told.push(`is ${now.type} now and not ${before.type}`);
  if (now.length !== undefined && now.length < (before.length ?? Infinity))
    told.push(`takes ${now.length} characters at most`);
  if (now.required === true && before.required !== true) told.push('is required now');
  if (now.writable === false && before.writable !== false) told.push('cannot be written any more');
  if (now.unique === false && before.unique === true) told.push('is not unique any more');
  const gone = (before.values ?? []).filter((value) => now.values && !now.values.includes(value));
  if (gone.length > 0 && now.restricted !== false) told.push(`has no value ${gone.join(', ')} any more`);
  return told;
}
