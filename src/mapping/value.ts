/**
 * Values while an expression runs. Absent, null and a value are three things: absent is `undefined`, and what is
 * made from something absent is absent too. Whole numbers and fractions are both numbers: the checker keeps them
 * apart, and whole ones never leave the range in which a number is exact.
 */

/** Longest list an expression may walk. */
export const listElementsMax = 10_000;
/** Longest text an expression may build. */
export const textLengthMax = 100_000;
/** Steps one record may cost at one mapping: elements walked and pieces of text built. */
export const stepsMax = 200_000;

/** An expression cannot give a value for this record. Carries the class of a value, never a value. */
export class ValueFault extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly owner: 'data' | 'mapping' = 'data',
  ) {
    super(message);
  }
}

/** What one evaluation of one record holds: its snapshot, what `let` and loops have bound, and how much it may still cost. */
export class Frame {
  private steps = stepsMax;

  constructor(
    readonly snapshot: object,
    readonly slots: unknown[],
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

/** Own attributes only: nothing inherited can be reached from an expression. */
export function attribute(value: unknown, name: string): unknown {
  if (value === undefined || value === null) return undefined;
  if (value instanceof Map) return (value as Map<unknown, unknown>).get(name);
  if (typeof value !== 'object' || Array.isArray(value) || value instanceof Date) {
    throw new ValueFault('wrong-type', `Expected an object with '${name}', found ${classOf(value)}`);
  }
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

export function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (a instanceof Date) return b instanceof Date && a.getTime() === b.getTime();
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => isEqual(item, b[i]));
  }
  if (isObject(a) && isObject(b)) {
    const left = entriesOf(a);
    const right = new Map(entriesOf(b));
    return (
      left.length === right.size &&
      left.every(([key, item]) => right.has(key) && isEqual(item, right.get(key)))
    );
  }
  return false;
}

/** Order of two values of one kind; anything else is a fault, since there is no order between kinds. */
export function compare(a: unknown, b: unknown): number {
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Date && b instanceof Date) return a.getTime() - b.getTime();
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

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
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
