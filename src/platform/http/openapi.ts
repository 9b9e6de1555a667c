import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { PROBLEMS } from './problem.js';

const DESCRIPTION = `Foyer takes in registrations for events and delivers what becomes of them to the enterprise's own systems.

Errors are RFC 9457 \`application/problem+json\`; the page behind \`type\` explains each. Every POST that creates takes an \`Idempotency-Key\`. Lists are \`{ items, next }\` with \`?limit=\` and \`?cursor=\`.`;

/** The contract as the code has it: /openapi.json for machines, /docs for people. */
export function serveOpenApi(app: NestFastifyApplication): void {
  const config = new DocumentBuilder()
    .setTitle('Foyer')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .setOpenAPIVersion('3.1.0')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'A manage token fm_… or an API key fk_…' })
    .build();
  let document: OpenAPIObject | undefined;
  const make = (): OpenAPIObject => (document ??= withProblems(SwaggerModule.createDocument(app, config)));
  SwaggerModule.setup('docs', app, make, {
    jsonDocumentUrl: 'openapi.json',
    customSiteTitle: 'Foyer API',
    customCss: '.swagger-ui .topbar { display: none } .swagger-ui .info { margin: 2rem 0 1rem }',
    swaggerOptions: { docExpansion: 'list', defaultModelsExpandDepth: -1, tryItOutEnabled: true },
  });
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
