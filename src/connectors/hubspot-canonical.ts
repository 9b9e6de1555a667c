import type { FieldValue } from './connector.js';

/** Ten to thirteen digits would also be telephone numbers; only what falls between 2001 and 2096 is an instant. */
const EPOCH_MS = /^(?:1\d{12}|[23]\d{12})$/;
const ISO_INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)$/;
const DECIMAL = /^-?(?:0|[1-9]\d*)\.\d+$/;

/**
 * HubSpot stores every property as text: an absent value is '' or null, e-mail addresses are lower-cased, booleans
 * are words, an instant is given as epoch milliseconds or ISO and read as ISO, a date is its midnight in UTC.
 */
export function hubspotCanonical(field: string, value: unknown): FieldValue {
  if (value === null || value === undefined || value === '') return null;
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
    return JSON.stringify(value);
  const text = String(value);
  if (/email/i.test(field) && text.includes('@')) return text.trim().toLowerCase();
  if (ISO_INSTANT.test(text) || EPOCH_MS.test(text)) return instant(text);
  return DECIMAL.test(text) ? text.replace(/\.?0+$/, '') : text;
}

/** What goes over the wire: HubSpot takes strings only, and '' clears a property. */
export function hubspotValue(value: FieldValue): string {
  return value === null ? '' : String(value);
}

function instant(text: string): string {
  const date = new Date(EPOCH_MS.test(text) ? Number(text) : text);
  if (Number.isNaN(date.getTime())) return text;
  const iso = date.toISOString();
  return iso.endsWith('T00:00:00.000Z') ? iso.slice(0, 10) : iso;
}
