import { type Call, isObject, jsonOf } from '../call.js';
import type { Part } from '../vendor.js';
import type { ObjectsPath } from './hubspot.js';
import type { Portal } from './portal.js';

/** The records that a write carried, read without judging them: for a call that is refused as a whole. */
export function partsOf(portal: Portal, call: Call, path: ObjectsPath | undefined): Part[] {
  if (path === undefined || call.method === 'GET') return [];
  if (path.batch === 'read' || path.id === 'search') return [];
  const object = portal.type(path.type)?.name ?? path.type;
  const body = jsonOf(call);
  if (path.batch !== undefined) {
    const inputs = isObject(body) && Array.isArray(body.inputs) ? (body.inputs as unknown[]) : [];
    if (inputs.length > 0) return inputs.map((request) => ({ object, key: keyIn(request), request }));
  }
  return [{ object, key: path.id ?? keyIn(body), request: body ?? null }];
}

function keyIn(input: unknown): string | null {
  if (!isObject(input)) return null;
  const { id, properties } = input;
  if (typeof id === 'string' || typeof id === 'number') return String(id);
  return isObject(properties) && typeof properties.email === 'string' ? properties.email : null;
}
