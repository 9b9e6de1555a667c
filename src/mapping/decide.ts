/** One record at one mapping: key, `when`, fields. The heart of the language, on one screen. */
import type { Evaluation, Explanation, FieldValue, MappingReason, Targets } from './compiled-mapping.js';
import type { DecidingField, Decision } from './decision.js';
import { FieldsMaker } from './fields-maker.js';
import { recordCode, type RecordCode, type Seen } from './record-code.js';
import { runTraced, sourcesIn, type TracedField } from './trace.js';
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

export class Decider {
  private readonly notMatching: MappingReason;
  private readonly lengthMax: number;
  private readonly maker: FieldsMaker;
  private readonly plain = new OwnCode(() => this.write(false));
  private readonly traced = new OwnCode(() => this.write(true));

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
    return this.decide(snapshot, targets, this.plain.orNull(), null);
  }

  explain(snapshot: unknown, targets: Targets = noTargets): Explanation {
    let seen: Seen = { frame: null, fields: [] };
    let evaluation = this.decide(snapshot, targets, this.traced.orNull(), seen);
    if (evaluation.kind === 'rejected') {
      // The closures also trace the field that failed.
      seen = { frame: null, fields: [] };
      evaluation = this.decide(snapshot, targets, null, seen);
    }
    return { evaluation, when: this.whenOf(evaluation, seen.frame), fields: seen.fields };
  }

  private decide(
    snapshot: unknown,
    targets: Targets,
    code: RecordCode | null,
    seen: Seen | null,
  ): Evaluation {
    let frame: Frame | null = null;
    try {
      frame = new Frame(asSnapshot(snapshot), this.decision.newSlots(), targets);
      if (seen) seen.frame = frame;
      return code?.(frame, seen) ?? this.decided(frame, seen?.fields ?? null);
    } catch (error) {
      return {
        kind: 'rejected',
        key: frame?.key ?? null,
        reason: reasonOf(error, this.placeOf(frame?.at ?? atKey)),
      };
    }
  }

  private decided(frame: Frame, trace: TracedField[] | null): Evaluation {
    const { key: keyPart, when, whenNot, fields } = this.decision;
    const key = asKey(keyPart.run(frame), this.lengthMax);
    frame.key = key;
    if (when) {
      frame.at = atWhen;
      if (!holds(when.run(frame))) return { kind: 'notMatching', key, whenNot, reason: this.notMatching };
    }
    const values = trace ? runEachTraced(fields, frame, trace) : runEach(fields, frame);
    return { kind: 'write', key, fields: this.maker.make(values) };
  }

  private whenOf(evaluation: Evaluation, frame: Frame | null): Explanation['when'] {
    const { when } = this.decision;
    if (!when) return null;
    const isDecided = evaluation.kind !== 'rejected' || (frame?.at ?? atKey) > atWhen;
    return {
      expression: when.expression,
      line: when.line,
      holds: isDecided ? evaluation.kind !== 'notMatching' : null,
      sources: () => (frame ? sourcesIn(when.sources(), frame) : []),
    };
  }

  private write(isTraced: boolean): RecordCode | null {
    const parts = {
      asKey: (value: unknown) => asKey(value, this.lengthMax),
      keyLengthMax: this.lengthMax,
      holds,
      notMatching: this.notMatching,
      make: (values: Values) => this.maker.make(values),
    };
    return recordCode(this.decision, parts, isTraced);
  }

  private placeOf(at: number): { file: string; line: number; field: string | null } {
    const { file, key, when, keyField, fields } = this.decision;
    if (at === atKey) return { file, line: key.line, field: keyField };
    if (at === atWhen) return { file, line: when!.line, field: null };
    const { line, name } = fields[at]!.field;
    return { file, line, field: name };
  }
}

/** Code of the mapping's own, once it is used often. */
class OwnCode {
  private asked = 0;
  private code: RecordCode | null = null;

  constructor(private readonly write: () => RecordCode | null) {}

  orNull(): RecordCode | null {
    if (this.asked < manyEvaluations && ++this.asked === manyEvaluations) this.code = this.write();
    return this.code;
  }
}

function runEach(fields: readonly DecidingField[], frame: Frame): Values {
  return fields.map(({ run, convert }, i) => {
    frame.at = i;
    return convert(run(frame), frame);
  });
}

function runEachTraced(fields: readonly DecidingField[], frame: Frame, trace: TracedField[]): Values {
  frame.lookups = [];
  return fields.map((field, i) => {
    frame.at = i;
    return runTraced(field, frame, trace);
  });
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
