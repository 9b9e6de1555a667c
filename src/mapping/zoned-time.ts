/** A moment as a calendar and a clock on a wall show it somewhere. */
import { ValueFault } from './value-fault.js';

export interface ZonedParts {
  readonly year: number;
  /** 1..12 */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond: number;
}

/** Zones come from mapping files, and from events by their attribute; more than there are in the world cannot be. */
const formats = new Map<string, Intl.DateTimeFormat>();

export function partOf(time: Date, zone: string): ZonedParts {
  if (Number.isNaN(time.getTime())) throw new ValueFault('bad-conversion', 'A time that is none');
  const parts: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(time)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return { year, month, day, hour, minute, second, millisecond: time.getUTCMilliseconds() };
}

/** The letters that a pattern of `format()` may hold; everything else stands for itself, texts in '…' too. */
const letters = /'([^']*)'|yyyy|MM|dd|HH|mm|ss|SSS|[A-Za-z]+/g;

export function formatted(time: Date, pattern: string, zone: string): string {
  const parts = partOf(time, zone);
  if (pattern === 'yyyy-MM-dd') return `${padded(parts.year, 4)}-${padded(parts.month)}-${padded(parts.day)}`;
  return pattern.replace(letters, (part, quoted: string | undefined) => quoted ?? shown(part, parts));
}

/** Null where a pattern can be used; checked while compiling. */
export function datePatternFault(pattern: string): string | null {
  const wrong = [...pattern.matchAll(letters)].find(
    ([part, quoted]) => quoted === undefined && !(part in show),
  );
  return wrong ? `${wrong[0]} is none of ${Object.keys(show).join(', ')}` : null;
}

/** True where a zone exists; checked while compiling where it is a literal. */
export function isZone(zone: string): boolean {
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
}

const show: Readonly<Record<string, (parts: ZonedParts) => string>> = {
  yyyy: ({ year }) => padded(year, 4),
  MM: ({ month }) => padded(month),
  dd: ({ day }) => padded(day),
  HH: ({ hour }) => padded(hour),
  mm: ({ minute }) => padded(minute),
  ss: ({ second }) => padded(second),
  SSS: ({ millisecond }) => padded(millisecond, 3),
};

function shown(letter: string, parts: ZonedParts): string {
  const part = Object.hasOwn(show, letter) ? show[letter] : undefined;
  if (part) return part(parts);
  throw new ValueFault('bad-conversion', `format() knows ${Object.keys(show).join(', ')}`, 'mapping');
}

function padded(value: number, width = 2): string {
  return String(value).padStart(width, '0');
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  let made: Intl.DateTimeFormat;
  try {
    made = new Intl.DateTimeFormat('en-u-hc-h23', {
      timeZone: zone,
      calendar: 'iso8601',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    throw new ValueFault('bad-conversion', 'A time zone that does not exist was given');
  }
  formats.set(zone, made);
  return made;
}
