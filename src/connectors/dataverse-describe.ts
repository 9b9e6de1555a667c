import { unreadable } from './call-outcome.js';
import type { CallOptions, Described, DescribedField } from './connector.js';
import type { DataverseApi } from './dataverse-api.js';

/** Dataverse's types that are not plain text, in our words. A choice is written as its number. */
const TYPES: Readonly<Record<string, string>> = {
  String: 'string',
  Memo: 'string',
  EntityName: 'string',
  Integer: 'int',
  BigInt: 'int',
  Picklist: 'int',
  State: 'int',
  Status: 'int',
  Decimal: 'double',
  Double: 'double',
  Money: 'double',
  Boolean: 'bool',
  DateTime: 'datetime',
  Uniqueidentifier: 'reference',
};
const LOOKUPS = new Set(['Lookup', 'Customer', 'Owner']);
const REQUIRED = new Set(['SystemRequired', 'ApplicationRequired']);

type Row = Readonly<Record<string, unknown>>;

export async function describe(api: DataverseApi, object: string, options: CallOptions): Promise<Described> {
  const definitions = await rowsOf(
    api,
    `EntityDefinitions?$select=LogicalName,EntitySetName,PrimaryIdAttribute&$filter=${encodeURIComponent(`EntitySetName eq '${object}'`)}`,
    options,
  );
  if ('ok' in definitions) return definitions;
  const definition = definitions.find(({ EntitySetName: set }) => set === object);
  const table = definition?.LogicalName;
  if (typeof table !== 'string') return { ok: false, reason: unknownTable(object) };
  const entity = `EntityDefinitions(LogicalName='${table}')`;
  const columns = 'LogicalName,SchemaName,AttributeType,IsValidForCreate,IsValidForUpdate,RequiredLevel';
  const texts = 'Microsoft.Dynamics.CRM.StringAttributeMetadata';
  const memos = 'Microsoft.Dynamics.CRM.MemoAttributeMetadata';
  const [attributes, keys, relationships, ...lengths] = await Promise.all([
    rowsOf(api, `${entity}/Attributes?$select=${columns}`, options),
    rowsOf(api, `${entity}/Keys?$select=LogicalName,KeyAttributes,EntityKeyIndexStatus`, options),
    rowsOf(
      api,
      `${entity}/ManyToOneRelationships?$select=ReferencingAttribute,ReferencingEntityNavigationPropertyName`,
      options,
    ),
    rowsOf(api, `${entity}/Attributes/${texts}?$select=LogicalName,MaxLength`, options),
    rowsOf(api, `${entity}/Attributes/${memos}?$select=LogicalName,MaxLength`, options),
  ]);
  for (const read of [attributes, keys, relationships, ...lengths]) if ('ok' in read) return read;
  const told = (attributes as Row[]).flatMap((row) =>
    described(row, {
      lengthOf: new Map((lengths as Row[][]).flat().map((one) => [one.LogicalName, Number(one.MaxLength)])),
      bindsOf: bindsOf(relationships as Row[]),
      unique: new Set([definition!.PrimaryIdAttribute, ...singleKeys(keys as Row[])]),
    }),
  );
  return { ok: true, fields: Object.fromEntries(told) };
}

async function rowsOf(api: DataverseApi, path: string, options: CallOptions): Promise<Row[] | Described> {
  const { body, failure } = await api.read(`${api.root}/${path}`, options);
  if (failure) return { ok: false, reason: failure.reason };
  return Array.isArray(body.value) ? (body.value as Row[]) : { ok: false, reason: unreadable(200).reason };
}

/** A key of one column identifies a record; one that is still being indexed does not yet. */
function singleKeys(keys: readonly Row[]): unknown[] {
  return keys.flatMap(({ KeyAttributes: names, EntityKeyIndexStatus: status }) =>
    Array.isArray(names) && names.length === 1 && (status === undefined || status === 'Active')
      ? [names[0] as unknown]
      : [],
  );
}

/** By what names a lookup is written: one for each table that it may lead to. */
function bindsOf(relationships: readonly Row[]): ReadonlyMap<unknown, readonly string[]> {
  const binds = new Map<unknown, readonly string[]>();
  for (const row of relationships) {
    const { ReferencingAttribute: column, ReferencingEntityNavigationPropertyName: bind } = row;
    if (typeof bind === 'string') binds.set(column, [...(binds.get(column) ?? []), bind]);
  }
  return binds;
}

function described(
  row: Row,
  by: {
    readonly lengthOf: ReadonlyMap<unknown, number>;
    readonly unique: ReadonlySet<unknown>;
    readonly bindsOf: ReadonlyMap<unknown, readonly string[]>;
  },
): [string, DescribedField][] {
  const { LogicalName: name, SchemaName: schema, AttributeType: kind } = row;
  if (typeof name !== 'string' || typeof kind !== 'string') return [];
  const isWritable = row.IsValidForCreate === true || row.IsValidForUpdate === true;
  const level = (row.RequiredLevel as { Value?: unknown } | undefined)?.Value;
  const more = {
    ...(REQUIRED.has(String(level)) && row.IsValidForCreate === true && !by.unique.has(name)
      ? { required: true }
      : {}),
    ...(isWritable ? {} : { writable: false }),
  };
  if (LOOKUPS.has(kind)) {
    const byDefault = kind === 'Lookup' && typeof schema === 'string' ? schema : name;
    const binds = by.bindsOf.get(name) ?? [byDefault];
    // Of several names one is written at most: none of them is required by itself.
    const isOpen = kind === 'Owner' || binds.length > 1;
    return binds.map((bind) => [
      `${bind}@odata.bind`,
      { type: 'reference', ...more, ...(isOpen ? { required: false } : {}) },
    ]);
  }
  const type = TYPES[kind];
  if (type === undefined) return [];
  const length = by.lengthOf.get(name);
  return [
    [
      name,
      {
        type: /^emailaddress/.test(name) ? 'email' : type,
        ...(length !== undefined && length > 0 ? { length } : {}),
        ...(by.unique.has(name) ? { unique: true } : {}),
        ...more,
      },
    ],
  ];
}

const unknownTable = (object: string) => ({
  code: 'unknown-object',
  message: `Dataverse knows no table ${object}, or our application user may not see it.`,
  owner: 'mapping' as const,
});
