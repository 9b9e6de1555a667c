import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { docsPage } from './docs-page.js';
import { DOCS_STYLE } from './docs-style.js';
import { PROBLEMS } from './problem.js';

const DESCRIPTION = `Foyer takes in registrations for events and delivers what becomes of them to the enterprise's own systems.

Errors are RFC 9457 \`application/problem+json\`; the page behind \`type\` explains each. Every POST that creates takes an \`Idempotency-Key\`. Lists are \`{ items, next }\` with \`?limit=\` and \`?cursor=\`.`;

const PAGE_POLICY =
  "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const FRESH = 'public, max-age=60';

/** The contract as the code has it: /openapi.json for machines, /docs for people. Made when first asked for. */
export function serveOpenApi(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  let document: OpenAPIObject | undefined;
  const contract = (): OpenAPIObject => (document ??= describe(app));
  fastify.get('/openapi.json', (_request, reply) => {
    void reply.header('cache-control', FRESH).send(contract());
  });
  fastify.get('/docs', (_request, reply) => {
    void reply
      .header('content-type', 'text/html; charset=utf-8')
      .header('content-security-policy', PAGE_POLICY)
      .header('cache-control', FRESH)
      .send(docsPage(contract()));
  });
  fastify.get('/docs/docs.css', (_request, reply) => {
    void reply
      .header('content-type', 'text/css; charset=utf-8')
      .header('cache-control', FRESH)
      .send(DOCS_STYLE);
  });
}

function describe(app: NestFastifyApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Foyer')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .setOpenAPIVersion('3.1.0')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'A manage token fm_… or an API key fk_…' })
    .addCookieAuth('foyer-login', {
      type: 'apiKey',
      in: 'cookie',
      description: 'The login of a browser; a change also takes the header Foyer-Csrf that GET /v1/me tells',
    })
    .build();
  return withNullTypes(withProblems(SwaggerModule.createDocument(app, config)));
}

/** OpenAPI 3.1 knows no `nullable`: null is one of the types. */
function withNullTypes<T>(node: T): T {
  if (typeof node !== 'object' || node === null) return node;
  for (const value of Object.values(node)) withNullTypes(value);
  const schema = node as { nullable?: unknown; type?: unknown };
  if (schema.nullable === true && typeof schema.type === 'string') {
    schema.type = [schema.type, 'null'];
    delete schema.nullable;
  }
  return node;
}

/** Every operation may fail as a problem; said once for all. */
function withProblems(document: OpenAPIObject): OpenAPIObject {
  document.components ??= {};
  document.components.schemas = { ...document.components.schemas, Problem: PROBLEM_SCHEMA };
  for (const path of Object.values(document.paths)) {
    for (const method of ['get', 'put', 'post', 'patch', 'delete'] as const) {
      const operation = path[method];
      if (!operation) continue;
      operation.responses.default = {
        description: 'A problem',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      };
    }
  }
  return document;
}

const PROBLEM_SCHEMA = {
  type: 'object' as const,
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string' as const, enum: Object.keys(PROBLEMS).map((code) => `/problems/${code}`) },
    title: { type: 'string' as const },
    status: { type: 'integer' as const },
    detail: { type: 'string' as const },
    instance: { type: 'string' as const },
    errors: {
      type: 'array' as const,
      items: {
        type: 'object' as const,
        properties: {
          pointer: { type: 'string' as const },
          code: { type: 'string' as const },
          message: { type: 'string' as const },
        },
      },
    },
  },
  example: {
    type: '/problems/invalid-request',
    title: PROBLEMS['invalid-request'][1],
    status: 400,
    detail: '/attendee/email must be an email.',
    instance: '/v1/events/summit/registrations',
    errors: [{ pointer: '/attendee/email', code: 'is-email', message: 'must be an email.' }],
  },
};
