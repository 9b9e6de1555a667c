import type { OpenAPIObject } from '@nestjs/swagger';
import { fieldsOf, type Schema } from './docs-fields.js';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

interface Operation {
  readonly tags?: string[];
  readonly summary?: string;
  readonly description?: string;
  readonly security?: unknown[];
  readonly parameters?: {
    name: string;
    in: string;
    required?: boolean;
    description?: string;
    schema?: Schema;
  }[];
  readonly requestBody?: { content: Record<string, { schema: Schema }> };
  readonly responses: Record<
    string,
    { description?: string; content?: Record<string, { example?: unknown }> }
  >;
}

interface Entry {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** The contract to read: one page, complete without a script, nothing loaded from elsewhere. */
export function docsPage(document: OpenAPIObject): string {
  const groups = grouped(document);
  const schemas = (document.components?.schemas ?? {}) as Record<string, Schema>;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Foyer API</title>
<link rel="stylesheet" href="/docs/docs.css">
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<nav aria-label="Contents">
<p class="brand"><a href="#content">Foyer <span>API</span></a></p>
${[...groups].map(([tag, entries]) => navigation(tag, entries)).join('\n')}
<p class="machine"><a href="/openapi.json">OpenAPI 3.1 document</a></p>
</nav>
<main id="content">
<header>
<h1>Foyer API</h1>
${paragraphs(document.info.description ?? '')}
</header>
${[...groups].map(([tag, entries]) => section(tag, entries, schemas)).join('\n')}
</main>
</body>
</html>
`;
}

function grouped(document: OpenAPIObject): Map<string, Entry[]> {
  const groups = new Map<string, Entry[]>();
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = (item as Record<string, Operation | undefined>)[method];
      if (!operation) continue;
      const tag = operation.tags?.[0] ?? 'other';
      const id = `${method}-${path.replace(/[^a-z0-9]+/gi, '-').replace(/^-|-$/g, '')}`;
      groups.set(tag, [...(groups.get(tag) ?? []), { id, method, path, operation }]);
    }
  }
  // What people come for first, what probes ask last.
  const health = groups.get('health');
  if (health && groups.delete('health')) groups.set('health', health);
  return groups;
}

function navigation(tag: string, entries: readonly Entry[]): string {
  const items = entries.map(
    ({ id, method, operation, path }) =>
      `<li><a href="#${id}"><b class="${method}">${method}</b> ${escape(operation.summary ?? path)}</a></li>`,
  );
  return `<h2>${escape(tag)}</h2>\n<ul>${items.join('')}</ul>`;
}

function section(tag: string, entries: readonly Entry[], schemas: Record<string, Schema>): string {
  return `<section aria-labelledby="tag-${escape(tag)}">
<h2 id="tag-${escape(tag)}">${escape(tag)}</h2>
${entries.map((entry) => article(entry, schemas)).join('\n')}
</section>`;
}

function article({ id, method, path, operation }: Entry, schemas: Record<string, Schema>): string {
  const body = operation.requestBody?.content['application/json']?.schema;
  return `<article id="${id}">
<h3>${escape(operation.summary ?? path)}</h3>
<p class="address"><b class="${method}">${method}</b> <code>${address(path)}</code>${
    operation.security ? ' <span class="lock">needs credentials</span>' : ''
  }</p>
${operation.description ? paragraphs(operation.description) : ''}
${parameters(operation)}
${body ? requestBody(body, schemas) : ''}
${responses(operation)}
</article>`;
}

function parameters({ parameters: given = [] }: Operation): string {
  const shown = given.filter((parameter) => parameter.in !== 'path');
  if (shown.length === 0) return '';
  const rows = shown.map(
    ({ name, in: place, required, description, schema }) =>
      `<tr><th scope="row"><code>${escape(name)}</code></th><td>${place}${required ? ', required' : ''}</td>` +
      `<td>${inline([description, schema?.enum?.join(' | ')].filter(Boolean).join(': '))}</td></tr>`,
  );
  return `<h4>Parameters</h4><table><tbody>${rows.join('')}</tbody></table>`;
}

function requestBody(schema: Schema, schemas: Record<string, Schema>): string {
  const { rows, example } = fieldsOf(schema, schemas);
  const lines = rows.map(
    ({ name, type, required, description }) =>
      `<tr><th scope="row"><code>${escape(name)}</code></th><td>${escape(type)}${required ? '' : ', optional'}</td>` +
      `<td>${inline(description)}</td></tr>`,
  );
  return `<h4>Body</h4><div class="pair"><table><tbody>${lines.join('')}</tbody></table>${json(example)}</div>`;
}

function responses(operation: Operation): string {
  return Object.entries(operation.responses)
    .filter(([status]) => status !== 'default')
    .map(([status, { description, content }]) => {
      const example = content?.['application/json']?.example;
      const label = `<b class="status">${status}</b> ${escape(description ?? '')}`;
      if (example === undefined) return `<p class="answer">${label}</p>`;
      return `<details><summary>${label}</summary>${json(example)}</details>`;
    })
    .join('\n');
}

function address(path: string): string {
  return escape(path).replace(/\{(\w+)\}/g, '<i>:$1</i>');
}

function json(value: unknown): string {
  return `<pre tabindex="0"><code>${escape(JSON.stringify(value, null, 2))}</code></pre>`;
}

function paragraphs(text: string): string {
  return text
    .split('\n\n')
    .map((part) => `<p>${inline(part)}</p>`)
    .join('\n');
}

function inline(text: string): string {
  return escape(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
