/**
 * One function for a whole mapping, written for the names and values at hand: each attribute of a record is read once,
 * each field stands at a place of its own, and what is usual is sent without a call. It gives what the closures give,
 * or null, before anything was paid for, where a record is none of plain objects.
 */
import type { Conversion } from './compile-field.js';
import type { Evaluation, Fields, FieldValue, MappingReason } from './compiled-mapping.js';
import type { DecidingField, Decision } from './decision.js';
import { generated } from './generated-code.js';
import { RecordReads } from './record-reads.js';
import { noRows, takeLookups, TracedField } from './trace.js';
import { UsualCode, type Piece } from './usual-code.js';
import { Frame } from './value.js';

export type RecordCode = (frame: Frame, seen: Seen | null) => Evaluation | null;

/** What becomes visible of a decision while it is made. */
export interface Seen {
  frame: Frame | null;
  fields: TracedField[];
}

/** What the code calls for what is not usual. */
export interface Parts {
  readonly asKey: (value: unknown) => string;
  readonly keyLengthMax: number;
  readonly holds: (answer: unknown) => boolean;
  readonly notMatching: MappingReason;
  readonly make: (values: readonly (FieldValue | undefined)[]) => Fields;
}

/** Longer functions are not made faster by the engine. */
const fieldsMax = 100;

/**
 * Null where code from strings is forbidden, or would not pay.
 * @param isTraced whether the code notes in `seen` how each field came about; of a record that it rejects it notes none
 */
export function recordCode(decision: Decision, parts: Parts, isTraced: boolean): RecordCode | null {
  if (decision.fields.length > fieldsMax) return null;
  const reads = new RecordReads();
  const key = keyText(decision, parts, reads);
  const when = decision.when ? whenText(decision, parts, reads) : '';
  const fields = decision.fields.map((field, i) => fieldText(field, i, decision, reads, isTraced));
  const trace = isTraced ? traceText(decision.fields, reads) : { before: '', after: '' };
  const whole = wholeText(decision.fields, parts, reads);
  const text = `const nothing = {};
  const [${reads.given.map((_, i) => `g${i}`).join(', ')}] = given;
  return (frame, seen) => {
    const { snapshot } = frame;
    if (snapshot.constructor !== Object) return null;
    ${[...reads.statements, key, when, trace.before, ...fields, trace.after].join('\n')}
    return { kind: 'write', key: frame.key, fields: ${whole} };
  };`;
  const code = generated(['given'], text) as ((given: readonly unknown[]) => RecordCode) | null;
  return code?.(reads.given) ?? null;
}

function keyText({ key, scope }: Decision, { asKey, keyLengthMax }: Parts, reads: RecordReads): string {
  const usual = new UsualCode(reads, scope, 'none');
  const piece = usual.write(key.node);
  const checked = reads.give(asKey);
  if (!piece || usual.statements.length > 0) return `frame.key = ${checked}(${reads.give(key.run)}(frame));`;
  const isUsual = `typeof ${piece.code} === 'string' && ${piece.code} !== '' && ${piece.code}.length <= ${keyLengthMax}`;
  return `frame.key = ${isUsual} ? ${piece.code} : ${checked}(${piece.code});`;
}

function whenText({ when, whenNot, scope }: Decision, parts: Parts, reads: RecordReads): string {
  const usual = new UsualCode(reads, scope, 'none');
  const piece = usual.write(when!.node);
  const isBare = piece?.kind === 'bool' && usual.statements.length === 0;
  const test = isBare ? piece.code : `${reads.give(parts.holds)}(${reads.give(when!.run)}(frame))`;
  const [stays, reason] = [reads.give(whenNot), reads.give(parts.notMatching)];
  return `frame.at = -1;
    if (!${test}) return { kind: 'notMatching', key: frame.key, whenNot: ${stays}, reason: ${reason} };`;
}

