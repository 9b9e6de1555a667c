/** A question of an event's form, as far as a page can ask it. */
export interface Question {
  readonly name: string;
  readonly label: string;
  readonly hint: string | null;
  readonly kind: 'line' | 'text' | 'number' | 'integer' | 'date' | 'yes' | 'one' | 'many';
  readonly isRequired: boolean;
  readonly choices: readonly string[];
  readonly lengthMax: number | null;
}

type Schema = Readonly<Record<string, unknown>>;

/** Longer answers get room for several lines. */
const LINE_MAX = 200;

/**
 * The questions of a JSON Schema's own properties, in their order. What a page cannot ask (an object, a list of
 * objects) is left to the API: it is not in the list, and where it is required the form says so when it is sent.
 */
export function questionsOf(schema: Schema): Question[] {
  const required = new Set(Array.isArray(schema.required) ? (schema.required as unknown[]) : []);
  return Object.entries(asSchema(schema.properties)).flatMap(([name, given]) => {
    const property = asSchema(given);
    const kind = kindOf(property);
    if (!kind) return [];
    const items = kind === 'many' ? asSchema(property.items) : property;
    return {
      name,
      label: textOf(property.title) ?? name,
      hint: textOf(property.description),
      kind,
      isRequired: required.has(name),
      choices: Array.isArray(items.enum) ? items.enum.map(String) : [],
      lengthMax: typeof property.maxLength === 'number' ? property.maxLength : null,
    };
  });
}

function kindOf(property: Schema): Question['kind'] | null {
  if (Array.isArray(property.enum)) return 'one';
  switch (property.type) {
    case 'boolean':
      return 'yes';
    case 'integer':
    case 'number':
      return property.type;
    case 'string':
      if (property.format === 'date') return 'date';
      return typeof property.maxLength === 'number' && property.maxLength > LINE_MAX ? 'text' : 'line';
    case 'array':
      return Array.isArray(asSchema(property.items).enum) ? 'many' : null;
    default:
      return null;
  }
}

function asSchema(value: unknown): Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Schema) : {};
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
