/** The parts of a JSON Schema that the documentation shows. */
export interface Schema {
  readonly $ref?: string;
  readonly allOf?: Schema[];
  readonly type?: string | string[];
  readonly format?: string;
  readonly enum?: unknown[];
  readonly required?: string[];
  readonly properties?: Record<string, Schema>;
  readonly items?: Schema;
  readonly description?: string;
  readonly example?: unknown;
  readonly maxLength?: number;
  readonly maximum?: number;
}

export interface FieldRow {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly description: string;
}

/** A body as a table of its fields, those of nested objects by their path, and an example made of their examples. */
export function fieldsOf(
  schema: Schema,
  schemas: Readonly<Record<string, Schema>>,
): { rows: FieldRow[]; example: unknown } {
  const rows: FieldRow[] = [];
  const example = describe(schema, schemas, '', rows);
  return { rows, example };
}

function describe(
  given: Schema,
  schemas: Readonly<Record<string, Schema>>,
  prefix: string,
  rows: FieldRow[],
): unknown {
  const schema = resolved(given, schemas);
  const example: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const inner = resolved(field, schemas);
    const required = schema.required?.includes(name) ?? false;
    rows.push({
      name: prefix + name,
      type: typeOf(inner, schemas),
      required,
      description: [field.description ?? inner.description, limits(inner)].filter(Boolean).join(' '),
    });
    const value = valueOf(field, inner, schemas, `${prefix}${name}`, rows);
    if (value !== undefined) example[name] = value;
  }
  return example;
}

function valueOf(
  field: Schema,
  inner: Schema,
  schemas: Readonly<Record<string, Schema>>,
  path: string,
  rows: FieldRow[],
): unknown {
  const nested = inner.properties ? describe(inner, schemas, `${path}.`, rows) : undefined;
  const item = inner.items && resolved(inner.items, schemas);
  const items = item?.properties ? [describe(item, schemas, `${path}[].`, rows)] : undefined;
  return field.example ?? inner.example ?? nested ?? items;
}

function resolved(schema: Schema, schemas: Readonly<Record<string, Schema>>): Schema {
  const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
  const target = reference && schemas[reference.split('/').at(-1)!];
  return target ? { ...target, ...schema } : schema;
}

function typeOf(schema: Schema, schemas: Readonly<Record<string, Schema>>): string {
  if (schema.enum) return schema.enum.join(' | ');
  if (schema.items) return `list of ${typeOf(resolved(schema.items, schemas), schemas)}s`;
  const type = [schema.type ?? 'object'].flat().join(' or ').replace('string', 'text');
  return schema.format === 'date-time' ? type.replace('text', 'time') : type;
}

function limits(schema: Schema): string {
  if (schema.maxLength !== undefined) return `At most ${schema.maxLength} characters.`;
  return schema.maximum !== undefined ? `At most ${schema.maximum}.` : '';
}
