import type { FieldValue } from './connector.js';

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)$/;
const DECIMAL = /^-?(?:0|[1-9]\d*)\.\d+$/;

/**
 * Salesforce trims text, holds '' as null, lower-cases e-mail addresses (recorded: sent `Chloe.Myers@…`, read
 * `chloe.myers@…`), and keeps instants to the second, written `2026-01-01T00:00:00.000+0000`. Numbers come as numbers or, where the
 * field is text, as text: both become text here, so that the type of the field does not matter.
 */
export function salesforceCanonical(value: unknown): FieldValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
    return JSON.stringify(value);
  const text = String(value).trim();
  if (text === '') return null;
  if (INSTANT.test(text)) return instant(text);
  if (/^[^\s@]+@[^\s@]+$/.test(text)) return text.toLowerCase();
  return DECIMAL.test(text) ? text.replace(/\.?0+$/, '') : text;
}

function instant(text: string): string {
  const date = new Date(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
  if (Number.isNaN(date.getTime())) return text;
  date.setUTCMilliseconds(0);
  return date.toISOString();
}
