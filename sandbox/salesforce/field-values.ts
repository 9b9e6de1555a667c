import { isObject, textOf } from '../call.js';
import type { Fields, Value } from '../store/table.js';
import { type Fault, Unreadable } from './errors.js';
import { type Org, dateTimeText } from './org.js';
import { wholeId } from './record-id.js';
import type { Field, SObject } from './sobject.js';

const EMAIL = /^[^\s@<>(),;:"[\]\\]+@(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*$/i;
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)$/;
const DATE = /^\d{4}-\d\d-\d\d(?:T.*)?$/;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?$/i;

export interface FieldValues {
  fields: Fields;
  faults: Fault[];
}

/**
 * Brings a record's values into the form Salesforce stores, and judges them. Throws Unreadable for what its
 * reader cannot take at all: an unknown field, or a value of the wrong kind. `skip` is the key in the address.
 */
export function readFields(
  org: Org,
  sobject: SObject,
  given: Record<string, unknown>,
  skip: readonly string[] = [],
): FieldValues {
  const fields: Fields = {};
  const faults: Fault[] = [];
  for (const name of Object.keys(given)) {
    if (name === 'attributes' || skip.includes(name)) continue;
    const field = sobject.fields.get(name) ?? sobject.byLowerCase.get(name.toLowerCase());
    if (field === undefined) readParent(org, sobject, name, given[name], fields, faults);
    else {
      const value = readValue(org, field, given[name]);
      if (isFault(value)) faults.push(value);
      else fields[field.name] = value;
    }
  }
  return { fields, faults };
}

/** What a new record must have; `stored` is undefined for one. */
export function missingFields(sobject: SObject, fields: Fields, stored: Fields | undefined): Fault[] {
  const missing: string[] = [];
  for (const { name, isRequired } of sobject.fields.values()) {
    if (!isRequired) continue;
    const value = fields[name];
    if (value === null || (value === undefined && stored === undefined)) missing.push(name);
  }
  if (missing.length === 0) return [];
  const message = `Required fields are missing: [${missing.join(', ')}]`;
  return [{ code: 'REQUIRED_FIELD_MISSING', message, fields: missing }];
}

/** Fields that are not the client's to write. */
export function unwritableFields(sobject: SObject, fields: Fields, isCreate: boolean): Fault[] {
  const wrong: string[] = [];
  for (const name of Object.keys(fields)) {
    const field = sobject.fields.get(name)!;
    if (!(isCreate ? field.isCreateable : field.isUpdateable)) wrong.push(name);
  }
  if (wrong.length === 0) return [];
  const message = `Unable to create/update fields: ${wrong.join(', ')}. Please check the security settings of this field and verify that it is read/write for your profile or permission set.`;
  return [{ code: 'INVALID_FIELD_FOR_INSERT_UPDATE', message, fields: wrong }];
}

function readValue(org: Org, field: Field, given: unknown): Value | Fault {
  if (given === null) return null;
  if (typeof given === 'object' || given === undefined) throw unreadable(field, 'START_OBJECT', '{');
  if (typeof given === 'string') {
    const text = given.trim();
    return text === '' ? null : readText(org, field, text);
  }
  if (typeof given === 'boolean') {
    if (field.type === 'boolean') return given;
    throw unreadable(field, given ? 'VALUE_TRUE' : 'VALUE_FALSE', String(given));
  }
  if (field.type === 'boolean') throw unreadable(field, 'VALUE_NUMBER_INT', textOf(given));
  return isNumeric(field) ? readNumber(field, Number(given)) : readText(org, field, textOf(given));
}

function readText(org: Org, field: Field, text: string): Value | Fault {
  switch (field.type) {
    case 'email':
      if (!EMAIL.test(text))
        return fault('INVALID_EMAIL_ADDRESS', `${field.label}: invalid email address: ${text}`, field);
      return tooLong(field, text) ?? text.toLowerCase();
    case 'int':
    case 'double':
    case 'currency':
      if (!NUMBER.test(text)) throw unreadable(field, 'VALUE_STRING', text);
      return readNumber(field, Number(text));
    case 'boolean':
      if (text === 'true' || text === 'false') return text === 'true';
      throw unreadable(field, 'VALUE_STRING', text);
    case 'datetime': {
      const ms = DATE_TIME.test(text) ? Date.parse(text) : NaN;
      if (Number.isNaN(ms)) throw unreadable(field, 'VALUE_STRING', text);
      return dateTimeText(ms);
    }
    case 'date':
      if (!DATE.test(text) || Number.isNaN(Date.parse(text.slice(0, 10))))
        throw unreadable(field, 'VALUE_STRING', text);
      return text.slice(0, 10);
    case 'picklist':
      if (!field.isRestricted || field.picklist.includes(text)) return tooLong(field, text) ?? text;
      return fault(
        'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
        `${field.label}: bad value for restricted picklist field: ${text}`,
        field,
      );
    case 'id':
    case 'reference':
      return readReference(org, field, text);
    default:
      return tooLong(field, text) ?? text;
  }
}

