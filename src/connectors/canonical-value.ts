import type { FieldValue } from './connector.js';

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)$/;
/** In UTC, of a day that every month has: its seconds can be read off. */
const PLAIN_INSTANT =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|\+00:?00)$/;
const DECIMAL = /^-?(?:0|[1-9]\d*)\.\d+$/;

/**
 * What most backends keep of a value: '' is null, instants go to the second, and whether a number or a truth value
 * comes as such or as text depends on the type of its field, so that both become text.
 */
export function canonicalValue(value: unknown): FieldValue {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
    return JSON.stringify(value);
  const text = String(value).trim();
  if (text === '') return null;
  if (INSTANT.test(text)) return toTheSecond(text);
  return DECIMAL.test(text) ? text.replace(/\.?0+$/, '') : text;
}

/** The same, for backends that do not tell e-mail addresses apart by their case. */
export function canonicalAddress(value: unknown): FieldValue {
  const canonical = canonicalValue(value);
  return typeof canonical === 'string' && /^[^\s@]+@[^\s@]+$/.test(canonical)
    ? canonical.toLowerCase()
    : canonical;
}

/** A moment as most backends keep it; a text that is none stays as it is. */
export function toTheSecond(text: string): string {
  if (PLAIN_INSTANT.test(text)) return `${text.slice(0, 19)}.000Z`;
  const date = new Date(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
  if (Number.isNaN(date.getTime())) return text;
  date.setUTCMilliseconds(0);
  return date.toISOString();
}
