import { type Answer, type Call } from '../call.js';
import type { Column } from './column.js';
import { json, unknown } from './errors.js';
import type { EntitySet, Organisation } from './organisation.js';
import type { TableDefinition } from './tables.js';

const CRM = 'Microsoft.Dynamics.CRM';
/** What every kind of column has; the rest can be asked for only by a cast to its kind. */
const COMMON = [
  'LogicalName',
  'SchemaName',
  'AttributeType',
  'DisplayName',
  'IsValidForCreate',
  'IsValidForUpdate',
  'IsValidForRead',
  'RequiredLevel',
  'IsPrimaryId',
  'IsPrimaryName',
  'MetadataId',
];

/** Metadata: EntityDefinitions, their Attributes, Keys and lookups. */
export class Describe {
  constructor(
    private readonly organisation: Organisation,
    private readonly apiUrl: () => string,
  ) {}

  answer(call: Call, inner: string | undefined, rest: readonly string[]): Answer {
    if (call.method !== 'GET')
      throw unknown(405, `The requested resource does not support http method '${call.method}'.`);
    if (inner === undefined) return this.list(call);
    const set = this.named(inner);
    const [part, ...more] = rest;
    const context = `${this.apiUrl()}/$metadata#EntityDefinitions`;
    if (part === undefined) {
      const body = {
        ...selected(entityOf(set.definition), call.query.get('$select'), 'EntityMetadata'),
        ...expanded(call, set),
      };
      return json(200, { '@odata.context': `${context}/$entity`, ...body });
    }
    if (part === 'Keys')
      return json(200, {
        '@odata.context': `${context}('${set.definition.name}')/Keys`,
        value: keysOf(set.definition),
      });
    if (part === 'ManyToOneRelationships') {
      const select = call.query.get('$select');
      const value = relationshipsOf(set.definition).map((one) =>
        selected(one, select, 'OneToManyRelationshipMetadata'),
      );
      return json(200, {
        '@odata.context': `${context}('${set.definition.name}')/ManyToOneRelationships`,
        value,
      });
    }
    if (/^Attributes\(LogicalName='\w+'\)$/.test(part)) return this.attribute(call, set, part.slice(24, -2));
    if (part !== 'Attributes') throw unknown(404, `Resource not found for the segment '${part}'.`);
    const value = attributes(set.definition, call.query.get('$select'), more[0], call.query.get('$expand'));
    return json(200, { '@odata.context': `${context}('${set.definition.name}')/Attributes`, value });
  }

  private list(call: Call): Answer {
    const value = this.organisation
      .definitions()
      .filter(filterOf(call.query.get('$filter')))
      .map((definition) => ({
        ...selected(entityOf(definition), call.query.get('$select'), 'EntityMetadata'),
        ...expanded(call, this.organisation.set(definition.set)),
      }));
    return json(200, { '@odata.context': `${this.apiUrl()}/$metadata#EntityDefinitions`, value });
  }

  private attribute(call: Call, { definition }: EntitySet, name: string): Answer {
    const [found] = attributes(definition, call.query.get('$select'), undefined, null, name);
    if (found === undefined)
      throw unknown(
        404,
        `Could not find an attribute with specified name: EntityName=${definition.name}, AttributeName=${name}`,
      );
    return json(200, found);
  }

  private named(inner: string): EntitySet {
    const name = /^\s*LogicalName\s*=\s*'(\w+)'\s*$/.exec(inner)?.[1];
    const set = name === undefined ? undefined : this.organisation.byLogicalName(name);
    if (set === undefined)
      throw unknown(404, `Could not find an entity with specified name: ${name ?? inner}`);
    return set;
  }
}

/** By one of the two names of a table; nothing else is played. */
function filterOf(filter: string | null): (table: TableDefinition) => boolean {
  if (filter === null) return () => true;
  const [, property, wanted] = /^\s*(LogicalName|EntitySetName) eq '(\w+)'\s*$/.exec(filter) ?? [];
  if (property === undefined) throw unknown(400, 'This $filter of EntityDefinitions is not played here.');
  return ({ name, set }) => wanted === (property === 'LogicalName' ? name : set);
}

function entityOf({ name, set, label, id, title }: TableDefinition): Record<string, unknown> {
  return {
    LogicalName: name,
    SchemaName: schemaName(name),
    EntitySetName: set,
    LogicalCollectionName: set,
    DisplayName: labelled(label),
    PrimaryIdAttribute: id,
    PrimaryNameAttribute: title,
    IsCustomEntity: name.startsWith('foyer_'),
    IsActivity: name === 'task',
    IsOptimisticConcurrencyEnabled: true,
    MetadataId: metadataId(name),
  };
}

function keysOf({ name, keys }: TableDefinition): object[] {
  return Object.entries(keys).map(([key, columns]) => ({
    LogicalName: key,
    SchemaName: schemaName(key),
    EntityLogicalName: name,
    KeyAttributes: columns,
    EntityKeyIndexStatus: 'Active',
    MetadataId: metadataId(`${name}.${key}`),
  }));
}

