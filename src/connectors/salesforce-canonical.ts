import { canonicalAddress } from './canonical-value.js';
import type { FieldValue } from './connector.js';

/**
 * Salesforce trims text, holds '' as null, lower-cases e-mail addresses (recorded: sent `Chloe.Myers@…`, read
 * `chloe.myers@…`), and keeps instants to the second, written `2026-01-01T00:00:00.000+0000`.
 */
export function salesforceCanonical(value: unknown): FieldValue {
  return typeof value === 'boolean' ? value : canonicalAddress(value);
}
