/** The JSON Schema of mapping files and their tables, for editors: names of fields come from the targets' metadata. */
import { limitNames } from '../../mapping/compiled-mapping.js';
import { missingPolicies, operations } from '../../mapping/mapping-file.js';
import { mappableStreams } from '../../mapping/stream-contracts.js';
import type { TargetField, TargetMetadata } from '../../mapping/target-metadata.js';

export type Schema = Readonly<Record<string, unknown>>;

export interface Known {
  readonly targets: readonly TargetMetadata[];
  readonly picklists: readonly string[];
  readonly mappings: readonly string[];
}

const draft = 'http://json-schema.org/draft-07/schema#';

const expression: Schema = {
  description:
    'An expression (CEL), such as person.email.trim(). A text needs quotes of its own: \'"Foyer"\'.',
  type: ['string', 'number', 'boolean'],
};
const literal: Schema = { type: ['string', 'number', 'boolean', 'null'] };
const bound: Schema = {
  description: 'A count of records (20) or a share of them (5%)',
  anyOf: [
    { type: 'integer', minimum: 0 },
    { type: 'string', pattern: String.raw`^\d{1,3}(\.\d+)?\s*%$` },
  ],
};

export function mappingSchema({ targets, picklists, mappings }: Known): Schema {
  return {
    $schema: draft,
    title: 'A mapping: how the records of a stream become objects at a destination',
    type: 'object',
    additionalProperties: false,
    required: ['mapping', 'stream', 'destination', 'object', 'operation', 'key', 'fields'],
    dependencies: { when: ['whenNot'], whenNot: ['when'] },
    properties: {
      mapping: {
        description: 'Its name, unique: destination.object',
        type: 'string',
        pattern: String.raw`^[a-z0-9][a-z0-9_-]*(\.[a-zA-Z0-9_-]+)+$`,
      },
      stream: { description: 'What it reads', enum: mappableStreams },
      destination: {
        description: 'A name in config/destinations.yaml',
        ...suggested([...new Set(targets.map(({ destination }) => destination))]),
      },
      object: {
        description: 'The object at the backend',
        ...suggested([...new Set(targets.map(({ object }) => object))]),
      },
      operation: {
        description: 'What is asked of the backend; append only for what never changes',
        enum: operations,
      },
      when: {
        ...expression,
        description:
          'Which records are written: true or false. consent.granted("…") guards what is personal.',
      },
      whenNot: {
        description:
          'What becomes of a record that was sent and stops matching: keep, delete, or the fields to write',
        anyOf: [{ enum: ['keep', 'delete'] }, { type: 'object', additionalProperties: literal }],
      },
      key: {
        description: 'What identifies the record at the backend',
        type: 'object',
        additionalProperties: false,
        required: ['field', 'value'],
        properties: { field: { description: 'A unique field', type: 'string' }, value: expression },
      },
      match: {
        description: 'Adopts a record that stands there already, before one is created',
        type: 'object',
        additionalProperties: false,
        properties: {
          by: { description: 'Fields that this mapping gives', type: 'array', items: { type: 'string' } },
          onMany: { description: 'Where several are found', enum: ['reject', 'first'] },
        },
      },
      needs: {
        description: 'Mappings whose record must be there before; its id is target("…").id',
        type: 'array',
        items: suggested(mappings),
      },
      let: {
        description: 'Names for what several expressions use',
        type: 'object',
        additionalProperties: expression,
      },
      fields: {
        description: 'Fields at the backend',
        type: 'object',
        minProperties: 1,
        additionalProperties: { $ref: '#/definitions/field' },
      },
      lanes: {
        description: 'More lanes, more parallel calls, emptier batches',
        type: 'integer',
        minimum: 1,
        maximum: 64,
      },
      limits: {
        description: 'apply stops above these',
        type: 'object',
        additionalProperties: false,
        properties: Object.fromEntries(limitNames.map((name) => [name, bound])),
      },
      examples: {
        description: 'Promises that foyer check and foyer test keep',
        type: 'array',
        items: { $ref: '#/definitions/example' },
      },
    },
    allOf: targets.map(ofTarget),
    definitions: { field: fieldSchema(picklists), example },
  };
}

