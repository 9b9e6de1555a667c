import type { ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats, { type FormatName } from 'ajv-formats';
import { RE2JS } from 're2js';
import { invalidRequest, Problem, type ProblemFault } from '../platform/http/problem.js';
import { escapePointer } from '../platform/http/text-guard.js';

export const SCHEMA_CHARACTERS_MAX = 64 * 1024;
const ANSWERS_CHARACTERS_MAX = 32 * 1024;
const FORMATS: FormatName[] = ['date', 'date-time', 'time', 'email', 'uri'];

export interface ConsentText {
  readonly purpose: string;
  readonly text: string;
  readonly textVersion: string;
  readonly required: boolean;
}

/** The questions of an event, ready to judge answers. Compiled once per version. */
export interface Form {
  readonly version: number;
  readonly schema: Record<string, unknown>;
  readonly consents: readonly ConsentText[];
  /** The faults of these answers; none where they fit. */
  readonly judge: (answers: Record<string, unknown>) => ProblemFault[];
}

/** Where an event has no form, nothing is asked. */
export const NO_QUESTIONS: Record<string, unknown> = { type: 'object', properties: {} };

type ShowIf = Readonly<Record<string, unknown>>;

/**
 * Makes a form of its stored parts.
 *
 * Patterns run on RE2, whose time is linear in the text: a pattern of an operator cannot be turned against us by an
 * answer. References stay inside the schema.
 * @throws Problem `invalid-request` where the schema is none
 */
export function compileForm(
  version: number,
  schema: Record<string, unknown>,
  consents: readonly ConsentText[],
): Form {
  const validate = compiled(schema);
  const conditions = showIfs(schema);
  return {
    version,
    schema,
    consents,
    judge: (answers) => judge(answers, validate, conditions),
  };
}

function compiled(schema: Record<string, unknown>): ValidateFunction {
  const refuse = (message: string): never => {
    throw invalidRequest([{ pointer: '/schema', code: 'invalid-schema', message }]);
  };
  if (JSON.stringify(schema).length > SCHEMA_CHARACTERS_MAX) {
    refuse(`must have at most ${SCHEMA_CHARACTERS_MAX} characters.`);
  }
  if (schema.type !== 'object') refuse('must describe an object: "type": "object".');
  if (/"\$(dynamicRef|recursiveRef|async)"/.test(JSON.stringify(schema)))
    refuse('must not use dynamic references.');
  const ajv = new Ajv2020({
    allErrors: true,
    strict: true,
    strictTypes: false,
    strictRequired: false,
    validateFormats: true,
    ownProperties: true,
    code: { regExp: Object.assign(linearRegExp, { code: 'linearRegExp' }) },
  });
  (formats as unknown as (to: Ajv2020, options: object) => void)(ajv, { mode: 'fast', formats: FORMATS });
  ajv.addKeyword({ keyword: 'x-showIf', schemaType: 'object' });
  try {
    // What is not asked is not taken: answers without a question would be kept without a purpose.
    return ajv.compile({ ...closing(schema), ...schema });
  } catch (error) {
    return refuse(`is no JSON Schema 2020-12 that can be used here: ${(error as Error).message}.`);
  }
}

/** Parts put together by allOf, if or a reference are seen by `unevaluatedProperties` only. */
function closing(schema: Record<string, unknown>): Record<string, unknown> {
  if ('additionalProperties' in schema || 'unevaluatedProperties' in schema) return {};
  const composed = ['allOf', 'anyOf', 'oneOf', 'if', '$ref'].some((keyword) => keyword in schema);
  return composed ? { unevaluatedProperties: false } : { additionalProperties: false };
}

function linearRegExp(pattern: string): { test: (text: string) => boolean; toString: () => string } {
  const machine = RE2JS.compile(pattern);
  // Ajv keeps patterns by their text and would take all for one.
  return { test: (text) => machine.matcher(text).find(), toString: () => pattern };
}

function showIfs(schema: Record<string, unknown>): ReadonlyMap<string, ShowIf> {
  const conditions = new Map<string, ShowIf>();
  const questions = (schema.properties ?? {}) as Record<string, { 'x-showIf'?: ShowIf } | boolean>;
  for (const [name, question] of Object.entries(questions)) {
    const condition = typeof question === 'object' ? question['x-showIf'] : undefined;
    if (!condition) continue;
    for (const other of Object.keys(condition)) {
      if (Object.hasOwn(questions, other)) continue;
      const pointer = `/schema/properties/${escapePointer(name)}/x-showIf`;
      throw invalidRequest([{ pointer, code: 'unknown-question', message: `names no question: ${other}.` }]);
    }
    conditions.set(name, condition);
  }
  return conditions;
}

function judge(
  answers: Record<string, unknown>,
  validate: ValidateFunction,
  conditions: ReadonlyMap<string, ShowIf>,
): ProblemFault[] {
  if (JSON.stringify(answers).length > ANSWERS_CHARACTERS_MAX) {
    return [
      {
        pointer: '/answers',
        code: 'too-long',
        message: `must have at most ${ANSWERS_CHARACTERS_MAX} characters.`,
      },
    ];
  }
  const hidden = new Set([...conditions].filter(([, c]) => !isShown(c, answers)).map(([name]) => name));
  const faults = [...hidden]
    .filter((name) => Object.hasOwn(answers, name))
    .map((name) => ({
      pointer: `/answers/${escapePointer(name)}`,
      code: 'not-asked',
      message: 'is not asked after the other answers.',
    }));
  return [...faults, ...schemaFaults(answers, validate, hidden)];
}

function isShown(condition: ShowIf, answers: Record<string, unknown>): boolean {
  return Object.entries(condition).every(([other, wanted]) => {
    const answer = Object.hasOwn(answers, other) ? answers[other] : undefined;
    return Array.isArray(wanted) ? wanted.includes(answer) : answer === wanted;
  });
}

function schemaFaults(
  answers: Record<string, unknown>,
  validate: ValidateFunction,
  hidden: ReadonlySet<string>,
): ProblemFault[] {
  try {
    if (validate(answers)) return [];
  } catch {
    // A schema that refers to itself without end; the answers cannot be judged, so they are not taken.
    return [{ pointer: '/answers', code: 'too-deep', message: 'cannot be judged by the form.' }];
  }
  return (validate.errors ?? [])
    .filter(({ keyword, instancePath, params }) => {
      const missing = (params as { missingProperty?: string }).missingProperty;
      return !(keyword === 'required' && instancePath === '' && hidden.has(missing ?? ''));
    })
    .slice(0, 20)
    .map(({ keyword, instancePath, params, message }) => {
      const { missingProperty, additionalProperty, unevaluatedProperty } = params as Record<
        string,
        string | undefined
      >;
      const unasked = additionalProperty ?? unevaluatedProperty;
      const below = missingProperty ?? unasked;
      const pointer = `/answers${instancePath}${below === undefined ? '' : `/${escapePointer(below)}`}`;
      if (missingProperty !== undefined) return { pointer, code: 'required', message: 'must be answered.' };
      if (unasked !== undefined) return { pointer, code: 'not-asked', message: 'is not asked.' };
      return { pointer, code: keyword.toLowerCase(), message: `${message ?? 'does not fit'}.` };
    });
}

export function invalidAnswer(errors: readonly ProblemFault[]): Problem {
  return new Problem('invalid-answer', `${errors[0]!.pointer} ${errors[0]!.message}`, { errors });
}