/** Leaves in `v` what is sent, and in `t` what the expression gave. */
function fieldText(
  field: DecidingField,
  i: number,
  { scope }: Decision,
  reads: RecordReads,
  isTraced: boolean,
): string {
  const usual = new UsualCode(reads, scope, `usual${i}`);
  const piece = usual.write(field.node);
  const convert = reads.give(field.convert);
  const closure = `t${i} = ${reads.give(field.run)}(frame); v${i} = ${convert}(t${i}, frame);`;
  const begin = `frame.at = ${i}; let t${i}, v${i};`;
  const taken = `frame.lookups.length === 0 ? ${reads.give(noRows)} : ${reads.give(takeLookups)}(frame)`;
  const end = isTraced ? `const k${i} = ${taken};` : '';
  if (!piece) return `${begin} ${closure} ${end}`;
  const spent = usual.steps > 0 ? `frame.spend(${usual.steps});` : '';
  const value = `t${i}`;
  const usually = `${usual.statements.join('\n')} ${spent}
    ${value} = ${piece.code}; v${i} = ${sentText(field, piece, value, convert, reads, isTraced)};`;
  if (usual.statements.length === 0) return `${begin} { ${usually} } ${end}`;
  return `${begin} made${i}: { usual${i}: { ${usually} break made${i}; } ${closure} } ${end}`;
}

function traceText(
  fields: readonly DecidingField[],
  reads: RecordReads,
): { readonly before: string; readonly after: string } {
  const traced = reads.give(TracedField);
  const made = fields.map((field, i) => {
    const outcome = `v${i} === undefined ? 'omitted' : 'written'`;
    return `new ${traced}(${reads.give(field)}, frame, ${outcome}, v${i}, t${i}, k${i})`;
  });
  return { before: 'frame.lookups = [];', after: `seen.fields = [${made.join(', ')}];` };
}

/** What goes out for the value that a piece of code gives. */
function sentText(
  { plain, substitutes, convert }: Conversion,
  { kind, literal }: Piece,
  value: string,
  converted: string,
  reads: RecordReads,
  isTraced: boolean,
): string {
  const same = literal === undefined ? undefined : constantOf(convert, literal, isTraced);
  if (same !== undefined) return reads.give(same);
  let otherwise = `${converted}(${value}, frame)`;
  if (substitutes && kind === 'any') {
    const [absent, empty] = [reads.give(substitutes.absent), reads.give(substitutes.empty)];
    otherwise = `${value} === undefined ? ${absent} : ${value} === null ? ${empty} : ${otherwise}`;
  }
  if (!plain || kind === 'bool') return otherwise;
  const tests = [
    ...(kind === 'text' ? [] : [`typeof ${value} === 'string'`]),
    ...(plain.lengthMax === Infinity ? [] : [`${value}.length <= ${plain.lengthMax}`]),
    ...(plain.test ? [`${reads.give(plain.test)}(${value})`] : []),
  ];
  return tests.length === 0 ? value : `${tests.join(' && ')} ? ${value} : ${otherwise}`;
}

/** `undefined` where it is absent or faulty, which each record is told anew, as is the row of a table. */
function constantOf(
  convert: Conversion['convert'],
  literal: unknown,
  isTraced: boolean,
): FieldValue | undefined {
  const frame = new Frame({}, [], {});
  frame.lookups = [];
  try {
    const sent = convert(literal, frame);
    return isTraced && frame.lookups.length > 0 ? undefined : sent;
  } catch {
    return undefined;
  }
}

function wholeText(fields: readonly DecidingField[], { make }: Parts, reads: RecordReads): string {
  const values = fields.map((_, i) => `v${i}`);
  const tests = values.map((value) => `${value} !== undefined`);
  const literal = fields.map(({ field }, i) => `${JSON.stringify(field.name)}: v${i}`);
  return `${tests.join(' && ')} ? { ${literal.join(', ')} } : ${reads.give(make)}([${values.join(', ')}])`;
}
