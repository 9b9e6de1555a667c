import { type Answer, type Call, isObject, jsonOf, textOf } from '../call.js';
import type { Store } from '../store/store.js';
import { failure, result } from './envelope.js';
import { type Leads, RECORDS_MAX } from './leads.js';

/** POST activities/external.json: written once, with no key: what is sent twice is there twice. */
export function addActivities(
  store: Store,
  leads: Leads,
  types: Record<string, string[]>,
  call: Call,
): Answer {
  const body = jsonOf(call);
  if (!isObject(body)) return failure('609');
  const { input } = body;
  if (!Array.isArray(input) || input.length === 0 || !input.every(isObject))
    return failure('1002', "Missing value for required parameter 'input'");
  if (input.length > RECORDS_MAX) return failure('1003', `Batch size can not exceed ${RECORDS_MAX}`);
  return result(input.map((given) => add(store, leads, types, call, given)));
}

function add(
  store: Store,
  leads: Leads,
  types: Record<string, string[]>,
  call: Call,
  request: Record<string, unknown>,
): object {
  const key = textOf(request.leadId);
  const wrong = wrongOf(leads, types, request);
  if (wrong !== undefined) {
    const response = { status: 'skipped', errors: [wrong] };
    call.notes.push({ object: 'activities', key, id: null, outcome: 'rejected', request, response });
    return response;
  }
  const isLie = call.lie() !== undefined;
  const id = leads.nextId();
  const attributes = (request.attributes ?? []) as { apiName?: string; name?: string; value: unknown }[];
  const fields = {
    leadId: Number(key),
    activityTypeId: Number(request.activityTypeId),
    activityDate: textOf(request.activityDate),
    primaryAttributeValue: textOf(request.primaryAttributeValue),
    ...Object.fromEntries(attributes.map((each) => [each.apiName ?? each.name ?? '', textOf(each.value)])),
  };
  if (!isLie) store.insert(store.table('activities'), id, key, fields, call.at);
  const response = { id: Number(id), marketoGUID: id, status: 'added' };
  call.notes.push({ object: 'activities', key, id, outcome: isLie ? 'lied' : 'created', request, response });
  return response;
}

function wrongOf(
  leads: Leads,
  types: Record<string, string[]>,
  given: Record<string, unknown>,
): { code: string; message: string } | undefined {
  const { leadId, activityDate, activityTypeId, primaryAttributeValue, attributes = [] } = given;
  const known = types[textOf(activityTypeId)];
  if (known === undefined)
    return { code: '1003', message: `Invalid activity type '${textOf(activityTypeId)}'` };
  if (leads.find(leadId) === undefined)
    return { code: '1004', message: `Lead '${textOf(leadId)}' not found` };
  if (Number.isNaN(Date.parse(textOf(activityDate))))
    return { code: '1003', message: 'Invalid activityDate' };
  if (textOf(primaryAttributeValue) === '')
    return { code: '1002', message: "Missing value for required parameter 'primaryAttributeValue'" };
  const names = Array.isArray(attributes)
    ? attributes.map((each) => (isObject(each) ? textOf(each.apiName ?? each.name) : ''))
    : [''];
  const unknown = names.find((name) => !known.includes(name));
  return unknown === undefined ? undefined : { code: '1006', message: `Field '${unknown}' not found` };
}
