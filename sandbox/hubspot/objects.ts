import { type Answer, type Call, isObject, jsonOf } from '../call.js';
import type { Row } from '../store/table.js';
import { isAnswer, unreadable } from './batch-input.js';
import { archive, keyOf, valuesOf } from './batches.js';
import { error, invalid, json, jsonText, noContent, notFound } from './errors.js';
import type { ObjectType } from './object-types.js';
import type { Portal } from './portal.js';
import { createdText, namesWanted, shown, updatedText } from './render.js';

const LIST_LIMIT_DEFAULT = 10;
const LIST_LIMIT_MAX = 100;

/** POST /crm/v3/objects/{type} */
export function createObject(portal: Portal, type: ObjectType, call: Call): Answer {
  const body = jsonOf(call);
  if (!isObject(body) || !isObject(body.properties))
    return unreadable('Some required fields were not set: [properties]');
  const values = valuesOf(type, body.properties);
  if (isAnswer(values)) return values;
  const { fields } = values;
  const conflict = portal.conflict(type, fields, undefined);
  if (conflict !== undefined) return error(conflict.status, conflict.message, conflict.category);
  const lie = call.lie();
  const key = keyOf(type, fields);
  const row = portal.write({ type, row: undefined, fields, key, at: call.at, lie });
  const text = createdText(type, row);
  const response: unknown = JSON.parse(text);
  call.notes.push({
    object: type.name,
    key,
    id: row.id,
    outcome: lie === undefined ? 'created' : 'lied',
    request: body,
    response,
  });
  return jsonText(201, text);
}

/** GET /crm/v3/objects/{type}/{id} */
export function readObject(portal: Portal, type: ObjectType, call: Call, id: string): Answer {
  const row = find(portal, type, call, id);
  if (isAnswer(row)) return row;
  return json(200, shown(type, row, namesWanted(type, askedIn(call))));
}

/** PATCH /crm/v3/objects/{type}/{id} */
export function updateObject(portal: Portal, type: ObjectType, call: Call, id: string): Answer {
  const body = jsonOf(call);
  if (!isObject(body) || !isObject(body.properties))
    return unreadable('Some required fields were not set: [properties]');
  const row = find(portal, type, call, id);
  if (isAnswer(row)) return row;
  const values = valuesOf(type, body.properties);
  if (isAnswer(values)) return values;
  const { fields } = values;
  const conflict = portal.conflict(type, fields, row);
  if (conflict !== undefined) return error(conflict.status, conflict.message, conflict.category);
  const lie = call.lie();
  const shownRow = portal.write({ type, row, fields, key: null, at: call.at, lie });
  const text = updatedText(type, shownRow, fields);
  const response: unknown = JSON.parse(text);
  const outcome = lie === undefined ? 'updated' : 'lied';
  call.notes.push({ object: type.name, key: row.key ?? id, id: row.id, outcome, request: body, response });
  return jsonText(200, text);
}

/** DELETE /crm/v3/objects/{type}/{id}: 204, also for a record that is not there. */
export function archiveObject(portal: Portal, type: ObjectType, call: Call, id: string): Answer {
  const row = portal.find(type, id, undefined);
  if (row !== undefined) archive(portal, type, call, row, null);
  return noContent();
}

/** GET /crm/v3/objects/{type}: in the order of creation; `after` is the id to begin with. */
export function listObjects(portal: Portal, type: ObjectType, call: Call, baseUrl: string): Answer {
  const limit = Number(call.query.get('limit') ?? LIST_LIMIT_DEFAULT);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIST_LIMIT_MAX)
    return invalid(`limit must be a whole number from 1 to ${LIST_LIMIT_MAX}`);
  const after = call.query.get('after') ?? '0';
  if (!/^\d{1,15}$/.test(after)) return invalid(`The after value "${after}" is not valid`);

  const { rows } = portal.table(type);
  const live: Row[] = [];
  for (let at = firstFrom(rows, Number(after)); at < rows.length && live.length <= limit; at += 1)
    if (!rows[at]!.isGone) live.push(rows[at]!);
  const names = namesWanted(type, askedIn(call));
  const results = live.slice(0, limit).map((row) => shown(type, row, names));
  if (live.length <= limit) return json(200, { results });
  const next = String(Number(live[limit - 1]!.id) + 1);
  const query = new URLSearchParams(call.query);
  query.set('after', next);
  return json(200, {
    results,
    paging: { next: { after: next, link: `${baseUrl}${call.path}?${query.toString()}` } },
  });
}

function find(portal: Portal, type: ObjectType, call: Call, id: string): Row | Answer {
  const idProperty = call.query.get('idProperty') ?? undefined;
  if (
    idProperty !== undefined &&
    idProperty !== 'hs_object_id' &&
    type.properties.get(idProperty)?.hasUniqueValue !== true
  )
    return invalid(`Unable to find objects by non-unique property ${idProperty}`);
  return portal.find(type, id, idProperty) ?? notFound();
}

function askedIn(call: Call): string[] | undefined {
  const asked = call.query.getAll('properties').flatMap((names) => names.split(','));
  return asked.length === 0 ? undefined : asked.map((name) => name.trim()).filter((name) => name !== '');
}

/** Ids only grow, so the rows are in their order. */
function firstFrom(rows: readonly Row[], id: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (Number(rows[middle]!.id) < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
