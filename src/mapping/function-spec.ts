/** What a function of the language is: its signatures for the checker, and what runs. */
import type { Frame } from './value.js';

export interface FunctionSpec {
  readonly name: string;
  /** For the checker, in its own notation; the first argument of a method is its receiver. */
  readonly signatures: readonly string[];
  /** True where cel-js knows the name already; `signatures` then only adds to what it knows. */
  readonly builtIn: boolean;
  readonly isMethod: boolean;
  /**
   * Never called with an absent or null argument: an absent one makes the result absent, else a null makes it null.
   * A missing last argument is `undefined`.
   */
  apply(a: unknown, b: unknown, c: unknown, frame: Frame): unknown;
  /** Steps it costs beyond those of walking its first argument once. */
  readonly cost?: (a: unknown, b: unknown) => number;
}

type Apply = FunctionSpec['apply'];
type Cost = NonNullable<FunctionSpec['cost']>;

/** Names of types in the checker's notation. */
export const timestampType = 'google.protobuf.Timestamp';
export const durationType = 'google.protobuf.Duration';
export const decimalType = 'Decimal';

export function knownFunction(name: string, apply: Apply, more: readonly string[] = []): FunctionSpec {
  return { name, signatures: more, builtIn: true, isMethod: false, apply };
}

export function newFunction(name: string, signatures: readonly string[], apply: Apply): FunctionSpec {
  return { name, signatures, builtIn: false, isMethod: false, apply };
}

export function knownMethod(
  name: string,
  apply: Apply,
  cost?: Cost,
  more: readonly string[] = [],
): FunctionSpec {
  return { name, signatures: more, builtIn: true, isMethod: true, apply, ...(cost ? { cost } : {}) };
}

export function newMethod(
  name: string,
  signatures: readonly string[],
  apply: Apply,
  cost?: Cost,
): FunctionSpec {
  return { name, signatures, builtIn: false, isMethod: true, apply, ...(cost ? { cost } : {}) };
}
