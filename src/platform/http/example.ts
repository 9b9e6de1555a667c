import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';

type Schema = Record<string, unknown>;

/**
 * Documents an answer by an example, from which its schema follows. A test holds the examples against real answers,
 * so that what is documented is what is sent.
 */
export function Answers(
  status: number,
  description: string,
  example: object,
  headers: readonly string[] = [],
) {
  return applyDecorators(
    ApiResponse({
      status,
      description,
      headers: Object.fromEntries(headers.map((name) => [name, { schema: { type: 'string' } }])),
      content: { 'application/json': { schema: schemaOf(example), example } },
    }),
  );
}

/**
 * Documents an answer that is a text of another type, to be loaded or shown.
 * @param asJson an example of the same in JSON, where it can be had so
 */
export function AnswersText(status: number, description: string, type: string, asJson?: object) {
  const json =
    asJson === undefined ? {} : { 'application/json': { schema: schemaOf(asJson), example: asJson } };
  return applyDecorators(
    ApiResponse({ status, description, content: { [type]: { schema: { type: 'string' } }, ...json } }),
  );
}

/** A page of a list, with one item to show. */
export function pageExample(item: object): object {
  return { items: [item], next: null };
}

function schemaOf(value: unknown): Schema {
  if (value === null) return {};
  if (Array.isArray(value)) return { type: 'array', items: value.length > 0 ? schemaOf(value[0]) : {} };
  if (typeof value === 'object') {
    const properties = Object.entries(value).map(([name, member]) => [name, schemaOf(member)]);
    return { type: 'object', properties: Object.fromEntries(properties) as Schema };
  }
  if (typeof value === 'number') return { type: Number.isInteger(value) ? 'integer' : 'number' };
  if (typeof value === 'boolean') return { type: 'boolean' };
  const isTime = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value);
  return isTime ? { type: 'string', format: 'date-time' } : { type: 'string' };
}
