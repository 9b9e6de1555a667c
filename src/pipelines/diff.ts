import type { Fields, FieldValue } from '../connectors/connector.js';
import type { CompiledMapping } from '../mapping/compiled-mapping.js';

/** Does the mapping leave this field alone once it is known to stand there? */
export function isFirstWrite({ fields }: CompiledMapping, name: string): boolean {
  return fields.some((field) => field.name === name && field.owner === 'firstWrite');
}

/**
 * What an undo has to write beneath what the mapping wants: what differs in fields that the mapping leaves alone.
 */
export function putBack(
  restore: Fields,
  wanted: Fields,
  shadow: Fields | null,
  mapping: CompiledMapping,
): Fields {
  return Object.fromEntries(
    Object.entries(restore).filter(
      ([name, value]) => shadow?.[name] !== value && (!(name in wanted) || isFirstWrite(mapping, name)),
    ),
  );
}

/**
 * What has to be written so that `wanted` stands there. Nothing is compared with an unknown shadow: then all of it.
 * A field that belongs to its first write is left alone once it is known to stand there.
 * @param isWhole write also what is known to stand there
 */
export function difference(
  wanted: Fields,
  shadow: Fields | null,
  mapping: CompiledMapping,
  isWhole: boolean = false,
): Fields {
  if (shadow === null) return wanted;
  const firstWrite = new Set(
    mapping.fields.filter((field) => field.owner === 'firstWrite').map((f) => f.name),
  );
  const changed: Record<string, FieldValue> = {};
  for (const [name, value] of Object.entries(wanted)) {
    const stands = shadow[name];
    if ((stands === value && !isWhole) || (stands !== undefined && firstWrite.has(name))) continue;
    changed[name] = value;
  }
  return changed;
}
