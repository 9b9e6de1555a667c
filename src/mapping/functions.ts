/**
 * The functions of the language, all of them: what is not here does not compile. Each is strict: an absent argument
 * makes the result absent, else a null makes it null; so no function below meets either.
 */
import { RE2JS } from 're2js';
import { asList, asNumber, asText, boundedText, classOf, compare, isEqual, ValueFault } from './value.js';

export interface FunctionSpec {
  readonly name: string;
  /** For the checker, in its own notation; the first argument of a method is its receiver. */
  readonly signatures: readonly string[];
  /** True where cel-js knows these signatures already. */
  readonly builtIn: boolean;
  readonly isMethod: boolean;
  apply(a: unknown, b: unknown, c: unknown): unknown;
}

type Apply = FunctionSpec['apply'];

const timestamp = 'google.protobuf.Timestamp';

export const functions: ReadonlyMap<string, FunctionSpec> = byName([
  builtIn('size', sizeOf),
  builtIn('string', toText, [`string(${timestamp}): string`]),
  builtIn('int', toInt),
  builtIn('double', toDouble),
  builtIn('bool', toBool),
  builtIn('timestamp', toTimestamp),
  {
    name: 'date',
    signatures: [`date(${timestamp}, string): string`],
    builtIn: false,
    isMethod: false,
    apply: dateInZone,
  },
]);

export const methods: ReadonlyMap<string, FunctionSpec> = byName([
  method('size', sizeOf),
  method('trim', (a) => asText(a).trim()),
  method('lowerAscii', (a) => asText(a).replace(/[A-Z]+/g, (part) => part.toLowerCase())),
  method('upperAscii', (a) => asText(a).replace(/[a-z]+/g, (part) => part.toUpperCase())),
  method('startsWith', (a, b) => asText(a).startsWith(asText(b))),
  method('endsWith', (a, b) => asText(a).endsWith(asText(b))),
  method('contains', (a, b) => asText(a).includes(asText(b))),
  method('indexOf', (a, b, c) => asText(a).indexOf(asText(b), c === undefined ? 0 : asNumber(c))),
  method('lastIndexOf', (a, b, c) =>
    asText(a).lastIndexOf(asText(b), c === undefined ? Infinity : asNumber(c)),
  ),
  method('substring', substring),
  method('matches', (a, b) => pattern(asText(b)).matcher(asText(a)).find()),
  method('split', split),
  method('replace', (a, b, c) => boundedText(asText(a).replaceAll(asText(b), () => asText(c))), [
    'string.replace(string, string): string',
  ]),
  method('join', (a, b) => join(asList(a), b === undefined ? '' : asText(b))),
  method('distinct', (a) => distinct(asList(a)), ['list<A>.distinct(): list<A>']),
  method('sum', (a) => sum(asList(a)), ['list<int>.sum(): int', 'list<double>.sum(): double']),
  method('min', (a) => extreme(asList(a), -1), ['list<A>.min(): A']),
  method('max', (a) => extreme(asList(a), 1), ['list<A>.max(): A']),
]);

/** Checks a pattern while compiling: linear time, no look-around, no back-references. Null where it is sound. */
export function patternFault(text: string): string | null {
  try {
    pattern(text);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : 'not a regular expression';
  }
}

const patterns = new Map<string, RE2JS>();

function pattern(text: string): RE2JS {
  const known = patterns.get(text);
  if (known) return known;
  const made = RE2JS.compile(text);
  // Patterns are literals in mapping files, so this map stays as small as the files.
  patterns.set(text, made);
  return made;
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return Array.from(value).length;
  if (Array.isArray(value)) return value.length;
  if (value instanceof Map) return value.size;
  if (typeof value === 'object' && value !== null && !(value instanceof Date))
    return Object.keys(value).length;
  throw new ValueFault('wrong-type', `size() of ${classOf(value)}`);
}

function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)))
    return String(value);
  if (value instanceof Date) return value.toISOString();
  throw new ValueFault('wrong-type', `string() of ${classOf(value)}`);
}

