import { calculated, isDecimal, type Decimal } from './decimal.js';
import { decimalType, knownFunction, knownMethod, newMethod, type FunctionSpec } from './function-spec.js';
import { ValueFault } from './value-fault.js';
import { asList, asNumber, asText, classOf, compare, isEqual, textLengthMax, type Frame } from './value.js';

export const listFunctions: readonly FunctionSpec[] = [knownFunction('size', sizeOf)];

export const listMethods: readonly FunctionSpec[] = [
  knownMethod('size', sizeOf),
  knownMethod('join', (a, b) => join(asList(a), b === undefined ? '' : asText(b))),
  newMethod('distinct', ['list<A>.distinct(): list<A>'], (a, _b, _c, frame) => distinct(asList(a), frame)),
  newMethod('first', ['list<A>.first(): A'], (a) => asList(a)[0]),
  newMethod('last', ['list<A>.last(): A'], (a) => asList(a).at(-1)),
  newMethod(
    'sum',
    ['int', 'double', decimalType].map((type) => `list<${type}>.sum(): ${type}`),
    (a) => sum(asList(a)),
  ),
  newMethod('min', ['list<A>.min(): A'], (a) => extreme(asList(a), -1)),
  newMethod('max', ['list<A>.max(): A'], (a) => extreme(asList(a), 1)),
];

/** 0 for no elements, whatever their kind would have been. */
export function sum(list: readonly unknown[]): number | Decimal {
  if (isDecimal(list[0]))
    return (list as Decimal[]).reduce((total, item) => calculated('+', total, asDecimal(item)));
  const total = list.reduce<number>((soFar, item) => soFar + asNumber(item), 0);
  if (!Number.isFinite(total) || Math.abs(total) > Number.MAX_SAFE_INTEGER) {
    throw new ValueFault('overflow', 'sum() grows too large');
  }
  return total;
}

/** Absent for no elements. */
export function extreme(list: readonly unknown[], sign: 1 | -1): unknown {
  let best = list[0];
  for (const item of list) if (compare(item, best) * sign > 0) best = item;
  return best;
}

function asDecimal(value: unknown): Decimal {
  if (isDecimal(value)) return value;
  throw new ValueFault('wrong-type', `sum() of decimals meets ${classOf(value)}`);
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return Array.from(value).length;
  if (Array.isArray(value)) return value.length;
  if (value instanceof Map) return value.size;
  const isPlain =
    typeof value === 'object' && value !== null && !(value instanceof Date) && !isDecimal(value);
  if (isPlain) return Object.keys(value).length;
  throw new ValueFault('wrong-type', `size() of ${classOf(value)}`);
}

/** The length is known before the text is built: one that must not be is never made. */
function join(list: readonly unknown[], separator: string): string {
  let length = Math.max(0, list.length - 1) * separator.length;
  for (const item of list) length += asText(item).length;
  if (length > textLengthMax) {
    throw new ValueFault('text-too-long', `join() grows a text past ${textLengthMax} characters`);
  }
  return list.join(separator);
}

function distinct(list: readonly unknown[], frame: Frame): unknown[] {
  const isPlain = list.every((item) => typeof item !== 'object' || item === null);
  if (isPlain) return [...new Set(list)];
  frame.spend((list.length * list.length) >> 3);
  return list.filter((item, i) => list.findIndex((other) => isEqual(other, item, frame)) === i);
}
