import { isUtf8 } from 'node:buffer';
import type { Type, DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';
import type { Settings } from '../config/settings.js';
import { LOGGER, type Logger, NestLogger, createLogger } from '../logger.js';
import { parseForms } from './forms.js';
import { KnownRoutes } from './known-routes.js';
import { invalidRequest, notFound, Problem } from './problem.js';
import { ProblemFilter, sendProblem } from './problem-filter.js';
import { beginLinksWith } from './links.js';
import { parseLines, takesLargeLists } from './lists.js';
import { takesRawBody } from './raw-bodies.js';
import { textFaults } from './text-guard.js';
import { DtoPipe } from './validation.js';

/** A Nest application on Fastify that answers every fault as problem+json, those that Node finds before us included. */
export async function createApp(
  module: Type | DynamicModule,
  settings: Settings,
): Promise<NestFastifyApplication> {
  const { http } = settings;
  beginLinksWith(http.publicUrl);
  const adapter = new FastifyAdapter({
    bodyLimit: http.bodyBytesMax,
    requestTimeout: http.requestTimeoutMs,
    trustProxy: http.trustProxy,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 200 },
    // Ids are made where they are needed; a random one a request is work for nobody.
    genReqId: () => '',
    // Prototype poisoning is refused, not cleaned.
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    http: { maxHeaderSize: http.headerBytesMax },
    // Nest sets its own first; ours also answers what fails before a route is found.
    allowErrorHandlerOverride: true,
    clientErrorHandler,
    frameworkErrors: (_error: Error, request: FastifyRequest, reply: FastifyReply) =>
      sendProblem(notFound(), request, reply),
  } as ConstructorParameters<typeof FastifyAdapter>[0]);
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: new NestLogger(createLogger(settings.process.logLevel)),
    abortOnError: false,
    bodyParser: false,
  });
  const logger = app.get<Logger>(LOGGER);
  const fastify = app.getHttpAdapter().getInstance();
  const routes = new KnownRoutes();
  routes.listen(fastify);
  takesLargeLists(fastify);
  parseJson(fastify);
  parseLines(fastify);
  parseForms(fastify);
  guardTexts(fastify);
  app.useGlobalPipes(new DtoPipe());
  app.useGlobalFilters(new ProblemFilter(logger, routes));
  sendNoSniff(fastify);
  app.enableShutdownHooks(['SIGTERM', 'SIGINT']);
  return app;
}

/** JSON and nothing else: bytes that are no UTF-8 are refused, not replaced; a poisoned prototype likewise. */
function parseJson(fastify: FastifyInstance): void {
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(
    ['application/json', 'application/merge-patch+json'],
    { parseAs: 'buffer' },
    (request, body, done) => {
      const bytes = body as Buffer;
      // A DELETE may name a type and send nothing.
      if (takesRawBody(request)) done(null, bytes);
      else if (bytes.length === 0 && request.method === 'DELETE') done(null, undefined);
      else if (!isUtf8(bytes)) done(invalidRequest([NO_UTF8]));
      else void parse(request, bytes.toString(), done);
    },
  );
}

const NO_UTF8 = { pointer: '', code: 'encoding', message: 'is not encoded in UTF-8.' };

function guardTexts(fastify: FastifyInstance): void {
  fastify.addHook('preValidation', (request, _reply, done) => {
    // A list is judged item by item, so that one of them does not spoil the others.
    if (request.body === undefined || Array.isArray(request.body) || Buffer.isBuffer(request.body)) {
      done();
      return;
    }
    const faults = textFaults(request.body);
    if (faults.length > 0) done(invalidRequest(faults));
    else done();
  });
}

/** A browser must not guess a type other than the one that is said. */
function sendNoSniff(fastify: FastifyInstance): void {
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    void reply.header('x-content-type-options', 'nosniff');
    done(null, payload);
  });
}

const BY_NODE_CODE: Record<string, Problem> = {
  HPE_HEADER_OVERFLOW: new Problem('headers-too-large', 'The headers are larger than this server takes.'),
  ERR_HTTP_REQUEST_TIMEOUT: invalidRequest([
    { pointer: '', code: 'too-slow', message: 'took too long to arrive.' },
  ]),
};

/** What Node's parser refuses never becomes a request; it is answered on the bare socket. */
function clientErrorHandler(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem =
    BY_NODE_CODE[error.code ?? ''] ??
    invalidRequest([{ pointer: '', code: 'malformed', message: 'is no HTTP request.' }]);
  const body = JSON.stringify(problem.body(''));
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.code}\r\ncontent-type: application/problem+json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
