import { calculated, isDecimal } from './decimal.js';
import type { Node } from './expression-language.js';
import { ValueFault } from './value-fault.js';
import {
  asKeyText,
  boundedText,
  classOf,
  compare,
  Duration,
  isEqual,
  isStructure,
  listElementsMax,
  type Frame,
} from './value.js';

export type Operator = (a: unknown, b: unknown, frame: Frame) => unknown;

/** Arithmetic and order. `resultType` is the checker's: whole numbers must stay exact. */
export function compileBinary(op: string, resultType: string, node: Node): Operator {
  switch (op) {
    case '+':
      return strict(isNumeric(resultType) ? arithmetic((a, b) => a + b, resultType) : plus);
    case '-':
      return strict(isNumeric(resultType) ? arithmetic((a, b) => a - b, resultType) : minus);
    case '*':
      return strict(isNumeric(resultType) ? arithmetic((a, b) => a * b, resultType) : times);
    case '/':
      return strict(arithmetic((a, b) => a / nonZero(b), resultType));
    case '%':
      return strict(arithmetic((a, b) => a % nonZero(b), resultType));
    case '<':
      return strict((a, b) => compare(a, b) < 0);
    case '<=':
      return strict((a, b) => compare(a, b) <= 0);
    case '>':
      return strict((a, b) => compare(a, b) > 0);
    case '>=':
      return strict((a, b) => compare(a, b) >= 0);
    default:
      throw new Error(`No operator ${op} at ${node.pos}`);
  }
}

/** Equality always answers: something absent equals only something absent. */
export function equality(op: '==' | '!='): Operator {
  return op === '==' ? isEqual : (a, b, frame) => !isEqual(a, b, frame);
}

export function membership(item: unknown, whole: unknown, frame: Frame): unknown {
  if (whole === undefined || whole === null || item === undefined) return undefined;
  if (Array.isArray(whole)) {
    frame.spend(1 + (whole.length >> 3));
    return whole.some((other) => isEqual(item, other, frame));
  }
  if (typeof whole === 'string' && typeof item === 'string') return whole.includes(item);
  if (whole instanceof Map) return whole.has(item);
  if (isStructure(whole)) return Object.hasOwn(whole, asKeyText(item));
  throw new ValueFault('wrong-type', `Nothing can be in ${classOf(whole)}`);
}

export function negated(op: '!_' | '-_'): (a: unknown) => unknown {
  return (a) => {
    if (a === undefined || a === null) return a;
    if (op === '!_' && typeof a === 'boolean') return !a;
    if (op === '-_' && typeof a === 'number') return a === 0 ? 0 : -a;
    if (op === '-_' && isDecimal(a)) return a.negated();
    throw new ValueFault('wrong-type', `Cannot negate ${classOf(a)}`);
  };
}

function strict(apply: Operator): Operator {
  return (a, b, frame) => {
    if (a === undefined || b === undefined) return undefined;
    if (a === null || b === null) return null;
    return apply(a, b, frame);
  };
}

function plus(a: unknown, b: unknown, frame: Frame): unknown {
  if (typeof a === 'string' && typeof b === 'string') return boundedText(a + b);
  if (typeof a === 'number' && typeof b === 'number') return finite(a + b);
  if (Array.isArray(a) && Array.isArray(b)) return concatenated(a, b, frame);
  if (isDecimal(a) && isDecimal(b)) return calculated('+', a, b);
  if (a instanceof Duration) {
    if (b instanceof Duration) return new Duration(finite(a.ms + b.ms));
    if (b instanceof Date) return moment(b.getTime() + a.ms);
  }
  if (a instanceof Date && b instanceof Duration) return moment(a.getTime() + b.ms);
  throw new ValueFault('wrong-type', `Cannot add ${classOf(a)} and ${classOf(b)}`);
}

function concatenated(a: readonly unknown[], b: readonly unknown[], frame: Frame): unknown[] {
  if (a.length + b.length > listElementsMax) {
    throw new ValueFault('list-too-long', `A list grows past ${listElementsMax} elements`);
  }
  frame.spend(a.length + b.length);
  return [...a, ...b];
}

function minus(a: unknown, b: unknown): unknown {
  if (typeof a === 'number' && typeof b === 'number') return finite(a - b);
  if (isDecimal(a) && isDecimal(b)) return calculated('-', a, b);
  if (a instanceof Duration && b instanceof Duration) return new Duration(finite(a.ms - b.ms));
  if (a instanceof Date) {
    if (b instanceof Date) return new Duration(a.getTime() - b.getTime());
    if (b instanceof Duration) return moment(a.getTime() - b.ms);
  }
  throw new ValueFault('wrong-type', `Cannot take ${classOf(b)} from ${classOf(a)}`);
}

function times(a: unknown, b: unknown): unknown {
  if (isDecimal(a) && isDecimal(b)) return calculated('*', a, b);
  return finite(number(a) * number(b));
}

/** Years 1 to 9999, as CEL and every backend have them. */
function moment(ms: number): Date {
  if (ms >= -62_135_596_800_000 && ms <= 253_402_300_799_999) return new Date(ms);
  throw new ValueFault('overflow', 'A time before the year 1 or after 9999');
}

function isNumeric(type: string): boolean {
  return type === 'int' || type === 'double';
}

function arithmetic(apply: (a: number, b: number) => number, resultType: string): Operator {
  const bound = resultType === 'int' ? exact : finite;
  return (a, b) => bound(apply(number(a), number(b)));
}

function number(value: unknown): number {
  if (typeof value === 'number') return value;
  throw new ValueFault('wrong-type', `Cannot calculate with ${classOf(value)}`);
}

function nonZero(divisor: number): number {
  if (divisor === 0) throw new ValueFault('division-by-zero', 'A division by zero');
  return divisor;
}

function exact(result: number): number {
  if (Math.abs(result) > Number.MAX_SAFE_INTEGER) {
    throw new ValueFault('overflow', 'A whole number grows past what is exact (±2^53)');
  }
  return result === 0 ? 0 : result;
}

function finite(result: number): number {
  if (!Number.isFinite(result)) throw new ValueFault('overflow', 'A number grows too large');
  return result;
}
