/**
 * Values while an expression runs. Absent, null and a value are three things: absent is `undefined`, and what is
 * made from something absent is absent too. Whole numbers and fractions are both numbers: the checker keeps them
 * apart, and whole ones never leave the range in which a number is exact.
 */
import type { LookupRow, Targets } from './compiled-mapping.js';
import { Decimal, isDecimal } from './decimal.js';
import { ValueFault } from './value-fault.js';

/** Longest list an expression may walk. */
export const listElementsMax = 10_000;
/** Longest text an expression may build. */
export const textLengthMax = 100_000;
/** Steps one record may cost at one mapping: elements walked and pieces of text built. */
const stepsMax = 200_000;
/** Characters of a text that are walked in one step. */
export const charactersPerStep = 64;

/** A length of time, as CEL has it. */
export class Duration {
  constructor(readonly ms: number) {}
}

/** What one evaluation of one record holds: its snapshot, what `let` and loops have bound, and how much it may still cost. */
export class Frame {
  private steps = stepsMax;
  /** Which field is being made; negative before the first. */
  at = -2;
  /** What the record is known by at the target, as soon as it is made. */
  key: string | null = null;
  /** Where look-ups are noted; null where nobody asked for a trace. */
  lookups: LookupRow[] | null = null;
  /** By slot, the rows that names of `let` looked up; only with a trace. */
  letLookups: Map<number, LookupRow[]> | null = null;

  constructor(
    readonly snapshot: object,
    readonly slots: unknown[],
    readonly targets: Targets,
  ) {}

  spend(steps: number): void {
    this.steps -= steps;
    if (this.steps < 0) {
      throw new ValueFault(
        'too-costly',
        `The expressions take more than ${stepsMax} steps for this record`,
        'mapping',
      );
    }
  }
}

export type Run = (frame: Frame) => unknown;

/** What an expression looks into: a map or an object of a record, and none of the values that are classes here. */
export function isStructure(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    !(value instanceof Date) &&
    !(value instanceof Duration) &&
    !isDecimal(value)
  );
}

/**
 * Names that something a record may hold inherits or carries by its kind. Whatever else is read as a property is an
 * attribute of the record's own, so that the slow question whether it is need not be asked.
 */
export const inheritedNames: ReadonlySet<string> = new Set([
  ...[Object, Array, Date, Map, Duration, Decimal].flatMap((kind) => [
    ...Object.getOwnPropertyNames(kind.prototype),
    ...Object.getOwnPropertyNames(Object.getPrototypeOf(kind.prototype) ?? {}),
  ]),
  ...['length', 'ms', 's', 'e', 'd'],
]);

/** Reads one attribute: own ones only, nothing inherited can be reached from an expression. */
export function attributeReader(name: string): (value: unknown) => unknown {
  if (inheritedNames.has(name)) return (value) => attribute(value, name);
  return (value) => {
    if (typeof value === 'object' && value !== null) {
      const found = (value as Record<string, unknown>)[name];
      if (found !== undefined) return found;
    }
    return attribute(value, name);
  };
}

export function attribute(value: unknown, name: string): unknown {
  if (value === undefined || value === null) return undefined;
  if (value instanceof Map) return (value as Map<unknown, unknown>).get(name);
  if (Array.isArray(value) || !isStructure(value)) {
    throw new ValueFault('wrong-type', `Expected an object with '${name}', found ${classOf(value)}`);
  }
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

/** What is compared piece by piece is paid for piece by piece. */
export function isEqual(a: unknown, b: unknown, frame: Frame): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Date) return b instanceof Date && a.getTime() === b.getTime();
  if (a instanceof Duration) return b instanceof Duration && a.ms === b.ms;
  if (isDecimal(a)) return isDecimal(b) && a.equals(b);
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    frame.spend(a.length);
    return a.every((item, i) => isEqual(item, b[i], frame));
  }
  if (Array.isArray(b) || !isStructure(b)) return false;
  const left = entriesOf(a);
  const right = new Map(entriesOf(b));
  frame.spend(left.length + right.size);
  return (
    left.length === right.size &&
    left.every(([key, item]) => right.has(key) && isEqual(item, right.get(key), frame))
  );
}

/** Order of two values of one kind; anything else is a fault, since there is no order between kinds. */
export function compare(a: unknown, b: unknown): number {
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Date && b instanceof Date) return a.getTime() - b.getTime();
  if (a instanceof Duration && b instanceof Duration) return a.ms - b.ms;
  if (isDecimal(a) && isDecimal(b)) return a.comparedTo(b);
  throw new ValueFault('wrong-type', `Cannot compare ${classOf(a)} with ${classOf(b)}`);
}

export function asList(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new ValueFault('wrong-type', `Expected a list, found ${classOf(value)}`);
  if (value.length > listElementsMax) {
    throw new ValueFault('list-too-long', `A list has more than ${listElementsMax} elements`);
  }
  return value;
}

export function asText(value: unknown): string {
  if (typeof value !== 'string')
    throw new ValueFault('wrong-type', `Expected a text, found ${classOf(value)}`);
  return value;
}

export function asNumber(value: unknown): number {
  if (typeof value !== 'number')
    throw new ValueFault('wrong-type', `Expected a number, found ${classOf(value)}`);
  return value;
}

export function boundedText(text: string): string {
  if (text.length > textLengthMax) {
    throw new ValueFault('text-too-long', `A text grows past ${textLengthMax} characters`);
  }
  return text;
}

/** How messages speak of a value: its class, never itself. */
export function classOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value instanceof Date) return 'a timestamp';
  if (value instanceof Duration) return 'a duration';
  if (isDecimal(value)) return 'a decimal';
  switch (typeof value) {
    case 'string':
      return `a text of ${value.length} characters`;
    case 'number':
      return Number.isInteger(value) ? 'a whole number' : 'a number';
    case 'boolean':
      return 'true or false';
    default:
      return 'an object';
  }
}

function entriesOf(value: object): [unknown, unknown][] {
  return value instanceof Map ? [...(value as Map<unknown, unknown>).entries()] : Object.entries(value);
}

/** The key of a map or object that a value stands for; only texts, numbers and booleans can be keys. */
export function asKeyText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new ValueFault('wrong-type', `${classOf(value)} is no key of a map`);
}
