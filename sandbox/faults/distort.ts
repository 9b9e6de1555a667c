import type { Fields, Value } from '../store/table.js';
import type { Lie } from './fault.js';

/** Text is cut here at the latest, at half its length when it is shorter. */
const KEPT_CHARACTERS_MAX = 40;

/**
 * What a lying backend stores in place of what it was given. Fields named in `spared` stay: a record that cannot be
 * found any more would be a loss, which is another lie. Nothing that is not text changes.
 */
export function distorted(fields: Fields, how: Lie | undefined, spared: readonly string[]): Fields {
  if (how !== 'truncated' && how !== 'coerced') return fields;
  const change = how === 'truncated' ? cutShort : coerced;
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, spared.includes(name) ? value : change(value)]),
  );
}

function cutShort(value: Value): Value {
  if (typeof value !== 'string' || value.length < 2) return value;
  return value.slice(0, Math.min(KEPT_CHARACTERS_MAX, Math.floor(value.length / 2)));
}

/** Times lose their time of day, numerals their zeros, other text its accents and capitals. */
function coerced(value: Value): Value {
  if (typeof value !== 'string') return value;
  if (/^\d{4}-\d\d-\d\dT/.test(value)) return value.slice(0, 10);
  if (/^[+-]?\d+(?:\.\d+)?$/.test(value)) return String(Number(value));
  return value.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
