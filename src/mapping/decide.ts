/** One record at one mapping: key, `when`, fields. The heart of the language, on one screen. */
import type {
  CompiledField,
  Evaluation,
  Explanation,
  FieldTrace,
  FieldValue,
  MappingReason,
  Targets,
  WhenNot,
} from './compiled-mapping.js';
import type { Convert } from './compile-field.js';
import { sourcesIn, TracedField, type Source } from './trace.js';
import { ValueFault } from './value-fault.js';
import { classOf, Frame, type Run } from './value.js';

export interface DecidingField {
  readonly field: CompiledField;
  readonly run: Run;
  readonly convert: Convert;
  readonly sources: () => readonly Source[];
}

export interface Condition {
  readonly run: Run;
  readonly expression: string;
  readonly line: number;
  readonly sources: () => readonly Source[];
}

export interface Decision {
  readonly file: string;
  readonly keyField: string;
  readonly keyLengthMax: number | null;
  readonly key: { readonly run: Run; readonly line: number };
  readonly when: Condition | null;
  readonly whenNot: WhenNot;
  readonly fields: readonly DecidingField[];
  readonly newSlots: () => unknown[];
}

/** Backends and our own tables identify records by texts no longer than this. */
const keyLengthMax = 255;
const noTargets: Targets = Object.freeze({});

interface Trace {
  holds: boolean | null;
  frame: Frame | null;
  readonly fields: FieldTrace[];
}

export class Decider {
  private readonly notMatching: MappingReason;
  private readonly lengthMax: number;

  constructor(private readonly decision: Decision) {
    this.lengthMax = decision.keyLengthMax ?? keyLengthMax;
    this.notMatching = {
      code: 'when-false',
      message: 'when does not hold for this record',
      owner: 'data',
      file: decision.file,
      line: decision.when?.line ?? decision.key.line,
      field: null,
    };
  }

  evaluate(snapshot: unknown, targets: Targets = noTargets): Evaluation {
    return this.decide(snapshot, targets, null);
  }

  explain(snapshot: unknown, targets: Targets = noTargets): Explanation {
    const trace: Trace = { holds: null, frame: null, fields: [] };
    const evaluation = this.decide(snapshot, targets, trace);
    const { when } = this.decision;
    const { frame, holds, fields } = trace;
    const sources = (): ReturnType<typeof sourcesIn> =>
      when && frame ? sourcesIn(when.sources(), frame) : [];
    return {
      evaluation,
      when: when && { expression: when.expression, line: when.line, holds, sources },
      fields,
    };
  }

  private decide(snapshot: unknown, targets: Targets, trace: Trace | null): Evaluation {
    const { decision } = this;
    let key: string | null = null;
    let field: string | null = decision.keyField;
    let { line } = decision.key;
    try {
      const frame = new Frame(asSnapshot(snapshot), decision.newSlots(), targets);
      if (trace) trace.frame = frame;
      key = asKey(decision.key.run(frame), this.lengthMax);
      if (decision.when) {
        field = null;
        ({ line } = decision.when);
        const isMatching = holds(decision.when.run(frame));
        if (trace) trace.holds = isMatching;
        if (!isMatching) {
          return { kind: 'notMatching', key, whenNot: decision.whenNot, reason: this.notMatching };
        }
      }
      const values: Record<string, FieldValue> = {};
      for (const next of decision.fields) {
        field = next.field.name;
        ({ line } = next.field);
        const value = trace ? traced(next, frame, trace) : next.convert(next.run(frame), frame);
        if (value !== undefined) values[field] = value;
      }
      return { kind: 'write', key, fields: values };
    } catch (error) {
      return { kind: 'rejected', key, reason: reasonOf(error, { file: decision.file, line, field }) };
    }
  }
}

function traced(next: DecidingField, frame: Frame, trace: Trace): FieldValue | undefined {
  const made = new TracedField(next, frame);
  trace.fields.push(made);
  return made.evaluate();
}

function asSnapshot(snapshot: unknown): object {
  if (typeof snapshot === 'object' && snapshot !== null && !Array.isArray(snapshot)) return snapshot;
  throw new ValueFault('not-a-snapshot', `A record must be an object, found ${classOf(snapshot)}`);
}

function asKey(value: unknown, lengthMax: number): string {
  const key = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  if (typeof key !== 'string' || key === '') {
    throw new ValueFault('missing-key', `The key needs a text, found ${classOf(value)}`);
  }
  if (key.length > lengthMax) {
    throw new ValueFault(
      'too-long',
      `The key takes ${lengthMax} characters and the record has ${key.length}`,
    );
  }
  return key;
}

/** Doubt is no consent and no withdrawal either: nothing is sent, nothing removed, and someone is told. */
function holds(answer: unknown): boolean {
  if (typeof answer === 'boolean') return answer;
  throw new ValueFault(
    'when-undecided',
    `when gives ${classOf(answer)}: use has() for what may be absent`,
    'mapping',
  );
}

function reasonOf(
  error: unknown,
  where: { file: string; line: number; field: string | null },
): MappingReason {
  if (error instanceof ValueFault) {
    const { code, message, owner, waitsFor } = error;
    return { code, message, owner, ...where, ...(waitsFor === null ? {} : { waitsFor }) };
  }
  // A hole in the language: the record is safe and told apart, and the text of the error may hold a value.
  const message = 'The mapping language failed on this record: a fault of ours';
  return { code: 'mapping-failed', message, owner: 'mapping', ...where };
}
