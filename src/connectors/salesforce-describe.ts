import { unreadable } from './call-outcome.js';
import type { CallOptions, Described, DescribedField } from './connector.js';
import type { SalesforceApi } from './salesforce-api.js';

/** Salesforce's types that are not plain text, in our words. */
const TYPES: Readonly<Record<string, string>> = {
  id: 'reference',
  reference: 'reference',
  email: 'email',
  phone: 'phone',
  int: 'int',
  long: 'int',
  double: 'double',
  currency: 'double',
  percent: 'double',
  boolean: 'bool',
  date: 'date',
  datetime: 'datetime',
  picklist: 'picklist',
  multipicklist: 'picklist',
};
const WITHOUT_LENGTH = new Set(['int', 'double', 'bool', 'date', 'datetime']);
/** Compound fields are read through their parts. */
const COMPOUND = new Set(['address', 'location']);

export async function describe(api: SalesforceApi, object: string, options: CallOptions): Promise<Described> {
  const { body, failure } = await api.read('GET', `sobjects/${object}/describe`, null, options);
  if (failure) return { ok: false, reason: failure.reason };
  const fields = (body as { fields?: unknown } | null)?.fields;
  if (!Array.isArray(fields)) return { ok: false, reason: unreadable(200).reason };
  return { ok: true, fields: Object.fromEntries(fields.flatMap((field) => described(field))) };
}

function described(value: unknown): [string, DescribedField][] {
  const field = value as Readonly<Record<string, unknown>>;
  if (typeof field.name !== 'string' || typeof field.type !== 'string' || COMPOUND.has(field.type)) return [];
  const type = TYPES[field.type] ?? 'string';
  const length = Number(field.length);
  const isWritable = field.createable === true || field.updateable === true;
  const isRequired =
    field.createable === true && field.nillable === false && field.defaultedOnCreate === false;
  const isUnique = field.type === 'id' || field.externalId === true || field.unique === true;
  return [
    [
      field.name,
      {
        type,
        ...(length > 0 && !WITHOUT_LENGTH.has(type) ? { length } : {}),
        ...(isRequired ? { required: true } : {}),
        ...(isUnique ? { unique: true } : {}),
        ...(isWritable ? {} : { writable: false }),
        ...(type === 'picklist' ? picklist(field) : {}),
      },
    ],
  ];
}

function picklist(field: Readonly<Record<string, unknown>>): Pick<DescribedField, 'values' | 'restricted'> {
  const entries = Array.isArray(field.picklistValues) ? (field.picklistValues as unknown[]) : [];
  const values = entries.flatMap((entry) => {
    const { value, active } = entry as { value?: unknown; active?: unknown };
    return typeof value === 'string' && active !== false ? [value] : [];
  });
  return { values, ...(field.restrictedPicklist === true ? {} : { restricted: false }) };
}
