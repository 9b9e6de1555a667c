import type { Answer, Call, Note } from '../call.js';
import type { Fields, Row } from '../store/table.js';
import {
  type BatchInput,
  duplicateIds,
  isAnswer,
  readBatch,
  unreadable,
  unusableIdProperty,
} from './batch-input.js';
import { type BatchError, batchAnswer } from './batch-upsert.js';
import { error, invalid, noContent } from './errors.js';
import type { ObjectType } from './object-types.js';
import type { Portal } from './portal.js';
import { NotText, type PropertyValues, faultsMessage, readProperties } from './property-values.js';
import { createdText, namesWanted, shown, snapshot, updatedText } from './render.js';

/** POST …/batch/create: all or nothing. */
export function batchCreate(portal: Portal, type: ObjectType, call: Call): Answer {
  const read = readBatch(call, { id: false, properties: true });
  if (isAnswer(read)) return read;
  const judged = judge(type, read.inputs);
  if (isAnswer(judged)) return judged;

  let refused: Answer | undefined;
  const results: string[] = [];
  const notes: Note[] = [];
  portal.store.transaction(() => {
    for (const { input, fields } of judged) {
      const conflict = portal.conflict(type, fields, undefined);
      if (conflict !== undefined) {
        refused = error(conflict.status, conflict.message, conflict.category);
        return false;
      }
      const lie = call.lie();
      const key = keyOf(type, fields);
      const row = portal.write({ type, row: undefined, fields, key, at: call.at, lie });
      const at = snapshot(row);
      const text = () => createdText(type, at);
      results.push(text());
      notes.push({
        object: type.name,
        key,
        id: row.id,
        outcome: lie === undefined ? 'created' : 'lied',
        request: input.sent,
        response: () => JSON.parse(text()) as unknown,
      });
    }
    return true;
  });
  if (refused !== undefined) return refused;
  call.notes.push(...notes);
  return batchAnswer(call, 201, results.reverse(), []);
}

/** POST …/batch/update: values are all or nothing, records that are not there are errors of their own. */
export function batchUpdate(portal: Portal, type: ObjectType, call: Call): Answer {
  const read = readBatch(call, { id: true, properties: true });
  if (isAnswer(read)) return read;
  const refused = unusableIdProperty(type, read.inputs) ?? duplicateIds(read.inputs);
  if (refused !== undefined) return refused;
  const judged = judge(type, read.inputs);
  if (isAnswer(judged)) return judged;
  const found = judged.map((each) => ({
    ...each,
    row: portal.find(type, each.input.id, each.input.idProperty),
  }));
  for (const { fields, row } of found) {
    const conflict = row === undefined ? undefined : portal.conflict(type, fields, row);
    if (conflict !== undefined) return error(conflict.status, conflict.message, conflict.category);
  }

  const results: string[] = [];
  const missing: string[] = [];
  for (const { input, fields, row } of found) {
    const { id: key, sent: request } = input;
    if (row === undefined) {
      missing.push(key);
      const response = notFoundError(type, [key]);
      call.notes.push({ object: type.name, key, id: null, outcome: 'rejected', request, response });
      continue;
    }
    const lie = call.lie();
    const at = snapshot(portal.write({ type, row, fields, key: null, at: call.at, lie }));
    const text = () => updatedText(type, at, fields);
    results.push(text());
    const response = () => JSON.parse(text()) as unknown;
    call.notes.push({
      object: type.name,
      key,
      id: row.id,
      outcome: lie === undefined ? 'updated' : 'lied',
      request,
      response,
    });
  }
  return batchAnswer(call, 200, results.reverse(), missing.length > 0 ? [notFoundError(type, missing)] : []);
}

/** POST …/batch/read: what is not there is named in one error, and the answer is 207. */
export function batchRead(portal: Portal, type: ObjectType, call: Call): Answer {
  const read = readBatch(call, { id: true, properties: false });
  if (isAnswer(read)) return read;
  const { idProperty, properties } = read.body;
  const asked = Array.isArray(properties) ? properties.filter((name) => typeof name === 'string') : undefined;
  const by = typeof idProperty === 'string' && idProperty !== '' ? idProperty : undefined;
  const inputs = read.inputs.map((input) => ({ ...input, idProperty: by }));
  const refused = unusableIdProperty(type, inputs);
  if (refused !== undefined) return refused;

  const names = namesWanted(type, asked);
  const results = new Map<string, string>();
  const missing: string[] = [];
  for (const { id } of inputs) {
    const row = portal.find(type, id.trim(), by);
    if (row === undefined) missing.push(id);
    else results.set(row.id, JSON.stringify(shown(type, row, names)));
  }
  const errors = missing.length > 0 ? [notFoundError(type, missing)] : [];
  return batchAnswer(call, 200, [...results.values()].reverse(), errors);
}

/** POST …/batch/archive: 204, also for records that are not there. */
export function batchArchive(portal: Portal, type: ObjectType, call: Call): Answer {
  const read = readBatch(call, { id: true, properties: false });
  if (isAnswer(read)) return read;
  for (const { id, sent } of read.inputs) {
    const row = portal.find(type, id, undefined);
    if (row === undefined) continue;
    archive(portal, type, call, row, sent);
  }
  return noContent();
}

/** Archives one record; the journal has no word of its own for it and calls it updated. */
export function archive(portal: Portal, type: ObjectType, call: Call, row: Row, request: unknown): void {
  const isLie = call.lie() !== undefined;
  if (!isLie) portal.store.remove(portal.table(type), row, call.at);
  const response = { archived: true };
  const outcome = isLie ? 'lied' : 'updated';
  call.notes.push({ object: type.name, key: row.key, id: row.id, outcome, request, response });
}

interface Judged {
  input: BatchInput;
  fields: Fields;
}

function judge(type: ObjectType, inputs: readonly BatchInput[]): Judged[] | Answer {
  const judged: Judged[] = [];
  for (const input of inputs) {
    const values = valuesOf(type, input.properties);
    if (isAnswer(values)) return values;
    judged.push({ input, fields: values.fields });
  }
  return judged;
}

/** The values of one record, or the 400 that they deserve. */
export function valuesOf(type: ObjectType, properties: Record<string, unknown>): PropertyValues | Answer {
  try {
    const values = readProperties(type, properties);
    if (values.faults.length === 0) return values;
    const errors = values.faults.map(({ message, error: code, name }) => ({
      message,
      code,
      context: { propertyName: [name] },
    }));
    return invalid(faultsMessage(values.faults), { errors });
  } catch (thrown) {
    if (thrown instanceof NotText) return unreadable('Cannot deserialize value of type `java.lang.String`');
    throw thrown;
  }
}

/** What the journal calls the record by: its e-mail, or the first unique value it has. */
export function keyOf(type: ObjectType, fields: Fields): string | null {
  if (typeof fields.email === 'string') return fields.email;
  for (const property of type.properties.values())
    if (property.hasUniqueValue && typeof fields[property.name] === 'string')
      return fields[property.name] as string;
  return null;
}

function notFoundError(type: ObjectType, ids: string[]): BatchError {
  const message = `Could not get some ${type.singular} objects, they may be deleted or not exist. Check that ids are valid.`;
  return { status: 'error', category: 'OBJECT_NOT_FOUND', message, context: { ids } };
}
