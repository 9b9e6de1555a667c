/** JSON Schemas of the files in config/: descriptions are the comments that stand there, bounds the ones checked at start. */
import 'reflect-metadata';
import { getMetadataStorage } from 'class-validator';
import { isMap, isScalar, parseDocument, type Pair, type Scalar, type YAMLMap } from 'yaml';
import { Settings } from '../../platform/config/settings.js';
import type { Schema } from './mapping-schema.js';

const draft = 'http://json-schema.org/draft-07/schema#';

type Constructor = new () => object;

/** @param text config/default.yaml, which holds every setting with its default */
export function settingsSchema(text: string): Schema {
  const sections = pairsOf(parseDocument(text).contents);
  return {
    $schema: draft,
    title: 'Settings of Foyer',
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(
      sections.map(({ name, value }) => {
        const type = Reflect.getMetadata('design:type', Settings.prototype, name) as Constructor;
        const settings = pairsOf(value).map(
          (setting) => [setting.name, settingSchema(type, setting)] as const,
        );
        return [
          name,
          { type: 'object', additionalProperties: false, properties: Object.fromEntries(settings) },
        ];
      }),
    ),
  };
}

function settingSchema(type: Constructor, { name, value, comment }: Named): Schema {
  const checks = getMetadataStorage().getTargetValidationMetadatas(type, '', true, false);
  const own = checks.filter(({ propertyName }) => propertyName === name);
  const schema: Record<string, unknown> = comment ? { description: comment } : {};
  if (value !== undefined) schema['default'] = (value as Scalar | YAMLMap).toJSON();
  for (const { name: check, constraints } of own)
    Object.assign(schema, constraintOf(check, constraints as unknown[]));
  return schema;
}

function constraintOf(check: string | undefined, constraints: readonly unknown[]): Schema {
  switch (check) {
    case 'isInt':
      return { type: 'integer' };
    case 'isNumber':
      return { type: 'array', items: { type: 'number' } };
    case 'isArray':
      return { type: 'array' };
    case 'isString':
      return { type: 'string' };
    case 'isBoolean':
      return { type: 'boolean' };
    case 'isIn':
      return { enum: constraints[0] };
    case 'min':
      return { minimum: constraints[0] };
    case 'max':
      return { maximum: constraints[0] };
    default:
      // A least length is asked of the whole configuration; the file may leave it to the environment.
      return {};
  }
}

/**
 * @param text config/destinations.yaml: its comments describe what entries may hold
 * @param shapes what connectors with a schema of their own take
 */
export function destinationsSchema(
  text: string,
  connectors: readonly string[],
  shapes: Readonly<Record<string, Schema>>,
): Schema {
  const described = new Map<string, Schema>();
  for (const { value } of pairsOf(parseDocument(text).contents)) {
    const settings = pairsOf(value);
    const connector = (settings.find(({ name }) => name === 'connector')?.value as Scalar | undefined)?.value;
    if (Object.hasOwn(shapes, String(connector))) continue;
    for (const { name, comment } of settings) {
      if (comment || !described.has(name)) described.set(name, comment ? { description: comment } : {});
    }
  }
  const properties = {
    connector: { description: 'Which protocol it speaks', enum: connectors },
    enabled: {
      description: 'false keeps it in the book: its mappings are checked, and nothing is sent',
      type: ['boolean', 'string'],
    },
    mappings: {
      description:
        'The only mappings that are applied of those that write there: a list, or names with commas',
      anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
    },
  };
  const is = (...names: string[]): Schema => ({ properties: { connector: { enum: names } } });
  return {
    $schema: draft,
    title: 'The backends Foyer writes to',
    description:
      '${NAME} is taken from the environment, ${NAME:-default} has a default. Secrets stand in the environment only.',
    type: 'object',
    additionalProperties: {
      type: 'object',
      required: ['connector'],
      properties,
      allOf: [
        {
          if: is(...Object.keys(shapes)),
          else: { properties: { ...Object.fromEntries(described), ...properties } },
        },
        ...Object.entries(shapes).map(([connector, shape]) => ({
          if: is(connector),
          then: { ...shape, properties: { ...properties, ...(shape['properties'] as Schema) } },
        })),
      ],
    },
  };
}

export function schedulesSchema(
  reports: readonly string[],
  mappings: readonly string[],
  repairs: readonly string[],
): Schema {
  const mapping = { type: 'string', enum: mappings };
  return {
    $schema: draft,
    title: 'Every schedule of the system',
    type: 'object',
    additionalProperties: {
      type: 'object',
      required: ['cron', 'timeZone'],
      oneOf: [{ required: ['report'] }, { required: ['reconcile'] }],
      properties: {
        report: { description: 'Which report is made', enum: reports },
        reconcile: {
          description: 'Whose both sides are compared: all, or the names of mappings',
          anyOf: [{ const: 'all' }, mapping, { type: 'array', items: mapping }],
        },
        repair: {
          description: 'What becomes of what a comparison finds; none unless it says so',
          enum: repairs,
        },
        cron: {
          description: 'Five fields: minute, hour, day, month, weekday',
          type: 'string',
          pattern: String.raw`^\S+( \S+){4}$`,
        },
        timeZone: { description: 'Where that time is meant, such as Europe/Berlin', type: 'string' },
      },
    },
  };
}

interface Named {
  readonly name: string;
  readonly value: unknown;
  /** What stands behind the value, or above the name. */
  readonly comment: string | null;
}

function pairsOf(node: unknown): Named[] {
  if (!isMap(node)) return [];
  return (node.items as Pair<Scalar, Scalar | null>[]).map(({ key, value }) => {
    const comment = (isScalar(value) ? value.comment : null) ?? key.comment ?? null;
    return { name: String(key.value), value, comment: comment?.trim().replace(/\s*\n\s*/g, ' ') ?? null };
  });
}
