import { canonicalValue } from './canonical-value.js';
import type { FieldValue } from './connector.js';

const BIND = '@odata.bind';
const GUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i;

/** A lookup is written as `foyer_ContactId@odata.bind` with an address, and read as `_foyer_contactid_value`, an id. */
export function dataverseCanonical(field: string, value: unknown): FieldValue {
  const canonical = canonicalValue(value);
  if (!field.endsWith(BIND) || typeof canonical !== 'string') return canonical;
  return (GUID.exec(canonical)?.[0] ?? canonical).toLowerCase();
}

/**
 * The name under which a field is read: another one for lookups. One that leads to several tables is bound by its name
 * and the table's (`parentcustomerid_account`); its own name ends in `id`, and `foyer_Contact` is one of its own.
 */
export function readName(field: string): string {
  if (!field.endsWith(BIND)) return field;
  const name = field.slice(0, -BIND.length).replace(/(?<=id)_(?:account|contact|lead)$/i, '');
  return `_${name.toLowerCase()}_value`;
}
