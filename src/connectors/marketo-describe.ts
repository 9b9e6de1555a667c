import { unreadable } from './call-outcome.js';
import type { CallOptions, Described, DescribedField } from './connector.js';
import { activityTypeOf } from './marketo-activities.js';
import type { MarketoApi, MarketoRows } from './marketo-api.js';

/** Marketo's types that are not plain text, in our words. */
const TYPES: Readonly<Record<string, string>> = {
  integer: 'int',
  score: 'int',
  float: 'double',
  currency: 'double',
  percent: 'double',
  boolean: 'bool',
  email: 'email',
  phone: 'phone',
  date: 'date',
  datetime: 'datetime',
  lead_function: 'reference',
  reference: 'reference',
};
/** What a lead can be looked up by, where a field of ours does not say so itself. */
const UNIQUE = new Set(['id', 'email', 'foyerPersonId']);
/** Keys of ours: a membership is known by program and lead, an activity by nothing that Marketo keeps. */
const MEMBERSHIP: DescribedField = { type: 'string', length: 30, unique: true };
const REFERENCE: DescribedField = { type: 'string', length: 64, unique: true };

export async function describe(api: MarketoApi, object: string, options: CallOptions): Promise<Described> {
  const activityType = activityTypeOf(object);
  if (activityType !== null) return describeActivity(api, activityType, options);
  if (object === 'program-members') return describeMembers(api, options);
  const { rows, failure } = await api.read('leads/describe.json', {}, options);
  if (failure) return { ok: false, reason: failure.reason };
  const fields = rows.flatMap((row): [string, DescribedField][] => {
    const { name, readOnly } = (row.rest ?? {}) as Record<string, unknown>;
    if (typeof name !== 'string') return [];
    return [
      [name, { ...field(row), ...(UNIQUE.has(name) ? { unique: true } : {}), ...locked(readOnly === true) }],
    ];
  });
  return described(fields);
}

async function describeMembers(api: MarketoApi, options: CallOptions): Promise<Described> {
  const { rows, failure } = await api.read('programs/members/describe.json', {}, options);
  if (failure) return { ok: false, reason: failure.reason };
  const list = rows[0]?.fields;
  const fields = (Array.isArray(list) ? (list as Record<string, unknown>[]) : []).flatMap(
    (row): [string, DescribedField][] => {
      if (typeof row.name !== 'string') return [];
      // Its own call writes the status, whatever is said of its field.
      const isLocked = row.updateable === false && row.name !== 'statusName';
      return [[row.name, { ...field(row), ...locked(isLocked) }]];
    },
  );
  return described([['membership', MEMBERSHIP], ...fields]);
}

async function describeActivity(api: MarketoApi, id: number, options: CallOptions): Promise<Described> {
  const types = await api.read('activities/external/types.json', {}, options);
  const type = types.rows.find((row) => row.id === id);
  const apiName = type?.apiName;
  if (types.failure || typeof apiName !== 'string')
    return { ok: false, reason: (types.failure ?? unreadable(200)).reason };
  const isTold = Array.isArray(type!.attributes);
  const full: MarketoRows = isTold
    ? { rows: [type!], requestId: null }
    : await api.read(`activities/external/type/${apiName}/describe.json`, {}, options);
  if (full.failure) return { ok: false, reason: full.failure.reason };
  const { attributes, primaryAttribute } = full.rows[0] ?? {};
  const list = Array.isArray(attributes) ? (attributes as Record<string, unknown>[]) : [];
  return described([
    ['reference', REFERENCE],
    ['leadId', { type: 'reference', required: true }],
    ['activityDate', { type: 'datetime', required: true }],
    [
      'primaryAttributeValue',
      { ...field((primaryAttribute ?? {}) as Record<string, unknown>), required: true },
    ],
    ...list.flatMap((row): [string, DescribedField][] =>
      typeof row.apiName === 'string' ? [[row.apiName, field(row)]] : [],
    ),
  ]);
}

function field({ dataType, length }: Readonly<Record<string, unknown>>): DescribedField {
  const type = (typeof dataType === 'string' ? TYPES[dataType.toLowerCase()] : undefined) ?? 'string';
  const isText = ['string', 'email', 'phone'].includes(type);
  return { type, ...(isText && typeof length === 'number' && length > 0 ? { length } : {}) };
}

const locked = (isLocked: boolean): Partial<DescribedField> => (isLocked ? { writable: false } : {});

const described = (fields: readonly [string, DescribedField][]): Described =>
  fields.length === 0
    ? { ok: false, reason: unreadable(200).reason }
    : { ok: true, fields: Object.fromEntries(fields) };
