import { createHash } from 'node:crypto';
import { RE2JS } from 're2js';
import { knownMethod, newFunction, newMethod, type FunctionSpec } from './function-spec.js';
import { ValueFault } from './value-fault.js';
import { asNumber, asText, charactersPerStep, textLengthMax, type Frame } from './value.js';

/** A search compares so many characters in one step. */
const comparisonsPerStep = 16_384;

/** Linear or better, and known to systems that take hashed addresses. */
export const hashAlgorithms = ['sha256', 'sha512', 'sha1', 'md5'] as const;

export const textFunctions: readonly FunctionSpec[] = [
  newFunction('hash', ['hash(string): string', 'hash(string, string): string'], hash),
];

export const textMethods: readonly FunctionSpec[] = [
  knownMethod('trim', (a) => trimmed(asText(a))),
  knownMethod('lowerAscii', (a) => lowerAscii(asText(a))),
  knownMethod('upperAscii', (a) => upperAscii(asText(a))),
  knownMethod('startsWith', (a, b) => asText(a).startsWith(asText(b))),
  knownMethod('endsWith', (a, b) => asText(a).endsWith(asText(b))),
  knownMethod('contains', (a, b) => asText(a).includes(asText(b)), searching),
  knownMethod('indexOf', (a, b, c) => asText(a).indexOf(asText(b), startAt(a, c)), searching),
  knownMethod('lastIndexOf', lastIndexOf, searching),
  knownMethod('substring', substring),
  knownMethod('matches', (a, b) => pattern(asText(b)).matcher(asText(a)).find(), matching),
  knownMethod('split', split, searching),
  newMethod('replace', ['string.replace(string, string): string'], replace, searching),
];

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

export function trimmed(text: string): string {
  return text.trim();
}

/** The engine's own conversion is many times faster, and does the same where there are no other letters. */
export function lowerAscii(text: string): string {
  return isAscii(text) ? text.toLowerCase() : text.replace(/[A-Z]+/g, (part) => part.toLowerCase());
}

export function upperAscii(text: string): string {
  return isAscii(text) ? text.toUpperCase() : text.replace(/[a-z]+/g, (part) => part.toUpperCase());
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** A search takes, at worst, the product of both lengths. */
function searching(text: unknown, sought: unknown): number {
  return Math.floor((lengthOf(text) * lengthOf(sought)) / comparisonsPerStep);
}

/** RE2 walks the text once, with as many threads as the pattern has parts. */
function matching(text: unknown, expression: unknown): number {
  return Math.floor((lengthOf(text) * lengthOf(expression)) / charactersPerStep);
}

function lengthOf(value: unknown): number {
  return typeof value === 'string' ? value.length : 0;
}

function hash(text: unknown, algorithm: unknown): string {
  const name = hashAlgorithms.find((known) => known === (algorithm ?? 'sha256'));
  if (name === undefined)
    throw new ValueFault('wrong-type', `hash() knows ${hashAlgorithms.join(', ')}`, 'mapping');
  return createHash(name).update(asText(text), 'utf8').digest('hex');
}

function startAt(text: unknown, start: unknown): number {
  if (start === undefined) return 0;
  const at = asNumber(start);
  if (at >= 0 && at <= asText(text).length) return at;
  throw new ValueFault('out-of-range', 'indexOf() begins past the text: test its size() first');
}

function lastIndexOf(text: unknown, sought: unknown, start: unknown): number {
  const from = start === undefined ? Infinity : startAt(text, start);
  return asText(text).lastIndexOf(asText(sought), from);
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

function split(text: unknown, separator: unknown, limit: unknown, frame: Frame): string[] {
  const parts = asText(text).split(asText(separator));
  frame.spend(parts.length);
  const partsMax = limit === undefined || asNumber(limit) < 0 ? parts.length : asNumber(limit);
  if (partsMax === 0) return [];
  return parts.length <= partsMax
    ? parts
    : [...parts.slice(0, partsMax - 1), parts.slice(partsMax - 1).join(asText(separator))];
}

/** The length is known before a text is built: one that must not be is never made. */
function replace(text: unknown, sought: unknown, put: unknown): string {
  const parts = asText(text).split(asText(sought));
  const by = asText(put);
  if (asText(text).length + (parts.length - 1) * by.length > textLengthMax) {
    throw new ValueFault('text-too-long', `replace() grows a text past ${textLengthMax} characters`);
  }
  return asText(text).replaceAll(asText(sought), () => by);
}
