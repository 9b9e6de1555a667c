/** From what an expression gives to what the target takes: missing, picklist, type, length; in that order. */
import type { FieldValue } from './compiled-mapping.js';
import { exactNumber, isDecimal } from './decimal.js';
import { isDateOnly, isDateTime } from './iso-time.js';
import type { Missing } from './mapping-file.js';
import { lookUp, type Picklist } from './picklist.js';
import type { TargetField } from './target-metadata.js';
import { ValueFault } from './value-fault.js';
import { classOf, type Frame } from './value.js';

export interface FieldPlan {
  readonly missing: Missing;
  readonly default: FieldValue;
  readonly truncate: number | null;
  readonly picklist: Picklist | null;
  readonly target: TargetField | null;
}

/** Gives `undefined` where the field is to be left out; throws `ValueFault` where the record must be rejected. */
export type Convert = (value: unknown, frame: Frame) => FieldValue | undefined;

export interface Conversion {
  readonly convert: Convert;
  /** Texts that are sent as they are, most values are such; null where every one is converted. */
  readonly plain: { readonly lengthMax: number; readonly test: ((text: string) => boolean) | null } | null;
  /** What is sent for nothing and for null; null where the record is rejected. */
  readonly substitutes: { readonly absent: FieldValue | undefined; readonly empty: FieldValue } | null;
}

export function compileField(plan: FieldPlan): Conversion {
  const { missing, picklist, truncate } = plan;
  const convert = conversionTo(plan.target);
  const lengthMax = plan.target?.length ?? null;
  const isClosed = plan.target?.type === 'picklist' && plan.target.restricted !== false;
  const allowed = isClosed && plan.target.values ? new Set(plan.target.values) : null;
  const test = allowed ? (value: string): boolean => allowed.has(value) : textTests.get(convert);
  const plainMax = Math.min(lengthMax ?? Infinity, truncate ?? Infinity);
  const plain = picklist || test === undefined ? null : { lengthMax: plainMax, test };
  const whole: Convert = (value, frame) => {
    if (value === undefined || value === null) return substitute(value, missing, plan.default);
    const sent = convert(picklist ? lookUp(picklist, textForTable(value), frame) : value);
    if (typeof sent !== 'string') return sent;
    const fitting = truncate !== null && sent.length > truncate ? cut(sent, truncate) : sent;
    if (lengthMax !== null && fitting.length > lengthMax) throw tooLong(fitting.length, lengthMax);
    if (allowed && !allowed.has(fitting)) {
      throw new ValueFault(
        'unknown-picklist-value',
        `The target's picklist does not hold ${classOf(fitting)}`,
      );
    }
    return fitting;
  };
  return { convert: whole, plain, substitutes: substitutesOf(missing, plan.default) };
}

/**
 * What stands in for nothing. A null is a statement of its own ("it is empty") and is sent as such, except where the
 * field must have a value.
 */
function substitute(
  value: undefined | null,
  missing: Missing,
  byDefault: FieldValue,
): FieldValue | undefined {
  switch (missing) {
    case 'omit':
      return value;
    case 'null':
      return null;
    case 'default':
      return byDefault;
    case 'reject':
      throw new ValueFault(
        'missing-value',
        `The field must have a value; the record holds ${classOf(value)}`,
      );
  }
}

function substitutesOf(missing: Missing, byDefault: FieldValue): Conversion['substitutes'] {
  if (missing === 'reject') return null;
  const absent = substitute(undefined, missing, byDefault);
  return { absent, empty: substitute(null, missing, byDefault) ?? null };
}

function conversionTo(target: TargetField | null): (value: unknown) => FieldValue {
  switch (target?.type) {
    case undefined:
      return anyScalar;
    case 'int':
      return wholeNumber;
    case 'double':
      return finiteNumber;
    case 'bool':
      return trueOrFalse;
    case 'date':
      return dateOnly;
    case 'datetime':
      return dateTime;
    default:
      return text;
  }
}

function anyScalar(value: unknown): FieldValue {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'number' || isDecimal(value)) return finiteNumber(value);
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  throw wrongType('a text, a number, or true or false', value);
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  throw wrongType('a text', value);
}

function wholeNumber(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw wrongType('a whole number', value);
}

function finiteNumber(value: unknown): number {
  if (isDecimal(value)) return exactNumber(value);
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw wrongType('a number', value);
}

function trueOrFalse(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw wrongType('true or false', value);
}

function dateOnly(value: unknown): string {
  if (typeof value === 'string' && isDateOnly(value)) return value;
  throw wrongType('a date such as 2026-03-01: use date(time, zone)', value);
}

function dateTime(value: unknown): string {
  if (typeof value === 'string' && isDateTime(value)) return value;
  if (value instanceof Date) return value.toISOString();
  throw wrongType('a time with its zone such as 2026-03-01T09:00:00Z', value);
}

/** What a text must pass to be sent as it is; `null` where every one does. */
const textTests: ReadonlyMap<unknown, ((text: string) => boolean) | null> = new Map<
  unknown,
  ((text: string) => boolean) | null
>([
  [anyScalar, null],
  [text, null],
  [dateOnly, isDateOnly],
  [dateTime, isDateTime],
]);

function textForTable(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || typeof value === 'number') return String(value);
  throw wrongType('a text to look up', value);
}

/** Never between the halves of a character outside the basic plane. */
function cut(whole: string, length: number): string {
  const last = whole.charCodeAt(length - 1);
  const isHalf = last >= 0xd800 && last <= 0xdbff;
  return whole.slice(0, isHalf ? length - 1 : length);
}

function tooLong(length: number, lengthMax: number): ValueFault {
  return new ValueFault(
    'too-long',
    `The target takes ${lengthMax} characters and the record has ${length}: shorten it at the source or set truncate`,
  );
}

function wrongType(expected: string, value: unknown): ValueFault {
  return new ValueFault('wrong-type', `Expected ${expected}, found ${classOf(value)}`);
}
