import { type Answer, type Call, isObject, jsonOf } from '../call.js';
import type { Row } from '../store/table.js';
import { whyStatusStays } from './campaign-rules.js';
import { saveByKey } from './collections.js';
import {
  type Fault,
  Unreadable,
  deleted,
  failure,
  json,
  malformedId,
  noContent,
  notFound,
} from './errors.js';
import { readFields } from './field-values.js';
import { type Org, valueOf } from './org.js';
import { wholeId } from './record-id.js';
import { type Saved, isSaved, keyOf, note, save } from './save.js';
import type { Field, SObject } from './sobject.js';

/** POST sobjects/{S} */
export function createRow(org: Org, call: Call, sobject: SObject, base: string): Answer {
  const given = readBody(call);
  if (given.Id !== undefined || given.id !== undefined)
    throw new Unreadable('INVALID_FIELD', 'The Id field should not be specified in the sobject data.');
  const values = readFields(org, sobject, given);
  const key = keyOf(sobject, given);
  const result = save({ org, sobject, values, call, key }, undefined);
  if (!isSaved(result)) return refused(call, sobject, key, given, result);
  const body = { id: result.id, success: true, errors: [] };
  note(call, sobject, key, given, body, result);
  return json(201, body, { Location: `${base}/sobjects/${sobject.name}/${result.id}` });
}

/** GET sobjects/{S}/{id} */
export function readRow(org: Org, call: Call, sobject: SObject, id: string, base: string): Answer {
  const row = findById(org, sobject, id);
  return 'status' in row ? row : json(200, whole(sobject, row, call, base));
}

/** PATCH sobjects/{S}/{id} */
export function updateRow(org: Org, call: Call, sobject: SObject, id: string): Answer {
  const given = readBody(call);
  if (given.Id !== undefined || given.id !== undefined)
    throw new Unreadable('INVALID_FIELD', 'The Id field should not be specified in the sobject data.');
  const values = readFields(org, sobject, given);
  const row = findById(org, sobject, id);
  if ('status' in row) return row;
  const key = row.key ?? id;
  const result = save({ org, sobject, values, call, key: null }, row);
  if (!isSaved(result)) return refused(call, sobject, key, given, result);
  note(call, sobject, key, given, null, result);
  return noContent();
}

/** DELETE sobjects/{S}/{id} */
export function deleteRow(org: Org, call: Call, sobject: SObject, id: string): Answer {
  const row = findById(org, sobject, id);
  if ('status' in row) return row;
  const stays = whyStatusStays(org, sobject, row);
  if (stays !== undefined) return refused(call, sobject, row.key ?? id, { Id: row.id }, [stays]);
  const isLie = call.lie() !== undefined;
  if (!isLie) org.remove(sobject, row, call.at);
  const result: Saved = { id: row.id, isNew: false, outcome: isLie ? 'lied' : 'updated' };
  note(call, sobject, row.key ?? id, { Id: row.id, deleted: true }, null, result);
  return noContent();
}

/** GET sobjects/{S}/{Field}/{value} */
export function readRowByKey(
  org: Org,
  call: Call,
  sobject: SObject,
  field: Field,
  value: string,
  base: string,
): Answer {
  const rows = org.table(sobject).find(field.name, value.trim());
  if (rows.length > 1) return ambiguous(sobject, rows, base);
  const [row] = rows;
  return row === undefined ? notFound() : json(200, whole(sobject, row, call, base));
}

/** PATCH sobjects/{S}/{Field}/{value}: 201 or 200, or 300 when several have the value. */
export function upsertRow(
  org: Org,
  call: Call,
  sobject: SObject,
  field: Field,
  value: string,
  base: string,
): Answer {
  const given = readBody(call);
  for (const name of ['Id', 'id', field.name])
    if (given[name] !== undefined)
      throw new Unreadable('INVALID_FIELD', `The ${name} field should not be specified in the sobject data.`);
  const values = readFields(org, sobject, { ...given, [field.name]: value });
  const stored = values.fields[field.name] ?? null;
  const rows = stored === null ? [] : org.table(sobject).find(field.name, stored);
  if (rows.length > 1) return ambiguous(sobject, rows, base);
  const result = saveByKey({ org, call, sobject, values, key: value }, field.name, rows);
  if (!isSaved(result)) return refused(call, sobject, value, given, result);
  const body = { id: result.id, success: true, errors: [], created: result.isNew };
  note(call, sobject, value, given, body, result);
  if (!result.isNew) return json(200, body);
  return json(201, body, { Location: `${base}/sobjects/${sobject.name}/${result.id}` });
}

/** DELETE sobjects/{S}/{Field}/{value} */
export function deleteRowByKey(
  org: Org,
  call: Call,
  sobject: SObject,
  field: Field,
  value: string,
  base: string,
): Answer {
  const rows = org.table(sobject).find(field.name, value.trim());
  if (rows.length > 1) return ambiguous(sobject, rows, base);
  const [row] = rows;
  return row === undefined ? notFound() : deleteRow(org, call, sobject, row.id);
}

/** A record with its attributes and the fields named. */
export function rendered(
  sobject: SObject,
  row: Row,
  fields: readonly Field[],
  base: string,
): Record<string, unknown> {
  const shown: Record<string, unknown> = {
    attributes: { type: sobject.name, url: `${base}/sobjects/${sobject.name}/${row.id}` },
  };
  for (const field of fields) shown[field.name] = valueOf(row, field);
  return shown;
}

function whole(sobject: SObject, row: Row, call: Call, base: string): object {
  const asked = call.query.get('fields');
  if (asked === null) return rendered(sobject, row, [...sobject.fields.values()], base);
  return rendered(sobject, row, fieldsNamed(sobject, asked.split(',')), base);
}

export function fieldsNamed(sobject: SObject, names: readonly string[]): Field[] {
  return names.map((name) => {
    const field = sobject.byLowerCase.get(name.trim().toLowerCase());
    if (field === undefined)
      throw new Unreadable('INVALID_FIELD', `No such column '${name}' on sobject of type ${sobject.name}`);
    return field;
  });
}

function findById(org: Org, sobject: SObject, id: string): Row | Answer {
  const wholeForm = wholeId(id);
  if (wholeForm === undefined || !wholeForm.startsWith(sobject.keyPrefix)) {
    if (!/^[0-9a-zA-Z]{15}(?:[0-9a-zA-Z]{3})?$/.test(id))
      return notFound(`Provided external ID field does not exist or is not accessible: ${id}`);
    return failure(400, malformedId(sobject.fields.get('Id')!.label, id));
  }
  const row = org.find(sobject, wholeForm);
  if (row === undefined) return notFound();
  return row.isGone ? deleted() : row;
}

function ambiguous(sobject: SObject, rows: readonly Row[], base: string): Answer {
  return json(
    300,
    rows.map(({ id }) => `${base}/sobjects/${sobject.name}/${id}`),
  );
}

function refused(call: Call, sobject: SObject, key: string | null, given: unknown, faults: Fault[]): Answer {
  const answer = failure(400, ...faults);
  note(call, sobject, key, given, JSON.parse(answer.body), faults);
  return answer;
}

function readBody(call: Call): Record<string, unknown> {
  const body = jsonOf(call);
  if (isObject(body)) return body;
  throw new Unreadable('JSON_PARSER_ERROR', 'Unexpected end-of-input or no object at [line:1, column:1]');
}
