import { type Answer, type Call, isObject, jsonOf } from '../call.js';
import { unreadable } from './batch-input.js';
import { error, invalid, json } from './errors.js';
import type { ObjectType } from './object-types.js';
import type { Portal } from './portal.js';
import { type Property, type PropertyOption, type PropertyType, describeProperty } from './property.js';

const TYPES: readonly PropertyType[] = [
  'string',
  'number',
  'datetime',
  'date',
  'enumeration',
  'bool',
  'phone_number',
];
const NAME = /^[a-z][a-z0-9_]{0,99}$/;
/** HubSpot's limit on properties with unique values. */
const UNIQUE_MAX = 10;

/** GET /crm/v3/properties/{type} */
export function listProperties(type: ObjectType): Answer {
  return json(200, { results: [...type.properties.values()].map(describeProperty) });
}

/** GET /crm/v3/properties/{type}/{name} */
export function readProperty(type: ObjectType, name: string): Answer {
  const property = type.properties.get(name.toLowerCase());
  if (property !== undefined) return json(200, describeProperty(property));
  return error(404, `Property ${name} does not exist`, 'OBJECT_NOT_FOUND');
}

/** POST /crm/v3/properties/{type} */
export function createProperty(portal: Portal, type: ObjectType, call: Call): Answer {
  const body = jsonOf(call);
  if (!isObject(body)) return unreadable();
  const {
    name,
    label,
    type: kind,
    fieldType,
    groupName,
    description = '',
    options = [],
    hasUniqueValue = false,
  } = body;
  const missing = Object.entries({ name, label, type: kind, fieldType, groupName }).filter(
    ([, value]) => typeof value !== 'string',
  );
  if (missing.length > 0)
    return unreadable(`Some required fields were not set: [${missing.map(([key]) => key).join(', ')}]`);
  if (!NAME.test(name as string)) return invalid(`Property name "${String(name)}" is not valid`);
  if (!TYPES.includes(kind as PropertyType)) return invalid(`Property type "${String(kind)}" is not valid`);
  if (type.properties.has(name as string))
    return error(409, `A property named '${String(name)}' already exists.`, 'OBJECT_ALREADY_EXISTS');
  const uniques = [...type.properties.values()].filter((each) => each.hasUniqueValue && !each.isStandard);
  if (hasUniqueValue === true && uniques.length >= UNIQUE_MAX)
    return invalid(`At most ${UNIQUE_MAX} properties may have unique values`);

  const property = {
    name,
    label,
    type: kind,
    fieldType,
    groupName,
    description,
    options: Array.isArray(options)
      ? (options as PropertyOption[]).map(({ label: shown, value }) => ({ label: shown, value }))
      : [],
    hasUniqueValue: hasUniqueValue === true,
    isReadOnly: false,
    isStandard: false,
    createdAt: call.at,
  } as Property;
  portal.addProperty(type, property);
  portal.store.define(type.name, property);
  return json(201, describeProperty(property));
}
