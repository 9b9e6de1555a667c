/**
 * Texts and bodies with `{{ expression }}` in them. The expressions are those of mapping files, compiled once; nothing
 * else of a template is code, and what an expression gives is data and never read as a template again.
 */
import { exactNumber, isDecimal } from '../mapping/decimal.js';
import { compileUntyped, type UntypedExpression, type UntypedFault } from '../mapping/untyped-expression.js';

export type Values = Readonly<Record<string, unknown>>;

/** A text that cannot be made of this record; `message` holds no value. */
export class TemplateFault extends Error {
  readonly code = 'template';
}

export interface Template<T> {
  /** The variables that it reads. */
  readonly names: ReadonlySet<string>;
  /** @throws TemplateFault or ValueFault */
  render(values: Values): T;
}

/** @param source the expression's text, so that the fault can be shown in its place */
export type NoteTemplateFault = (message: string, source: { text: string; start: number }) => unknown;

const INSERT = /\{\{(.*?)\}\}/gs;

/** A path below the base URL. Each value is one piece of it: whatever it holds, it opens no other path. */
export function urlTemplate(
  text: string,
  names: readonly string[],
  note: NoteTemplateFault,
): Template<string> {
  return textTemplate(text, names, note, (value) => {
    const piece = textOf(value);
    if (piece === '') throw new TemplateFault('a part of the URL is empty');
    // `.` and `..` are steps up the path, also when they are percent-encoded.
    if (/^\.{1,2}$/.test(piece)) throw new TemplateFault('a part of the URL is a step up its path');
    return encodeURIComponent(piece);
  });
}

export function headerTemplate(
  text: string,
  names: readonly string[],
  note: NoteTemplateFault,
): Template<string> {
  return textTemplate(text, names, note, (value) => {
    const piece = textOf(value);
    if (!/^[\t\x20-\x7e]*$/.test(piece))
      throw new TemplateFault('a header would hold a character that none may hold');
    return piece;
  });
}

/**
 * JSON with expressions in its texts. A text that is nothing but one expression becomes its value, of whatever kind;
 * what is absent is left out of the map or list around it.
 */
export function bodyTemplate(
  value: unknown,
  names: readonly string[],
  note: NoteTemplateFault,
): Template<unknown> {
  if (typeof value === 'string') return bodyText(value, names, note);
  if (Array.isArray(value)) {
    const items = value.map((item) => bodyTemplate(item, names, note));
    const render = (values: Values) =>
      items.map((item) => item.render(values)).filter((item) => item !== undefined);
    return { names: union(items), render };
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(
      ([key, item]) => [key, bodyTemplate(item, names, note)] as const,
    );
    const render = (values: Values) =>
      Object.fromEntries(
        entries
          .map(([key, item]) => [key, item.render(values)] as const)
          .filter(([, item]) => item !== undefined),
      );
    return { names: union(entries.map(([, item]) => item)), render };
  }
  return { names: new Set(), render: () => value };
}

function bodyText(text: string, names: readonly string[], note: NoteTemplateFault): Template<unknown> {
  const whole = /^\s*\{\{(.*)\}\}\s*$/s.exec(text);
  if (!whole || whole[1]!.includes('}}')) return textTemplate(text, names, note, textOf);
  const expression = compiled(whole[1]!, names, note);
  return { names: expression.names, render: (values) => plain(expression.run(values)) };
}

function textTemplate(
  text: string,
  names: readonly string[],
  note: NoteTemplateFault,
  write: (value: unknown) => string,
): Template<string> {
  const pieces: (string | UntypedExpression)[] = [];
  let end = 0;
  for (const match of text.matchAll(INSERT)) {
    pieces.push(text.slice(end, match.index), compiled(match[1]!, names, note));
    end = match.index + match[0].length;
  }
  const rest = text.slice(end);
  if (rest.includes('{{')) note('{{ has no }} behind it', { text: rest, start: rest.indexOf('{{') });
  pieces.push(rest);
  return {
    names: new Set(pieces.flatMap((piece) => (typeof piece === 'string' ? [] : [...piece.names]))),
    render: (values) =>
      pieces.map((piece) => (typeof piece === 'string' ? piece : write(plain(piece.run(values))))).join(''),
  };
}

/** A faulty one is noted, and stands for nothing. */
function compiled(text: string, names: readonly string[], note: NoteTemplateFault): UntypedExpression {
  const result = compileUntyped(text, names);
  if ('expression' in result) return result.expression;
  note(sentenceOf(result.fault), { text, start: result.fault.start });
  return { names: new Set(), run: () => undefined };
}

export function sentenceOf({ code, message, nearest, fix }: UntypedFault): string {
  const advice = fix ?? (nearest ? `write ${nearest}` : null);
  return `${code}: ${message}${advice ? ` (${advice})` : ''}`;
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) throw new TemplateFault('a part of the text is absent');
  if (typeof value === 'object') throw new TemplateFault('a part of the text is a list or an object');
  return `${value as string | number | boolean}`;
}

/** Values of expressions as JSON has them. */
function plain(value: unknown): unknown {
  if (value instanceof Map) return plain(Object.fromEntries(value as Map<string, unknown>));
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  if (isDecimal(value)) return exactNumber(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

function union(parts: readonly Template<unknown>[]): ReadonlySet<string> {
  return new Set(parts.flatMap(({ names }) => [...names]));
}
