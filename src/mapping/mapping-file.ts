/** A mapping file as it was read: every part with its place, and null where the file says nothing usable. */
import type { FieldOwner, FieldValue, Limits } from './compiled-mapping.js';
import type { Faults, Range, SourceText } from './diagnostic.js';
import type { Stream } from './source-contract.js';

export interface Located<T> {
  readonly value: T;
  readonly range: Range;
}

export interface Expression {
  readonly text: string;
  readonly range: Range;
  /** Where a part of the expression stands in the file: quotes, escapes and folded lines accounted for. */
  locate(start: number, end: number): Range;
}

export interface FieldSpec {
  readonly name: Located<string>;
  readonly value: Expression;
  readonly missing: Missing;
  readonly default: Located<FieldValue> | null;
  readonly truncate: Located<number> | null;
  readonly picklist: Located<string> | null;
  readonly owner: FieldOwner;
}

/** What an absent value does: leave the field out, clear it, reject the record, or send the default. */
export const missingPolicies = ['omit', 'null', 'reject', 'default'] as const;
export type Missing = (typeof missingPolicies)[number];

export const operations = ['upsert', 'create', 'update', 'append'] as const;
export type Operation = (typeof operations)[number];

export type WhenNotSpec =
  'keep' | 'delete' | readonly { name: Located<string>; value: Located<FieldValue> }[];

export interface LetBinding {
  readonly name: Located<string>;
  readonly value: Expression;
}

export interface Example {
  readonly name: Located<string>;
  readonly given: Located<Record<string, unknown>>;
  /** The fields written, all of them and nothing else; or what happens instead of a write. */
  readonly expect: Located<Record<string, FieldValue> | 'suppressed' | 'rejected'>;
  /** The ids of the deliveries in `needs`, by mapping: what `target("…").id` gives here. */
  readonly targets: Readonly<Record<string, string>>;
  /** With `rejected`: the reason's code, where the author wants it told apart. */
  readonly reason: Located<string> | null;
  /** The key expected, where the author wants it checked. */
  readonly key: Located<string> | null;
}

export interface MappingFile {
  readonly source: SourceText;
  readonly faults: Faults;
  readonly name: Located<string> | null;
  readonly stream: Located<Stream> | null;
  readonly destination: Located<string> | null;
  readonly object: Located<string> | null;
  readonly operation: Located<Operation> | null;
  readonly when: Expression | null;
  readonly whenNot: Located<WhenNotSpec> | null;
  readonly key: { readonly field: Located<string> | null; readonly value: Expression | null } | null;
  readonly match: { readonly by: readonly Located<string>[]; readonly onMany: 'reject' | 'first' } | null;
  readonly needs: readonly Located<string>[];
  readonly lets: readonly LetBinding[];
  readonly fields: readonly FieldSpec[];
  readonly fieldsRange: Range;
  readonly lanes: number;
  readonly limits: Limits;
  readonly examples: readonly Example[];
}
