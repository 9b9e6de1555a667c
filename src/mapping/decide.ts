/** One record at one mapping: key, `when`, fields. The heart of the language, on one screen. */
import type {
  Evaluation,
  Explanation,
  FieldTrace,
  FieldValue,
  MappingReason,
  Targets,
} from './compiled-mapping.js';
import type { DecidingField, Decision } from './decision.js';
import { FieldsMaker } from './fields-maker.js';
import { recordCode, type RecordCode } from './record-code.js';
import { sourcesIn, TracedField } from './trace.js';
import { ValueFault } from './value-fault.js';
import { classOf, Frame } from './value.js';

/** Backends and our own tables identify records by texts no longer than this. */
const keyLengthMax = 255;
const noTargets: Targets = Object.freeze({});

/** From here on a mapping has code of its own; a check of its examples does not pay for that. */
export const manyEvaluations = 200;

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
  private code: RecordCode | null = null;

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
    const { newSlots } = this.decision;
    let frame: Frame | null = null;
    try {
      frame = new Frame(asSnapshot(snapshot), newSlots(), targets);
      if (!trace) return this.ownCode()?.(frame) ?? this.decided(frame, null);
      trace.frame = frame;
      return this.decided(frame, trace);
    } catch (error) {
      return {
        kind: 'rejected',
        key: frame?.key ?? null,
        reason: reasonOf(error, this.placeOf(frame?.at ?? atKey)),
      };
    }
  }

  private decided(frame: Frame, trace: Trace | null): Evaluation {
    const { key: keyPart, when, whenNot, fields } = this.decision;
    const key = asKey(keyPart.run(frame), this.lengthMax);
    frame.key = key;
    if (when) {
      frame.at = atWhen;
      const isMatching = holds(when.run(frame));
      if (trace) trace.holds = isMatching;
      if (!isMatching) return { kind: 'notMatching', key, whenNot, reason: this.notMatching };
    }
    const values = trace ? runTraced(fields, frame, trace) : runEach(fields, frame);
    return { kind: 'write', key, fields: this.maker.make(values) };
  }

  private ownCode(): RecordCode | null {
    if (this.evaluations < manyEvaluations && ++this.evaluations === manyEvaluations) {
      this.code = recordCode(this.decision, {
        asKey: (value) => asKey(value, this.lengthMax),
        keyLengthMax: this.lengthMax,
        holds,
        notMatching: this.notMatching,
        make: (values) => this.maker.make(values),
      });
    }
    return this.code;
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
  return fields.map(({ run, convert }, i) => {
    frame.at = i;
    return convert(run(frame), frame);
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
