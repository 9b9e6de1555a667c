/** One record at one mapping: key, `when`, fields. The heart of the language, on one screen. */
import type { Evaluation, Fields, FieldValue, MappingReason, WhenNot } from './compiled-mapping.js';
import { classOf, Frame, ValueFault, type Run } from './value.js';

export interface DecidingField {
  readonly name: string;
  readonly line: number;
  readonly run: (frame: Frame) => FieldValue | undefined;
}

export interface Decision {
  readonly file: string;
  readonly keyField: string;
  readonly keyLengthMax: number | null;
  readonly key: { readonly run: Run; readonly line: number };
  readonly when: { readonly run: Run; readonly line: number } | null;
  readonly whenNot: WhenNot;
  readonly fields: readonly DecidingField[];
  readonly newSlots: () => unknown[];
}

/** Backends and our own tables identify records by texts no longer than this. */
const keyLengthMax = 255;

export function decider(decision: Decision): (snapshot: unknown) => Evaluation {
  const { file, whenNot, fields, newSlots } = decision;
  const whenLine = decision.when?.line ?? decision.key.line;
  const notMatchingReason: MappingReason = {
    code: 'when-false',
    message: 'when does not hold for this record',
    owner: 'data',
    file,
    line: whenLine,
    field: null,
  };
  return (snapshot) => {
    let key: string | null = null;
    let field: string | null = decision.keyField;
    let line = decision.key.line;
    try {
      const frame = new Frame(asSnapshot(snapshot), newSlots());
      key = asKey(decision.key.run(frame), decision.keyLengthMax ?? keyLengthMax);
      field = null;
      line = whenLine;
      if (decision.when && !holds(decision.when.run(frame))) {
        return { kind: 'notMatching', key, whenNot, reason: notMatchingReason };
      }
      const values: Record<string, FieldValue> = {};
      for (const next of fields) {
        ({ name: field, line } = next);
        const value = next.run(frame);
        if (value !== undefined) values[field] = value;
      }
      return { kind: 'write', key, fields: values satisfies Fields };
    } catch (error) {
      return { kind: 'rejected', key, reason: reasonOf(error, { file, line, field }) };
    }
  };
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
    return { code: error.code, message: error.message, owner: error.owner, ...where };
  }
  // A hole in the language: the record is safe and told apart, and the text of the error may hold a value.
  const message = 'The mapping language failed on this record: a fault of ours';
  return { code: 'mapping-failed', message, owner: 'mapping', ...where };
}
