import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from './problem.js';

/** Addresses that take long lists: as JSON, or line by line. */
const LISTS = /\/signals$/;
const LIST_BYTES_MAX = 4 * 1024 * 1024;

/** What stands in the list where a line was no JSON: the route names its index. */
export const UNREADABLE = null;

/** Before any route is added. */
export function takesLargeLists(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route) => {
    if (route.method === 'POST' && LISTS.test(route.url)) route.bodyLimit = LIST_BYTES_MAX;
  });
}

/** NDJSON: one value a line, blank lines passed over. */
export function parseLines(fastify: FastifyInstance): void {
  fastify.addContentTypeParser(
    ['application/x-ndjson', 'application/ndjson', 'application/jsonl'],
    { parseAs: 'buffer' },
    (request, body, done) => {
      if (!isForList(request)) done(new Problem('unsupported-media-type', 'This address takes no NDJSON.'));
      else done(null, lines(body as Buffer));
    },
  );
}

function isForList(request: FastifyRequest): boolean {
  return LISTS.test(request.routeOptions.url ?? '');
}

function lines(bytes: Buffer): unknown[] {
  if (!isUtf8(bytes)) return [UNREADABLE];
  return bytes
    .toString()
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(parsed);
}

function parsed(line: string): unknown {
  try {
    const value: unknown = JSON.parse(line);
    return Object.hasOwn(Object(value) as object, '__proto__') ? UNREADABLE : value;
  } catch {
    return UNREADABLE; // No JSON: the sender is told which line.
  }
}
