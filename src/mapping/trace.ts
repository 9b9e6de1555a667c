/** How a value came about: what was read, what an expression gave, which rows of tables answered. */
import { compileExpression } from './compile-expression.js';
import type { CompiledField, FieldTrace, FieldValue, LookupRow, SourceValue } from './compiled-mapping.js';
import type { DecidingField, Source } from './decision.js';
import type { Node } from './expression-language.js';
import { NotInLanguage, type Scope } from './scope.js';
import { partsOf } from './syntax-tree.js';
import { ValueFault } from './value-fault.js';
import type { Frame, Run } from './value.js';

export function sourcesIn(sources: readonly Source[], frame: Frame): SourceValue[] {
  return sources.map(({ path, run }) => ({ path, value: attempt(run, frame) }));
}

/** The parts of an expression that read the record: each attribute chain as long as it goes, loops' own names left out. */
export function sourcesOf(node: Node, text: string, scope: Scope): Source[] {
  const found = new Map<string, Source>();
  collect(node, text, scope, found);
  return [...found.values()];
}

export const noRows: readonly LookupRow[] = [];

/** One field of one record, with everything that led to its value. */
export class TracedField implements FieldTrace {
  constructor(
    private readonly plan: DecidingField,
    private readonly frame: Frame,
    readonly outcome: FieldTrace['outcome'],
    readonly value: FieldValue | undefined,
    readonly given: unknown,
    readonly lookups: readonly LookupRow[],
  ) {}

  get field(): CompiledField {
    return this.plan.field;
  }

  sources(): SourceValue[] {
    return sourcesIn(this.plan.sources(), this.frame);
  }
}

/**
 * Runs one field and notes in `trace` how it went, also where it fails.
 * @throws ValueFault where the record must be rejected
 */
export function runTraced(plan: DecidingField, frame: Frame, trace: FieldTrace[]): FieldValue | undefined {
  let outcome: FieldTrace['outcome'] = 'rejected';
  let given: unknown;
  let value: FieldValue | undefined;
  try {
    given = plan.run(frame);
    value = plan.convert(given, frame);
    outcome = value === undefined ? 'omitted' : 'written';
    return value;
  } finally {
    trace.push(new TracedField(plan, frame, outcome, value, given, takeLookups(frame)));
  }
}

/** The rows that tables answered with since they were taken last. */
export function takeLookups(frame: Frame): readonly LookupRow[] {
  const { lookups } = frame;
  if (!lookups || lookups.length === 0) return noRows;
  frame.lookups = [];
  return lookups;
}

function collect(node: Node, text: string, scope: Scope, found: Map<string, Source>): void {
  if (isRead(node)) {
    const path = text.slice(node.start, node.end);
    const source = found.has(path) ? null : sourceAt(node, path, scope);
    if (source) found.set(path, source);
    if (source || found.has(path)) return;
  }
  for (const part of partsOf(node)) collect(part, text, scope, found);
}

function isRead(node: Node): boolean {
  if (node.op === 'id' || node.op === '.') return true;
  return node.op === 'rcall' && node.args[0] === 'granted';
}

/** Null where it names a loop's variable, which has no value outside its loop. */
function sourceAt(node: Node, path: string, scope: Scope): Source | null {
  try {
    return { path, run: compileExpression(node, scope).run };
  } catch (error) {
    if (error instanceof NotInLanguage) return null;
    throw error;
  }
}

function attempt(run: Run, frame: Frame): unknown {
  try {
    return run(frame);
  } catch (error) {
    // The record was rejected for it already; a source that cannot be read has no value to show.
    if (error instanceof ValueFault) return undefined;
    throw error;
  }
}
