import { type FastifyInstance } from 'fastify';
import { Problem } from './problem.js';

/** A form of a page, as the browser sends it: each name with its values. */
export type FormBody = Readonly<Record<string, readonly string[]>>;

/** The value of a field that stands there once; null where it is missing or doubled. */
export function soleField(body: unknown, name: string): string | null {
  const values = (body as FormBody | undefined)?.[name];
  return Array.isArray(values) && values.length === 1 ? (values[0] as string) : null;
}

/** Where pages take forms. Everywhere else JSON alone is understood. */
const PAGES = /^\/(e|r|lobby|sso)\//;

/**
 * Reads `application/x-www-form-urlencoded` for the pages, and refuses forms that another site sends: a browser says
 * in `Origin` where a form stood.
 */
export function parseForms(fastify: FastifyInstance): void {
  fastify.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (request, text, done) => {
      const { origin, host } = request.headers;
      if (!PAGES.test(request.url))
        done(new Problem('unsupported-media-type', 'Only application/json is understood here.'));
      else if (origin !== undefined && origin !== 'null' && originHost(origin) !== host)
        done(new Problem('forbidden', 'The form was sent from another site.'));
      else done(null, fieldsOf(new URLSearchParams(text as string)));
    },
  );
}

function fieldsOf(parameters: URLSearchParams): FormBody {
  return Object.fromEntries([...new Set(parameters.keys())].map((name) => [name, parameters.getAll(name)]));
}

function originHost(origin: string): string | null {
  try {
    return new URL(origin).host;
  } catch {
    return null;
  }
}
