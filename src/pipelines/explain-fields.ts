import type { Fields, FieldValue } from '../connectors/connector.js';
import type { FieldTrace, LookupRow, SourceValue } from '../mapping/compiled-mapping.js';
import type { RecordAttempt } from './attempts.js';

/** Why one field has its value, link by link. Holds values of a person: for operators, never for a log. */
export interface FieldExplanation {
  /** What is known to stand there; null with `isKnown: false` where nobody knows. */
  readonly value: FieldValue;
  readonly isKnown: boolean;
  /** What the mapping gives for the record as it is; absent where it gives nothing. */
  readonly mapped?: FieldValue;
  /** What the expression read of the record, and what it made of it before table, default and truncation. */
  readonly sources: readonly SourceValue[];
  readonly given: unknown;
  readonly expression: {
    readonly file: string;
    readonly line: number;
    readonly column: number;
    readonly text: string;
  };
  /** The row of the table that it went through. */
  readonly lookup?: LookupRow;
  readonly mappingVersion: number;
  /** The one of `attempts` by which the value came there; null where none of those that are kept did. */
  readonly attempt: string | null;
  readonly readBack: { readonly isVerified: boolean; readonly value: FieldValue; readonly at: string } | null;
}

/** What an attempt wanted to stand there. */
export interface AttemptFields {
  readonly attempt: RecordAttempt;
  readonly fields: Fields | null;
}

export interface Standing {
  readonly shadow: Fields | null;
  readonly isVerified: boolean;
  readonly mappingVersion: number;
  /** Those that were written, the newest first. */
  readonly attempts: readonly AttemptFields[];
}

export function explainField(file: string, trace: FieldTrace, standing: Standing): FieldExplanation {
  const { field, lookups } = trace;
  const { shadow, isVerified, mappingVersion } = standing;
  const value = shadow?.[field.name];
  const attempt = value === undefined ? null : broughtBy(field.name, standing.attempts);
  const lookup = lookups.at(-1);
  return {
    value: value ?? null,
    isKnown: value !== undefined,
    ...(trace.value === undefined ? {} : { mapped: trace.value }),
    sources: sourcesOf(trace),
    given: shown(trace.given),
    expression: { file, line: field.line, column: field.column, text: field.expression },
    ...(lookup ? { lookup } : {}),
    mappingVersion,
    attempt: attempt?.view.id ?? null,
    readBack:
      value === undefined || attempt === null
        ? null
        : { isVerified, value, at: attempt.settledAt.toISOString() },
  };
}

/** What an expression read, in a form that JSON has. */
export function sourcesOf(trace: Pick<FieldTrace, 'sources'>): SourceValue[] {
  return trace.sources().map(({ path, value }) => ({ path, value: shown(value) }));
}

/** The language has whole numbers and decimals that JSON has not; they are shown as texts. */
function shown(value: unknown): unknown {
  const json = JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'bigint' ? String(part) : part,
  ) as string | undefined;
  return json === undefined ? null : (JSON.parse(json) as unknown);
}

/** The first of the newest attempts that all wanted the same value: the later ones had nothing to change in it. */
function broughtBy(name: string, attempts: readonly AttemptFields[]): RecordAttempt | null {
  const newest = attempts.find(({ fields }) => fields?.[name] !== undefined);
  if (!newest) return null;
  let first = newest;
  for (const one of attempts.slice(attempts.indexOf(newest) + 1)) {
    const value = one.fields?.[name];
    if (value === undefined) continue;
    if (value !== newest.fields![name]) break;
    first = one;
  }
  return first.attempt;
}
