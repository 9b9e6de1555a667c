/**
 * What a mapping file becomes: a pure function from a snapshot to one decision, with everything the pipelines
 * need to know about it. A compiled mapping never throws for data, keeps no state and reads nothing.
 */
import type { Stream } from './source-contract.js';

/** A value on its way out. An absent field is an absent key; `null` clears the field at the target. */
export type FieldValue = string | number | boolean | null;
export type Fields = Readonly<Record<string, FieldValue>>;

/** What stands at the target when a record that was sent stops matching: left alone, removed, or these fields written. */
export type WhenNot = 'keep' | 'delete' | Fields;

/** Why a record is not written. `file`, `line` and `field` point at the mapping; no value of a person is ever in it. */
export interface MappingReason {
  /** Stable: `missing-value`, `too-long`, `unknown-picklist-value`, `wrong-type`, `when-false`, … */
  readonly code: string;
  /** One plain sentence that says what to do; names the class of a value, never the value. */
  readonly message: string;
  /** Who can put it right: the record's data or the mapping file. */
  readonly owner: 'data' | 'mapping';
  readonly file: string;
  /** 1-based line in the mapping file. */
  readonly line: number;
  /** The field at the target; null where the reason is not about one field (`when`, a whole record). */
  readonly field: string | null;
  /**
   * With the code `target-missing`: the mapping in `needs` whose delivery `target("…")` asked for and did not find.
   * Such a record is not faulty, it waits: it maps as soon as that delivery is there.
   */
  readonly waitsFor?: string;
}

/** The records that a mapping `needs`, as they stand at their backends. */
export type Targets = Readonly<Record<string, { readonly id: string }>>;

/** One row that a table answered with: `lookup("…", …)` or a field's `picklist`. */
export interface LookupRow {
  readonly table: string;
  /** The row's key; null where the table had none and answered with its `otherwise`. */
  readonly entry: string | null;
  readonly value: string;
}

/** Something of the record that an expression read: `person.email`, `latest.status`, `consent.granted("marketing")`. */
export interface SourceValue {
  /** As it stands in the mapping file. */
  readonly path: string;
  /** As the record has it: `undefined` where it is absent. Lists and objects come whole. */
  readonly value: unknown;
}

/** How one field got its value, or why it has none. */
export interface FieldTrace {
  /** The expression, and where it stands. */
  readonly field: CompiledField;
  /** `omitted`: absent, and left alone at the target. `rejected`: here the record failed; later fields are not traced. */
  readonly outcome: 'written' | 'omitted' | 'rejected';
  /** What is sent; `undefined` unless written. */
  readonly value: FieldValue | undefined;
  /** What the expression gave, before table, default and truncation. */
  readonly given: unknown;
  readonly lookups: readonly LookupRow[];
  /** What the expression read of the record; computed when it is asked for. */
  sources(): SourceValue[];
}

/** An evaluation with everything that led to it. Holds values of a person: for answers to operators, never for a log. */
export interface Explanation {
  readonly evaluation: Evaluation;
  /** Null where the mapping has no `when`. `holds` is null where it could not be decided. */
  readonly when: {
    readonly expression: string;
    readonly line: number;
    readonly holds: boolean | null;
    sources(): SourceValue[];
  } | null;
  /** In the order of the file; empty where `when` does not hold. */
  readonly fields: readonly FieldTrace[];
}

export type Evaluation =
  | { readonly kind: 'write'; readonly key: string; readonly fields: Fields }
  /**
   * `when` does not hold. The pipeline decides: never sent → suppressed; sent before → retained (`keep`), deleted,
   * or `whenNot`'s fields written.
   */
  | {
      readonly kind: 'notMatching';
      readonly key: string;
      readonly whenNot: WhenNot;
      readonly reason: MappingReason;
    }
  /** `key` is null where the key itself could not be made. */
  | { readonly kind: 'rejected'; readonly key: string | null; readonly reason: MappingReason };

/** Who wins when the target's value was changed there: we, they, or they after our first write. */
export type FieldOwner = 'foyer' | 'destination' | 'firstWrite';

export type Bound = { readonly share: number } | { readonly count: number };

/** What `apply` may be held back by: records written over or refused, emptied, and sent for the first time. */
export const limitNames = ['changed', 'nulled', 'created'] as const;
export type LimitName = (typeof limitNames)[number];
export type Limits = Readonly<Record<LimitName, Bound | null>>;

export interface CompiledField {
  readonly name: string;
  readonly owner: FieldOwner;
  /** The expression as it stands in the file, and where. */
  readonly expression: string;
  readonly line: number;
  readonly column: number;
}

export interface CompiledMapping {
  /** `hubspot.contact`: unique among the mappings of an installation. */
  readonly name: string;
  readonly file: string;
  /**
   * What `apply` stores and hashes: the file's text, and after it, as comments, the tables and the target's metadata
   * that it was compiled with. Compiling it again needs nothing else and gives the same mapping.
   */
  readonly source: string;
  readonly stream: Stream;
  readonly destination: string;
  readonly object: string;
  readonly operation: 'upsert' | 'create' | 'update' | 'append';
  /** The target's field that identifies a record; never among `fields`. */
  readonly keyField: string;
  readonly fields: readonly CompiledField[];
  /** Every field name this mapping can write, those of `whenNot` included: what a read-back asks for. */
  readonly writes: readonly string[];
  readonly whenNot: WhenNot;
  /** Adopt a record that stands there already, found by these fields, before creating one. */
  readonly match: { readonly by: readonly string[]; readonly onMany: 'reject' | 'first' } | null;
  /** Mappings whose delivery of the same person must be there first. */
  readonly needs: readonly string[];
  /** 1..64. */
  readonly lanes: number;
  /** `apply` stops above these; a share is 0..1, a count is an integer. */
  readonly limits: Limits;
  /**
   * Never throws, whatever the snapshot is.
   * @param targets what `target("salesforce.campaign").id` reads: the ids of the deliveries in `needs`, by mapping
   */
  evaluate(snapshot: unknown, targets?: Targets): Evaluation;
  /** The same decision with its trace: `explain(s, t).evaluation` equals `evaluate(s, t)`. Never throws either. */
  explain(snapshot: unknown, targets?: Targets): Explanation;
}