/** One for each table that a lookup may lead to. */
function relationshipsOf({ name, columns }: TableDefinition): Record<string, unknown>[] {
  return Object.entries(columns).flatMap(([column, one]) =>
    one.type !== 'Lookup'
      ? []
      : Object.entries(one.binds).map(([target, bind]) => ({
          SchemaName: `${name}_${target}_${column}`,
          ReferencingEntity: name,
          ReferencingAttribute: column,
          ReferencedEntity: target,
          ReferencingEntityNavigationPropertyName: bind,
          MetadataId: metadataId(`${name}.${column}.${target}`),
        })),
  );
}

/** `cast` is the last part of an address, `Microsoft.Dynamics.CRM.StringAttributeMetadata`. */
function attributes(
  definition: TableDefinition,
  select: string | null,
  cast: string | undefined,
  expand: string | null,
  only?: string,
): object[] {
  return Object.entries(definition.columns)
    .filter(
      ([name, column]) =>
        (only === undefined || name === only) && (cast === undefined || cast === `${CRM}.${kindOf(column)}`),
    )
    .map(([name, column]) => {
      const kind = kindOf(column);
      const whole = attributeOf(definition, name, column);
      const offered =
        cast === undefined && select !== null
          ? Object.fromEntries(COMMON.map((each) => [each, whole[each]]))
          : whole;
      const options = expand?.startsWith('OptionSet') === true ? { OptionSet: whole.OptionSet } : {};
      const body = selected(offered, select, cast === undefined ? 'AttributeMetadata' : kind);
      if (cast !== undefined && !expand?.startsWith('OptionSet')) delete body.OptionSet;
      return { ...(cast === undefined ? { '@odata.type': `#${CRM}.${kind}` } : {}), ...body, ...options };
    });
}

function attributeOf(definition: TableDefinition, name: string, column: Column): Record<string, unknown> {
  const { label = name, isReadOnly = false } = column;
  return {
    LogicalName: name,
    SchemaName: schemaName(name),
    AttributeType: column.type,
    DisplayName: labelled(label),
    IsValidForCreate: !isReadOnly,
    IsValidForUpdate: !isReadOnly && name !== definition.id,
    IsValidForRead: true,
    RequiredLevel: { Value: name === definition.id ? 'SystemRequired' : 'None', CanBeChanged: true },
    IsPrimaryId: name === definition.id,
    IsPrimaryName: name === definition.title,
    MetadataId: metadataId(`${definition.name}.${name}`),
    ...detailsOf(column),
  };
}

/** What only this kind of column has. */
function detailsOf(column: Column): Record<string, unknown> {
  switch (column.type) {
    case 'String':
      return { MaxLength: column.length, Format: column.format ?? 'Text' };
    case 'Memo':
      return { MaxLength: column.length, Format: 'TextArea' };
    case 'Integer':
      return { MinValue: column.least ?? -2_147_483_648, MaxValue: column.most ?? 2_147_483_647 };
    case 'Decimal':
      return { MinValue: column.least, MaxValue: column.most, Precision: column.precision };
    case 'DateTime':
      return {
        Format: column.format,
        DateTimeBehavior: { Value: column.format === 'DateOnly' ? 'DateOnly' : 'UserLocal' },
      };
    case 'Lookup':
      return { Targets: Object.keys(column.binds) };
    case 'Picklist':
    case 'State':
    case 'Status':
      return {
        OptionSet: {
          Options: Object.entries(column.options).map(([Value, label]) => ({
            Value: Number(Value),
            Label: labelled(label),
          })),
        },
      };
    default:
      return {};
  }
}

function expanded(call: Call, { definition }: EntitySet): object {
  const expand = call.query.get('$expand') ?? '';
  const select = /Attributes\(\$select=([\w,]+)\)/.exec(expand)?.[1] ?? null;
  return {
    ...(/(^|,)Attributes/.test(expand)
      ? { Attributes: attributes(definition, select, undefined, null) }
      : {}),
    ...(/(^|,)Keys/.test(expand) ? { Keys: keysOf(definition) } : {}),
  };
}

function selected(
  whole: Record<string, unknown>,
  select: string | null,
  type: string,
): Record<string, unknown> {
  if (select === null) return { ...whole };
  const names = select.split(',').map((name) => name.trim());
  const wrong = names.find((name) => !(name in whole));
  if (wrong !== undefined)
    throw unknown(400, `Could not find a property named '${wrong}' on type '${CRM}.${type}'.`);
  return Object.fromEntries([...new Set([...names, 'MetadataId'])].map((name) => [name, whole[name]]));
}

function kindOf({ type }: Column): string {
  return type === 'Uniqueidentifier' ? 'AttributeMetadata' : `${type}AttributeMetadata`;
}

function labelled(label: string): object {
  return { UserLocalizedLabel: { Label: label, LanguageCode: 1033 } };
}

function schemaName(name: string): string {
  return name.startsWith('foyer_') ? name : `${name[0]!.toUpperCase()}${name.slice(1)}`;
}

/** The same at every start. */
function metadataId(name: string): string {
  let hash = 0;
  for (const letter of name) hash = (Math.imul(hash, 31) + letter.codePointAt(0)!) >>> 0;
  return `${hash.toString(16).padStart(8, '0')}-0000-4000-8000-00000f0e0e12`;
}
