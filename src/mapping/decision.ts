/** What a mapping has to decide about a record with: its expressions, compiled, and where they stand. */
import type { Conversion } from './compile-field.js';
import type { CompiledField, WhenNot } from './compiled-mapping.js';
import type { Node } from './expression-language.js';
import type { Scope } from './scope.js';
import type { Run } from './value.js';

/** A part of an expression that reads the record. */
export interface Source {
  readonly path: string;
  readonly run: Run;
}

export interface CompiledExpression {
  readonly node: Node;
  readonly run: Run;
  readonly sources: () => readonly Source[];
}

export interface DecidingField extends CompiledExpression, Conversion {
  readonly field: CompiledField;
}

export interface Condition extends CompiledExpression {
  readonly expression: string;
  readonly line: number;
}

export interface Decision {
  readonly file: string;
  readonly keyField: string;
  readonly keyLengthMax: number | null;
  readonly key: { readonly run: Run; readonly node: Node; readonly line: number };
  readonly when: Condition | null;
  readonly whenNot: WhenNot;
  readonly fields: readonly DecidingField[];
  /** The names in reach of every expression. */
  readonly scope: Scope;
  readonly newSlots: () => unknown[];
}
