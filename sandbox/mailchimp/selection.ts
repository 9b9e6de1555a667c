import { isObject } from '../call.js';

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
