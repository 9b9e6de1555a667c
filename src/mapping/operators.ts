import type { Node } from './expression-language.js';
import { asKeyText, boundedText, classOf, compare, isEqual, ValueFault } from './value.js';

export type Operator = (a: unknown, b: unknown) => unknown;

/** Arithmetic and order. `resultType` is the checker's: whole numbers must stay exact. */
export function compileBinary(op: string, resultType: string, node: Node): Operator {
  switch (op) {
    case '+':
      return strict(resultType === 'int' ? wholeSum : plus);
    case '-':
      return strict(arithmetic((a, b) => a - b, resultType));
    case '*':
      return strict(arithmetic((a, b) => a * b, resultType));
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
  return op === '==' ? (a, b) => isEqual(a, b) : (a, b) => !isEqual(a, b);
}

export function membership(item: unknown, whole: unknown): unknown {
  if (whole === undefined || whole === null || item === undefined) return undefined;
  if (Array.isArray(whole)) return whole.some((other) => isEqual(item, other));
  if (typeof whole === 'string' && typeof item === 'string') return whole.includes(item);
  if (whole instanceof Map) return whole.has(item);
  if (typeof whole === 'object') return Object.hasOwn(whole, asKeyText(item));
  throw new ValueFault('wrong-type', `Nothing can be in ${classOf(whole)}`);
}

export function negated(op: '!_' | '-_'): (a: unknown) => unknown {
  return (a) => {
    if (a === undefined || a === null) return a;
    if (op === '!_' && typeof a === 'boolean') return !a;
    if (op === '-_' && typeof a === 'number') return a === 0 ? 0 : -a;
    throw new ValueFault('wrong-type', `Cannot negate ${classOf(a)}`);
  };
}

function strict(apply: Operator): Operator {
  return (a, b) => {
    if (a === undefined || b === undefined) return undefined;
    if (a === null || b === null) return null;
    return apply(a, b);
  };
}

function plus(a: unknown, b: unknown): unknown {
  if (typeof a === 'string' && typeof b === 'string') return boundedText(a + b);
  if (Array.isArray(a) && Array.isArray(b)) return [...(a as unknown[]), ...(b as unknown[])];
  if (typeof a === 'number' && typeof b === 'number') return finite(a + b);
  throw new ValueFault('wrong-type', `Cannot add ${classOf(a)} and ${classOf(b)}`);
}

function wholeSum(a: unknown, b: unknown): number {
  return exact(number(a) + number(b));
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
  return result;
}

function finite(result: number): number {
  if (!Number.isFinite(result)) throw new ValueFault('overflow', 'A number grows too large');
  return result;
}
