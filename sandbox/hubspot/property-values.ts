import { textOf } from '../call.js';
import type { Fields } from '../store/table.js';
import type { ObjectType } from './object-types.js';
import type { Property } from './property.js';

const TEXT_CHARACTERS_MAX = 65_536;
const EMAIL = /^[^\s@<>(),;:"[\]\\]+@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/i;
const EMAIL_CHARACTERS_MAX = 254;
const INSTANT = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d))?$/;

export interface PropertyFault {
  isValid: false;
  message: string;
  error: string;
  name: string;
}

export interface PropertyValues {
  /** Stored form; null clears. */
  fields: Fields;
  faults: PropertyFault[];
}

/** A value that is not text at all: HubSpot refuses the whole call for it. */
export class NotText extends Error {}

/** Judges the `properties` of one record and brings the values into the form HubSpot stores. */
export function readProperties(type: ObjectType, given: Record<string, unknown>): PropertyValues {
  const fields: Fields = {};
  const faults: PropertyFault[] = [];
  for (const name of Object.keys(given)) {
    const property = type.properties.get(name) ?? type.properties.get(name.toLowerCase());
    if (property === undefined) {
      faults.push(fault(name, 'PROPERTY_DOESNT_EXIST', `Property "${name}" does not exist`));
      continue;
    }
    const value = readValue(property, given[name]);
    if (typeof value === 'object' && value !== null) faults.push(value);
    else fields[property.name] = value;
  }
  return { fields, faults };
}

/** HubSpot's message for values it refuses; the faults are JSON inside the text. */
export function faultsMessage(faults: PropertyFault[]): string {
  const told = faults.map((each) => ({ ...each, localizedErrorMessage: each.message, portalId: 1 }));
  return `Property values were not valid: ${JSON.stringify(told)}`;
}

function readValue(property: Property, given: unknown): string | null | PropertyFault {
  if (given === null || given === '') return null;
  if (typeof given === 'object' || given === undefined) throw new NotText(property.name);
  const text = textOf(given);
  const { name } = property;
  if (property.isReadOnly)
    return fault(name, 'READ_ONLY_VALUE', `"${name}" is a read only property; its value cannot be set.`);
  if (name === 'email') return readEmail(text);
  switch (property.type) {
    case 'number':
      if (/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?\s*$/i.test(text)) return text.trim();
      return fault(name, 'INVALID_INTEGER', `${text} was not a valid number.`);
    case 'datetime':
      return readInstant(name, text);
    case 'date':
      if (/^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
      return fault(name, 'INVALID_DATE', `${text} was not a valid date.`);
    case 'bool':
      if (text === 'true' || text === 'false') return text;
      return fault(name, 'INVALID_BOOLEAN', `${text} was not a valid boolean.`);
    case 'enumeration':
      if (property.options.some((option) => option.value === text)) return text;
      return fault(name, 'INVALID_OPTION', notAnOption(property, text));
    default:
      if (text.length <= TEXT_CHARACTERS_MAX) return text;
      return fault(name, 'INVALID_LENGTH', `${name} may hold at most ${TEXT_CHARACTERS_MAX} characters.`);
  }
}

function readEmail(text: string): string | PropertyFault {
  const email = text.trim().toLowerCase();
  if (email.length <= EMAIL_CHARACTERS_MAX && EMAIL.test(email)) return email;
  return fault('email', 'INVALID_EMAIL', `Email address ${text} is invalid`);
}

/** Takes milliseconds or ISO 8601 and stores what Java prints for an instant: no zero milliseconds. */
function readInstant(name: string, text: string): string | PropertyFault {
  const ms = /^-?\d{1,15}$/.test(text) ? Number(text) : INSTANT.test(text) ? Date.parse(text) : NaN;
  const instant = new Date(ms);
  if (Number.isNaN(instant.getTime())) return fault(name, 'INVALID_LONG', `${text} was not a valid long.`);
  return instantText(instant.getTime());
}

export function instantText(ms: number): string {
  const text = new Date(ms).toISOString();
  return text.endsWith('.000Z') ? `${text.slice(0, -5)}Z` : text;
}

function notAnOption(property: Property, text: string): string {
  const options = property.options.map(({ label, value }) => `label: "${label}" value: "${value}"`);
  return `${text} was not one of the allowed options: [${options.join(', ')}]`;
}

function fault(name: string, error: string, message: string): PropertyFault {
  return { isValid: false, message, error, name };
}