function readNumber(field: Field, value: number): Value | Fault {
  const unit = 10 ** field.scale;
  const rounded = Math.round(value * unit) / unit;
  const most = field.type === 'int' ? 2 ** 31 : 10 ** (field.precision - field.scale);
  if (Number.isFinite(rounded) && Math.abs(rounded) < most) return rounded;
  return fault(
    'NUMBER_OUTSIDE_VALID_RANGE',
    `${field.label}: value outside of valid range on numeric field: ${value}`,
    field,
  );
}

function readReference(org: Org, field: Field, text: string): Value | Fault {
  const id = wholeId(text);
  const target = id === undefined ? undefined : org.sobjectOfId(id);
  const isRight =
    id !== undefined &&
    (target === undefined || field.type === 'id' || field.referenceTo.includes(target.name));
  if (!isRight) return fault('MALFORMED_ID', `${field.label}: id value of incorrect type: ${text}`, field);
  if (target === undefined || field.type === 'id' || org.find(target, id)?.isGone === false) return id;
  return { code: 'INVALID_CROSS_REFERENCE_KEY', message: 'invalid cross reference id', fields: [] };
}

/** `"Campaign": {"Foyer_Event_Id__c": "…"}` names the parent by its external id. */
function readParent(
  org: Org,
  sobject: SObject,
  name: string,
  given: unknown,
  fields: Fields,
  faults: Fault[],
): void {
  const field = sobject.byRelationship.get(name);
  const [entry] = isObject(given) ? Object.entries(given).filter(([key]) => key !== 'attributes') : [];
  const parent = field === undefined ? undefined : org.sobject(field.referenceTo[0]!);
  if (field === undefined || entry === undefined || parent === undefined)
    throw new Unreadable('INVALID_FIELD', `No such column '${name}' on sobject of type ${sobject.name}`);
  const [keyName, key] = entry;
  const keyField = parent.byLowerCase.get(keyName.toLowerCase());
  if (keyField?.isIdLookup !== true)
    throw new Unreadable('INVALID_FIELD', `No such column '${keyName}' on sobject of type ${parent.name}`);
  const found = typeof key === 'string' ? org.table(parent).findOne(keyField.name, key.trim()) : undefined;
  if (found !== undefined) fields[field.name] = found.id;
  else {
    const message = `Foreign key external ID: ${String(key)} not found for field ${keyName} in entity ${parent.name}`;
    faults.push({ code: 'INVALID_FIELD', message, fields: [] });
  }
}

function tooLong(field: Field, text: string): Fault | undefined {
  if (text.length <= field.length) return undefined;
  return fault(
    'STRING_TOO_LONG',
    `${field.label}: data value too large: ${text} (max length=${field.length})`,
    field,
  );
}

function isNumeric({ type }: Field): boolean {
  return type === 'int' || type === 'double' || type === 'currency';
}

function isFault(value: Value | Fault): value is Fault {
  return typeof value === 'object' && value !== null;
}

function fault(code: string, message: string, field: Field): Fault {
  return { code, message, fields: [field.name] };
}

const READER_TYPES: Partial<Record<Field['type'], string>> = {
  currency: 'double',
  int: 'int',
  double: 'double',
};

function unreadable(field: Field, token: string, text: string): Unreadable {
  const wanted =
    READER_TYPES[field.type] ??
    (['boolean', 'date', 'datetime'].includes(field.type) ? field.type : 'string');
  const message = `Cannot deserialize instance of ${wanted} from ${token} value ${text} or request may be missing a required field at [line:1, column:1]`;
  return new Unreadable('JSON_PARSER_ERROR', message);
}
