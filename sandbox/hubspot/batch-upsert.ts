import type { Answer, Call } from '../call.js';
import type { Fields } from '../store/table.js';
import {
  type BatchInput,
  duplicateIds,
  isAnswer,
  readBatch,
  unreadable,
  unusableIdProperty,
} from './batch-input.js';
import { jsonText } from './errors.js';
import type { ObjectType } from './object-types.js';
import type { Portal } from './portal.js';
import { NotText, faultsMessage, readProperties } from './property-values.js';
import { type Snapshot, createdText, snapshot, updatedText } from './render.js';

export interface BatchError {
  status: 'error';
  category: string;
  message: string;
  context: Record<string, string[]>;
}

/**
 * POST …/batch/upsert: each input on its own. Neither results nor errors stand in the order of the inputs;
 * an error is recognised by its objectWriteTraceId alone.
 */
export function batchUpsert(portal: Portal, type: ObjectType, call: Call): Answer {
  const read = readBatch(call, { id: true, properties: true });
  if (isAnswer(read)) return read;
  const refused = unusableIdProperty(type, read.inputs) ?? duplicateIds(read.inputs);
  if (refused !== undefined) return refused;

  const results: string[] = [];
  const errors: BatchError[] = [];
  try {
    for (const input of read.inputs) upsert(portal, type, call, input, results, errors);
  } catch (thrown) {
    if (thrown instanceof NotText) return unreadable('Cannot deserialize value of type `java.lang.String`');
    throw thrown;
  }
  return batchAnswer(call, 200, results.reverse(), errors);
}

/** The envelope of every batch around results that are JSON already: 207 as soon as one input failed. */
export function batchAnswer(
  call: Call,
  status: number,
  results: readonly string[],
  errors: BatchError[],
): Answer {
  const times = `"startedAt":"${new Date(call.at).toISOString()}","completedAt":"${new Date().toISOString()}"`;
  const envelope = `{"status":"COMPLETE","results":[${results.join(',')}],${times}`;
  if (errors.length === 0) return jsonText(status, `${envelope}}`);
  return jsonText(207, `${envelope},"numErrors":${errors.length},"errors":${JSON.stringify(errors)}}`);
}

function upsert(
  portal: Portal,
  type: ObjectType,
  call: Call,
  input: BatchInput,
  results: string[],
  errors: BatchError[],
): void {
  const { id: key, idProperty, traceId, properties, sent: request } = input;
  const object = type.name;
  const refuse = (category: string, message: string) => {
    const context: Record<string, string[]> = traceId === undefined ? {} : { objectWriteTraceId: [traceId] };
    const response: BatchError = { status: 'error', category, message, context };
    errors.push(response);
    call.notes.push({ object, key, id: null, outcome: 'rejected', request, response });
  };

  const isById = idProperty === undefined || idProperty === 'hs_object_id';
  const { fields, faults } = readProperties(type, isById ? properties : { [idProperty]: key, ...properties });
  if (faults.length > 0) {
    refuse('VALIDATION_ERROR', faultsMessage(faults));
    return;
  }
  const row = portal.find(type, key.trim(), idProperty);
  if (isById && row === undefined) {
    refuse('OBJECT_NOT_FOUND', `${type.singular} ${key} does not exist`);
    return;
  }
  const conflict = portal.conflict(type, fields, row);
  if (conflict !== undefined) {
    refuse(conflict.category, conflict.message);
    return;
  }

  const lie = call.lie();
  const isNew = row === undefined;
  const at = snapshot(portal.write({ type, row, fields, key, at: call.at, lie }));
  const text = () => upsertText(type, at, fields, isNew, traceId);
  results.push(text());
  const outcome = lie !== undefined ? 'lied' : isNew ? 'created' : 'updated';
  call.notes.push({
    object,
    key,
    id: at.id,
    outcome,
    request,
    response: () => JSON.parse(text()) as unknown,
  });
}

function upsertText(
  type: ObjectType,
  row: Snapshot,
  fields: Fields,
  isNew: boolean,
  traceId: string | undefined,
): string {
  const trace = traceId === undefined ? '' : `,"objectWriteTraceId":${JSON.stringify(traceId)}`;
  const more = `,"new":${isNew}${trace}`;
  return isNew ? createdText(type, row, more) : updatedText(type, row, fields, more);
}
