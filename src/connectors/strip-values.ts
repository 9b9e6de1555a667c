import type { OutgoingRecord } from './connector.js';

const MESSAGE_CHARACTERS_MAX = 300;
/** Shorter values would blank out words of the sentence itself. */
const VALUE_CHARACTERS_MIN = 2;

/**
 * A backend's message without what belongs to a person: it is kept in attempts and logs, and vendors quote the
 * offending value. Anything quoted, anything that looks like an address or a long number, and every value sent goes.
 */
export function stripValues(
  message: string,
  records: readonly Pick<OutgoingRecord, 'key' | 'fields'>[],
): string {
  let text = message.slice(0, MESSAGE_CHARACTERS_MAX * 4);
  for (const value of sentValues(records)) text = text.replaceAll(value, '…');
  return text
    .replace(/bearer\s+\S+/gi, '…')
    .replace(/"[^"]*"|\\?"[^"]*$/g, '"…"')
    .replace(/[^\s@"'<>,;:]+@[^\s"'<>,;]+/g, '…')
    .replace(/\+?\d[\d\s().-]{4,}\d/g, '…')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, MESSAGE_CHARACTERS_MAX);
}

/** Longest first, so that a value inside another does not leave the rest of it behind. */
function sentValues(records: readonly Pick<OutgoingRecord, 'key' | 'fields'>[]): string[] {
  const values = new Set<string>();
  for (const record of records) {
    for (const value of [record.key, ...Object.values(record.fields)]) {
      const text = typeof value === 'boolean' || value === null ? '' : String(value);
      if (text.length >= VALUE_CHARACTERS_MIN) values.add(text);
    }
  }
  return [...values].sort((a, b) => b.length - a.length);
}
