import { type Answer, type Call, isObject, jsonOf } from '../call.js';
import { invalid } from './errors.js';
import type { ObjectType } from './object-types.js';
import { ignoringCase } from '../store/table.js';

export const BATCH_INPUTS_MAX = 100;

export interface BatchInput {
  id: string;
  idProperty: string | undefined;
  traceId: string | undefined;
  properties: Record<string, unknown>;
  /** As it was sent, for the journal. */
  sent: unknown;
}

export interface BatchBody {
  inputs: BatchInput[];
  body: Record<string, unknown>;
}

export function isAnswer(value: unknown): value is Answer {
  return isObject(value) && 'headers' in value && 'status' in value;
}

/** HubSpot's words for a body that its JSON reader does not understand. */
export function unreadable(detail = 'Unexpected end-of-input'): Answer {
  return invalid(`Invalid input JSON on line 1, column 1: ${detail}`);
}

/** Reads `{"inputs":[…]}`, or answers what is wrong with it. `needs` says what every input must have. */
export function readBatch(call: Call, needs: { id: boolean; properties: boolean }): BatchBody | Answer {
  const body = jsonOf(call);
  if (!isObject(body)) return unreadable();
  if (!Array.isArray(body.inputs))
    return invalid('Invalid input JSON on line 1, column 1: Some required fields were not set: [inputs]');
  const given = body.inputs as unknown[];
  if (given.length > BATCH_INPUTS_MAX)
    return invalid(
      `The maximum number of inputs supported in a batch request for object type is ${BATCH_INPUTS_MAX}, received ${given.length}.`,
    );
  const inputs: BatchInput[] = [];
  for (const each of given) {
    const input = readInput(each, needs);
    if (typeof input === 'string') return unreadable(input);
    inputs.push(input);
  }
  return { inputs, body };
}

function readInput(given: unknown, needs: { id: boolean; properties: boolean }): BatchInput | string {
  if (!isObject(given)) return 'Cannot construct an input from this value';
  const { id, idProperty, objectWriteTraceId, properties } = given;
  const missing = [
    ...(needs.id && id === undefined ? ['id'] : []),
    ...(needs.properties && properties === undefined ? ['properties'] : []),
  ];
  if (missing.length > 0) return `Some required fields were not set: [${missing.join(', ')}]`;
  if (id !== undefined && typeof id !== 'string' && typeof id !== 'number') return 'Cannot read "id" as text';
  if (properties !== undefined && !isObject(properties)) return 'Cannot read "properties" as a map';
  return {
    id: String(id ?? ''),
    idProperty: typeof idProperty === 'string' && idProperty !== '' ? idProperty : undefined,
    traceId: typeof objectWriteTraceId === 'string' ? objectWriteTraceId : undefined,
    properties: properties ?? {},
    sent: given,
  };
}

/** Whether each idProperty is one that HubSpot can find records by. */
export function unusableIdProperty(type: ObjectType, inputs: readonly BatchInput[]): Answer | undefined {
  for (const { idProperty } of inputs) {
    if (idProperty === undefined || idProperty === 'hs_object_id') continue;
    const property = type.properties.get(idProperty);
    if (property === undefined) return invalid(`Property "${idProperty}" does not exist`);
    if (!property.hasUniqueValue)
      return invalid('Unable to perform update/upsert by non-unique 0-1 property');
  }
  return undefined;
}

/** Two inputs for one record make HubSpot refuse the batch. */
export function duplicateIds(inputs: readonly BatchInput[]): Answer | undefined {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { id, idProperty } of inputs) {
    const entry = `${idProperty ?? ''} ${ignoringCase(id.trim())}`;
    if (seen.has(entry)) twice.add(id);
    seen.add(entry);
  }
  if (twice.size === 0) return undefined;
  return invalid(`Duplicate IDs found in batch input: [${[...twice].join(', ')}]. IDs must be unique`);
}
