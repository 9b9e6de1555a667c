import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { fieldsOf, type Schema } from '../../src/platform/http/docs-fields.js';

interface Content {
  readonly schema?: Schema;
  readonly example?: unknown;
}

interface Operation {
  readonly requestBody?: { readonly content: Record<string, Content> };
  readonly responses: Record<string, { readonly content?: Record<string, Content> }>;
}

interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, Schema> };
}

/** Answers without a body. */
const EMPTY = new Set(['204', '205']);

/**
 * Every body that any operation takes or answers with 2xx must have an example that its own schema accepts; what is no
 * JSON must say so.
 */
export function examplesOf(document: unknown): { operations: number; faults: string[] } {
  const { paths, components } = document as Document;
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema({ $id: 'api', components });
  const faults: string[] = [];
  const judge = (place: string, { schema, example }: Content): void => {
    if (example === undefined || isEmpty(example)) faults.push(`${place} has no example`);
    else if (!schema) faults.push(`${place} has no schema`);
    else if (!ajv.validate(rooted(schema), example)) faults.push(`${place}: ${ajv.errorsText()}`);
  };
  let operations = 0;
  for (const [path, item] of Object.entries(paths)) {
    for (const [method, { requestBody, responses }] of Object.entries(item)) {
      operations += 1;
      const name = `${method.toUpperCase()} ${path}`;
      for (const [type, content] of Object.entries(requestBody?.content ?? {})) {
        const example = content.schema?.example ?? fieldsOf(content.schema ?? {}, components.schemas).example;
        judge(`the body of ${name} as ${type}`, { ...content, example });
      }
      const answers = Object.entries(responses).filter(([status]) => /^2/.test(status));
      if (answers.length === 0) faults.push(`${name} has no answer`);
      for (const [status, { content = {} }] of answers) {
        if (EMPTY.has(status)) continue;
        if (Object.keys(content).length === 0) faults.push(`${name} ${status} says nothing of its body`);
        for (const [type, one] of Object.entries(content))
          if (type.endsWith('json')) judge(`${name} ${status}`, one);
      }
    }
  }
  return { operations, faults };
}

function isEmpty(example: unknown): boolean {
  return typeof example === 'object' && example !== null && Object.keys(example).length === 0;
}

/** References go to the document, wherever the schema stands. */
function rooted(schema: Schema): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api#/')) as object;
}
