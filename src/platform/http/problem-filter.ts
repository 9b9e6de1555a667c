import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  NotFoundException,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import pg from 'pg';
import { isConnectionLost } from '../database/connection-lost.js';
import type { Logger } from '../logger.js';
import type { KnownRoutes } from './known-routes.js';
import { invalidRequest, notFound, Problem } from './problem.js';

const RETRY_AFTER_SECONDS = '2';

/** The one place where an error becomes an answer. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    private readonly routes: KnownRoutes,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const unrouted = error instanceof NotFoundException;
    const allow = unrouted && request.method === 'OPTIONS' ? this.routes.allow(request.url) : null;
    if (allow !== null) {
      void reply.status(204).header('allow', allow).send();
      return;
    }
    const problem = unrouted ? this.routes.explain(request.url) : toProblem(error, this.logger);
    sendProblem(problem, request, reply);
  }
}

export function sendProblem(problem: Problem, request: FastifyRequest, reply: FastifyReply): void {
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer');
  for (const [name, value] of Object.entries(problem.extras.headers ?? {})) void reply.header(name, value);
  void reply
    .status(problem.status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .header('cache-control', 'no-store')
    .send(JSON.stringify(problem.body(request.url.split('?')[0]!)));
}

/** What Fastify, Nest, PostgreSQL or Node threw, in the words of the contract. */
export function toProblem(error: unknown, logger: Pick<Logger, 'error' | 'warn'>): Problem {
  if (error instanceof Problem) return error;
  const { code, statusCode } = shape(error);
  const report = (message: string): void => {
    const reason = error instanceof Error ? error.message : String(error);
    logger.error({ code, reason, stack: stackOf(error) }, message);
  };
  const known = BY_CODE[code];
  if (known) return known();
  if (isConnectionLost(error)) {
    logger.warn({ code }, 'the database did not answer a request');
    return unavailable(error);
  }
  if (UNREADABLE.has(code) && isFromDatabase(error)) {
    report('the database could not read a value of a request');
    return new Problem('invalid-request', 'A part of the request cannot be read.', { cause: error });
  }
  const status = error instanceof HttpException ? error.getStatus() : statusCode;
  if (status === 404) return notFound();
  if (status === 413) return BY_CODE.FST_ERR_CTP_BODY_TOO_LARGE!();
  if (status === 415) return BY_CODE.FST_ERR_CTP_INVALID_MEDIA_TYPE!();
  if (status >= 400 && status < 500) return malformed();
  report('a request failed for an unknown reason');
  return new Problem('internal-error', 'The request failed for a reason that is not yours.', {
    cause: error,
  });
}

export function unavailable(cause: unknown): Problem {
  const headers = { 'retry-after': RETRY_AFTER_SECONDS };
  return new Problem('service-unavailable', 'The database does not answer at the moment.', {
    headers,
    cause,
  });
}

function malformed(): Problem {
  return invalidRequest([{ pointer: '', code: 'malformed', message: 'is not JSON that can be read.' }]);
}

const BY_CODE: Record<string, () => Problem> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () =>
    new Problem('payload-too-large', 'The body is larger than this address takes.'),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () =>
    new Problem('unsupported-media-type', 'Only application/json is understood here.'),
  FST_ERR_CTP_EMPTY_JSON_BODY: malformed,
  FST_ERR_CTP_INVALID_JSON_BODY: malformed,
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: malformed,
};

/**
 * The SQLSTATEs of values that PostgreSQL cannot read: a time, an id, a text that is none. Requests are judged before,
 * so each that gets here is a check that is missing: the caller hears of it as its fault, we by the log.
 */
const UNREADABLE: ReadonlySet<string> = new Set(['22007', '22008', '22P02', '22021']);

function isFromDatabase(error: unknown): boolean {
  return error instanceof pg.DatabaseError;
}

function shape(error: unknown): { code: string; statusCode: number } {
  const given = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown;
    statusCode?: unknown;
  };
  return {
    code: typeof given.code === 'string' ? given.code : '',
    statusCode: typeof given.statusCode === 'number' ? given.statusCode : 500,
  };
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}
