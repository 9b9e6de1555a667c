import { toTheSecond } from './canonical-value.js';
import type { FieldValue } from './connector.js';

export type Comparison = 'exact' | 'text' | 'lower' | 'number' | 'boolean' | 'time';

/** The form in which what was written and what was read are compared; what does not fit its kind is compared as it is. */
export function restCanonical(comparison: Comparison, value: unknown): FieldValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'object') return JSON.stringify(value);
  const plain = value as string | number | boolean;
  if (comparison === 'exact') return plain;
  const text = String(plain).trim();
  if (text === '') return null;
  switch (comparison) {
    case 'text':
      return text;
    case 'lower':
      return text.toLowerCase();
    case 'number':
      return Number.isFinite(Number(text)) ? Number(text) : text;
    case 'boolean':
      return ['true', '1'].includes(text) ? true : ['false', '0'].includes(text) ? false : text;
    case 'time':
      return toTheSecond(text);
  }
}
