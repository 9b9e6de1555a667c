import { type Answer, isObject } from '../call.js';
import { invalid } from './problems.js';

const PAGE_MAX = 1000;
const PAGE_DEFAULT = 10;

/** `?count=100&offset=200` of a list. */
export function pageIn(query: URLSearchParams): { count: number; offset: number } | { answer: Answer } {
  const count = Math.min(Number(query.get('count') ?? PAGE_DEFAULT), PAGE_MAX);
  const offset = Number(query.get('offset') ?? 0);
  if (Number.isInteger(count) && Number.isInteger(offset) && count >= 0 && offset >= 0)
    return { count, offset };
  const message = 'Schema describes integer, string found instead';
  return { answer: invalid([{ field: 'count', message }]) };
}

/** `?fields=id,merge_fields.FNAME`, `members.id` in lists; `exclude_fields` takes away. */
export function withFields(body: Record<string, unknown>, query: URLSearchParams): unknown {
  const wanted = listOf(query.get('fields'));
  const unwanted = listOf(query.get('exclude_fields'));
  if (wanted.length > 0) return only(body, wanted);
  return unwanted.length > 0 ? without(body, unwanted) : body;
}

function only(value: unknown, paths: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((each) => only(each, paths));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) => {
      if (paths.includes(name)) return [[name, inner]];
      const below = paths
        .filter((path) => path.startsWith(`${name}.`))
        .map((path) => path.slice(name.length + 1));
      return below.length > 0 ? [[name, only(inner, below)]] : [];
    }),
  );
}

function without(value: unknown, paths: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((each) => without(each, paths));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !paths.includes(name))
      .map(([name, inner]) => {
        const below = paths
          .filter((path) => path.startsWith(`${name}.`))
          .map((path) => path.slice(name.length + 1));
        return [name, below.length > 0 ? without(inner, below) : inner];
      }),
  );
}

function listOf(given: string | null): string[] {
  return (given ?? '').split(',').filter((name) => name !== '');
}
