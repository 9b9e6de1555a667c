import { type Call, decoded, isObject, jsonOf } from '../call.js';
import type { Part } from '../vendor.js';

const ROW = /^\/api\/data\/v9\.\d\/(\w+)(?:\((.*)\))?(?:\/([\w.]+))?$/;

/** The records that one write carried, read without judging them; of a batch, of one of its operations. */
export function partsOf(call: Call): Part[] {
  if (call.method === 'GET') return [];
  const found = ROW.exec(decoded(call.path));
  if (found === null) return [];
  const [, object = 'unknown', inner] = found;
  const request = jsonOf(call) ?? null;
  if (isObject(request) && Array.isArray(request.Targets))
    return (request.Targets as unknown[]).map((target) => ({ object, key: keyIn(target), request: target }));
  return [{ object, key: keyOf(inner), request }];
}

/** How many records a call is about, for the work that it counts. */
export function recordsOf(call: Call): number {
  if (!call.path.endsWith('/$batch')) return partsOf(call).length;
  let count = 0;
  for (let at = call.body.indexOf('HTTP/1.1'); at >= 0; at = call.body.indexOf('HTTP/1.1', at + 8))
    count += 1;
  return count;
}

/** The values of a key, without the names of its columns. */
function keyOf(inner: string | undefined): string | null {
  if (inner === undefined) return null;
  const values = [...inner.matchAll(/=\s*(?:'((?:[^']|'')*)'|([^,]+))/g)];
  if (values.length === 0) return inner;
  return values.map(([, text, plain]) => text?.replaceAll("''", "'") ?? plain).join(',');
}

function keyIn(target: unknown): string | null {
  const named = isObject(target) ? target['@odata.id'] : undefined;
  return typeof named === 'string' ? keyOf(/\((.*)\)/.exec(named)?.[1]) : null;
}
