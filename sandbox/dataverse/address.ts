import { unknown } from './errors.js';

/** A record's key as an address names it: its id, or the columns of an alternate key. */
export type Key = { id: string } | { columns: Record<string, string> };

/** `contacts(foyer_personid='p-1')/lastname`: the pieces of an address below /api/data/v9.2/. */
export interface Address {
  /** Entity set, function, or `EntityDefinitions`. */
  name: string;
  /** What stands between the parentheses; undefined without any. */
  inner: string | undefined;
  /** The segments that follow. */
  rest: string[];
}

const SEGMENT = /^([$\w.]+)(?:\(((?:[^']|'[^']*')*?)\))?$/;
const PAIR = /\s*([\w]+)\s*=\s*(?:'((?:[^']|'')*)'|([^,']+?))\s*(?:,|$)/y;
const GUID_ALONE = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Reads a path that is still percent-encoded. */
export function readAddress(path: string): Address {
  const [first = '', ...rest] = segmentsOf(decoded(path));
  const found = SEGMENT.exec(first);
  if (found === null) throw unknown(404, `Resource not found for the segment '${first}'.`);
  return { name: found[1]!, inner: found[2], rest };
}

/** Reads `…` of `contacts(…)`. */
export function readKey(inner: string, id: string): Key {
  if (GUID_ALONE.test(inner.trim())) return { id: inner.trim().toLowerCase() };
  const columns: Record<string, string> = {};
  PAIR.lastIndex = 0;
  while (PAIR.lastIndex < inner.length) {
    const pair = PAIR.exec(inner);
    if (pair === null) throw unknown(400, 'Bad Request - Error in query syntax.');
    columns[pair[1]!] = pair[2]?.replaceAll("''", "'") ?? pair[3]!;
  }
  const named = columns[id];
  if (Object.keys(columns).length === 1 && named !== undefined && GUID_ALONE.test(named))
    return { id: named.toLowerCase() };
  if (Object.keys(columns).length === 0) throw unknown(400, 'Bad Request - Error in query syntax.');
  return { columns };
}

/** A slash inside quotes or parentheses parts nothing. */
function segmentsOf(path: string): string[] {
  if (!path.includes('/')) return [path];
  const segments = [''];
  let isQuoted = false;
  for (const letter of path) {
    if (letter === "'") isQuoted = !isQuoted;
    if (letter === '/' && !isQuoted) segments.push('');
    else segments.push(`${segments.pop() ?? ''}${letter}`);
  }
  return segments.filter((segment) => segment !== '');
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw unknown(400, 'Bad Request - Error in query syntax.');
  }
}