function toInt(value: unknown): number {
  const number = typeof value === 'string' && /^[+-]?\d{1,16}$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number') throw new ValueFault('bad-conversion', `int() of ${classOf(value)}`);
  const whole = Math.trunc(number);
  if (!Number.isSafeInteger(whole)) throw new ValueFault('overflow', 'int() of a number that is too large');
  return whole === 0 ? 0 : whole;
}

function toDouble(value: unknown): number {
  const isText = typeof value === 'string' && /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(value);
  const number = isText ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) {
    throw new ValueFault('bad-conversion', `double() of ${classOf(value)}`);
  }
  return number;
}

function toBool(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  if (value === 'true') return true;
  if (value === 'false') return false;
  throw new ValueFault('bad-conversion', `bool() of ${classOf(value)} that is neither true nor false`);
}

const isoWithZone = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

function toTimestamp(value: unknown): Date {
  if (value instanceof Date) return value;
  const text = asText(value);
  const time = isoWithZone.test(text) ? new Date(text) : null;
  if (time && !Number.isNaN(time.getTime())) return time;
  throw new ValueFault(
    'bad-conversion',
    'timestamp() needs a date and time with a zone, such as 2026-03-01T09:00:00Z',
  );
}

const zones = new Map<string, Intl.DateTimeFormat>();

function dateInZone(time: unknown, zone: unknown): string {
  const name = asText(zone);
  let format = zones.get(name);
  if (!format) {
    try {
      format = new Intl.DateTimeFormat('en-CA', {
        timeZone: name,
        year: 'numeric',
        month: '2-digit',
        day: '2-digit',
      });
    } catch {
      throw new ValueFault('bad-conversion', 'date() was given a time zone that does not exist');
    }
    zones.set(name, format);
  }
  return format.format(toTimestamp(time));
}

function substring(text: unknown, start: unknown, end: unknown): string {
  const whole = asText(text);
  const from = asNumber(start);
  const to = end === undefined ? whole.length : asNumber(end);
  if (from < 0 || to > whole.length || from > to) {
    throw new ValueFault('out-of-range', 'substring() reaches past the text: test its size() first');
  }
  return whole.slice(from, to);
}

function split(text: unknown, separator: unknown, limit: unknown): string[] {
  const parts = asText(text).split(asText(separator));
  const partsMax = limit === undefined || asNumber(limit) < 0 ? parts.length : asNumber(limit);
  if (partsMax === 0) return [];
  return parts.length <= partsMax
    ? parts
    : [...parts.slice(0, partsMax - 1), parts.slice(partsMax - 1).join(asText(separator))];
}

function join(list: readonly unknown[], separator: string): string {
  return boundedText(list.map(asText).join(separator));
}

function distinct(list: readonly unknown[]): unknown[] {
  const isPlain = list.every((item) => typeof item !== 'object' || item === null);
  if (isPlain) return [...new Set(list)];
  if (list.length > 200) throw new ValueFault('too-costly', 'distinct() of more than 200 objects', 'mapping');
  return list.filter((item, i) => list.findIndex((other) => isEqual(other, item)) === i);
}

function sum(list: readonly unknown[]): number {
  const total = list.reduce<number>((soFar, item) => soFar + asNumber(item), 0);
  if (!Number.isFinite(total) || Math.abs(total) > Number.MAX_SAFE_INTEGER) {
    throw new ValueFault('overflow', 'sum() grows too large');
  }
  return total;
}

function extreme(list: readonly unknown[], sign: 1 | -1): unknown {
  let best = list[0];
  for (const item of list) if (compare(item, best) * sign > 0) best = item;
  return best;
}

function builtIn(name: string, apply: Apply, more: readonly string[] = []): FunctionSpec {
  return { name, signatures: more, builtIn: true, isMethod: false, apply };
}

function method(name: string, apply: Apply, signatures: readonly string[] = []): FunctionSpec {
  return { name, signatures, builtIn: signatures.length === 0, isMethod: true, apply };
}

function byName(specs: readonly FunctionSpec[]): ReadonlyMap<string, FunctionSpec> {
  return new Map(specs.map((spec) => [spec.name, spec]));
}