/** What the metadata of one target adds: which fields there are, which may be the key. */
function ofTarget({ destination, object, fields }: TargetMetadata): Schema {
  const entries = Object.entries(fields);
  const writable = entries.filter(([, field]) => field.writable !== false);
  const names = writable.map(([name]) => name);
  return {
    if: {
      required: ['destination', 'object'],
      properties: { destination: { const: destination }, object: { const: object } },
    },
    then: {
      properties: {
        key: {
          properties: { field: { enum: entries.filter(([, field]) => field.unique).map(([name]) => name) } },
        },
        match: { properties: { by: { items: { enum: names } } } },
        whenNot: { anyOf: [{ type: 'string' }, { propertyNames: { enum: names } }] },
        fields: {
          propertyNames: { enum: names },
          properties: Object.fromEntries(
            writable.map(([name, field]) => [
              name,
              { description: described(field), allOf: [{ $ref: '#/definitions/field' }] },
            ]),
          ),
        },
      },
    },
  };
}

function described({ type, length, required, unique, values, restricted }: TargetField): string {
  return [
    type,
    ...(length === undefined ? [] : [`at most ${length} characters`]),
    ...(required ? ['required'] : []),
    ...(unique ? ['unique'] : []),
    ...(values ? [`${restricted === false ? 'such as' : 'one of'} ${values.slice(0, 20).join(', ')}`] : []),
  ].join(', ');
}

function fieldSchema(picklists: readonly string[]): Schema {
  return {
    anyOf: [
      expression,
      {
        type: 'object',
        additionalProperties: false,
        required: ['value'],
        properties: {
          value: expression,
          missing: {
            description: 'What an absent value does; omit leaves the field alone',
            enum: [...missingPolicies, null],
          },
          default: { description: 'Sent where the value is absent', type: ['string', 'number', 'boolean'] },
          truncate: {
            description: 'Cut to this length; without it, too long is rejected',
            type: 'integer',
            minimum: 1,
          },
          picklist: { description: 'A table in picklists/', ...suggested(picklists) },
          owner: {
            description: 'Who wins where the value was changed at the backend',
            enum: ['foyer', 'destination', 'firstWrite'],
          },
        },
      },
    ],
  };
}

const example: Schema = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'given', 'expect'],
  properties: {
    name: { description: 'The promise, in words', type: 'string' },
    given: { description: 'A record; lists left out are empty', type: 'object' },
    targets: {
      description: 'The ids that target("…").id gives, by mapping',
      type: 'object',
      additionalProperties: { type: 'string' },
    },
    expect: {
      description: 'All fields written and no others, or suppressed, or rejected',
      anyOf: [{ enum: ['suppressed', 'rejected'] }, { type: 'object', additionalProperties: literal }],
    },
    reason: { description: 'With rejected: the code of the reason', type: 'string' },
    key: { description: 'The key expected', type: 'string' },
  },
};

export const picklistSchema: Schema = {
  $schema: draft,
  title: "A table from our values to a backend's",
  type: 'object',
  additionalProperties: false,
  required: ['picklist', 'values'],
  properties: {
    picklist: { description: 'Its name, as fields and lookup() call it', type: 'string' },
    of: {
      description: 'The attribute whose every value it answers for, such as Registration.status',
      type: 'string',
    },
    values: {
      description: 'Our value: the backend’s',
      type: 'object',
      additionalProperties: { type: 'string' },
    },
    otherwise: {
      description: 'Sent for what the table does not know; without it such a record is rejected',
      type: 'string',
    },
  },
};

/** Offered by editors, and not insisted on: a new name is no mistake. */
function suggested(names: readonly string[]): Schema {
  return names.length > 0
    ? { type: 'string', anyOf: [{ enum: [...names].sort() }, { type: 'string' }] }
    : { type: 'string' };
}
