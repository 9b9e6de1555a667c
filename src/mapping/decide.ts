/** One record at one mapping: key, `when`, fields. The heart of the language, on one screen. */
import type {
  CompiledField,
  Evaluation,
  Explanation,
  Fields,
  FieldTrace,
  FieldValue,
  MappingReason,
  Targets,
  WhenNot,
} from './compiled-mapping.js';
import type { Convert } from './compile-field.js';
import { FieldsMaker } from './fields-maker.js';
import { fieldsRunner } from './generated-code.js';
import { sourcesIn, TracedField, type Source } from './trace.js';
import { ValueFault } from './value-fault.js';
import { classOf, Frame, type Run } from './value.js';

export interface DecidingField {
  readonly field: CompiledField;
  readonly run: Run;
  readonly convert: Convert;
  /** Texts up to this length need no conversion: most values are such. -1 where every text does. */
  readonly plainMax: number;
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

/** From here on a mapping's fields have code of their own; a check of its examples does not pay for that. */
const manyEvaluations = 200;
/** Longer functions are not made faster by the engine. */
const ownCodeFieldsMax = 100;

/** What is being worked on beside fields, which have their index. */
const atKey = -2;
const atWhen = -1;

type Values = readonly (FieldValue | undefined)[];

interface Trace {
  holds: boolean | null;
  frame: Frame | null;
  readonly fields: FieldTrace[];
}

export class Decider {
  private readonly notMatching: MappingReason;
  private readonly lengthMax: number;
  private readonly maker: FieldsMaker;
  private evaluations = 0;
  private run = (frame: Frame): Fields => this.maker.make(runEach(this.decision.fields, frame));

  constructor(private readonly decision: Decision) {
    this.maker = new FieldsMaker(decision.fields.map(({ field }) => field.name));
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
    const { key: keyPart, when, whenNot, fields, newSlots } = this.decision;
    let key: string | null = null;
    let frame: Frame | null = null;
    try {
      frame = new Frame(asSnapshot(snapshot), newSlots(), targets);
      if (trace) trace.frame = frame;
      key = asKey(keyPart.run(frame), this.lengthMax);
      if (when) {
        frame.at = atWhen;
        const isMatching = holds(when.run(frame));
        if (trace) trace.holds = isMatching;
        if (!isMatching) return { kind: 'notMatching', key, whenNot, reason: this.notMatching };
      }
      const made = trace ? this.maker.make(runTraced(fields, frame, trace)) : this.runner()(frame);
      return { kind: 'write', key, fields: made };
    } catch (error) {
      return { kind: 'rejected', key, reason: reasonOf(error, this.placeOf(frame?.at ?? atKey)) };
    }
  }

  /** One loop at first; what is used often gets code of its own. */
  private runner(): (frame: Frame) => Fields {
    if (this.evaluations < manyEvaluations && ++this.evaluations === manyEvaluations) {
      const fields = this.decision.fields.map((one) => ({ ...one, name: one.field.name }));
      const make = (values: readonly unknown[]): Fields => this.maker.make(values as Values);
      if (fields.length <= ownCodeFieldsMax) this.run = fieldsRunner(fields, make) ?? this.run;
    }
    return this.run;
  }

  private placeOf(at: number): { file: string; line: number; field: string | null } {
    const { file, key, when, keyField, fields } = this.decision;
    if (at === atKey) return { file, line: key.line, field: keyField };
    if (at === atWhen) return { file, line: when!.line, field: null };
    const { line, name } = fields[at]!.field;
    return { file, line, field: name };
  }
}

function runEach(fields: readonly DecidingField[], frame: Frame): Values {
  return fields.map(({ run, convert, plainMax }, i) => {
    frame.at = i;
    const given = run(frame);
    return typeof given === 'string' && given.length <= plainMax ? given : convert(given, frame);
  });
}

function runTraced(fields: readonly DecidingField[], frame: Frame, trace: Trace): Values {
  const values = new Array<FieldValue | undefined>(fields.length);
  for (let i = 0; i < fields.length; i++) {
    frame.at = i;
    const made = new TracedField(fields[i]!, frame);
    trace.fields.push(made);
    values[i] = made.evaluate();
  }
  return values;
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
