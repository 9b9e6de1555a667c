import type { Fields, FieldValue } from '../connectors/connector.js';
import type { CompiledMapping } from '../mapping/compiled-mapping.js';

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
