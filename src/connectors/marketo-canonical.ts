import type { FieldValue } from './connector.js';

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)$/;
const DECIMAL = /^-?(?:0|[1-9]\d*)\.\d+$/;

/**
 * Marketo holds '' as null, keeps instants to the second, and compares e-mail addresses without their case. Numbers
 * and truth values come as such or as text: both become text, so that the type of the field does not matter.
 */
export function marketoCanonical(value: unknown): FieldValue {
  if (value === null || value === undefined) return null;
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
