import { type Answer, type Call, isObject, jsonOf } from '../call.js';
import { Unreadable, json } from './errors.js';
import type { Org } from './org.js';
import { fieldsNamed, rendered } from './rows.js';
import type { SObject } from './sobject.js';

const RETRIEVE_IDS_MAX = 2000;

/** POST (or GET) composite/sobjects/{S} with ids and fields: in the order of the ids, null for what is not there. */
export function retrieveCollection(org: Org, call: Call, sobject: SObject, base: string): Answer {
  const { ids, fields } = call.method === 'GET' ? askedInQuery(call) : askedInBody(call);
  if (ids.length > RETRIEVE_IDS_MAX)
    throw new Unreadable(
      'LIMIT_EXCEEDED',
      `cannot retrieve more than ${RETRIEVE_IDS_MAX} records in one call`,
    );
  const wanted = fieldsNamed(sobject, fields);
  const records = ids.map((id) => {
    const row = org.find(sobject, id);
    return row === undefined || row.isGone ? null : rendered(sobject, row, wanted, base);
  });
  return json(200, records);
}

function askedInQuery(call: Call): { ids: string[]; fields: string[] } {
  const list = (name: string) => (call.query.get(name) ?? '').split(',').filter((each) => each !== '');
  return { ids: list('ids'), fields: list('fields') };
}

function askedInBody(call: Call): { ids: string[]; fields: string[] } {
  const body = jsonOf(call);
  if (!isObject(body) || !isTexts(body.ids) || !isTexts(body.fields))
    throw new Unreadable(
      'JSON_PARSER_ERROR',
      'The body must have "ids" and "fields", lists of text, at [line:1, column:1]',
    );
  return { ids: body.ids, fields: body.fields };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
