/**
 * Arrays of parameters as PostgreSQL's literals. `pg` writes them too, but quotes and escapes every element, and the
 * server undoes it again: where thousands of elements a second go by, both can be spared.
 */

/** What an array may hold without quotes; `null` and `NULL` would be read as none. */
const PLAIN = /^(?!null$)[\w.-]+$/i;

/** Numbers, truth values, ids: whatever needs quotes among them gets them. */
export function arrayLiteral(values: readonly (string | number | boolean | null)[]): string {
  return `{${values.map(element).join()}}`;
}

function element(value: string | number | boolean | null): string {
  if (value === null) return 'NULL';
  if (typeof value !== 'string') return String(value);
  return PLAIN.test(value) ? value : `"${value.replaceAll(/["\\]/g, '\\$&')}"`;
}

export function datesLiteral(values: readonly (Date | null)[]): string {
  return `{${values.map((value) => value?.toISOString() ?? 'NULL').join()}}`;
}

const BETWEEN = '\u001e';
const NONE = '\u001f';

/**
 * Texts of JSON, for `textsOf`: no JSON contains these two characters as such, so nothing need be escaped.
 */
export function jsonTexts(values: readonly unknown[]): string {
  return values.map((value) => (value === null ? NONE : JSON.stringify(value))).join(BETWEEN);
}

/** What `jsonTexts` wrote, as `text[]`. */
export function textsOf(parameter: string): string {
  return `string_to_array(${parameter}, chr(30), chr(31))`;
}
