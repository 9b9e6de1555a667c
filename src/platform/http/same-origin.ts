import type { FastifyRequest } from 'fastify';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * May this request change something in the name of a cookie? Browsers say where a request comes from in two headers
 * that no page can forge; both must agree with us. `unknown`: it says neither, so a token has to. A page that sends no
 * referrer, as ours, has `null` for its origin: that says nothing.
 */
export function sameOrigin(request: FastifyRequest, origin: string): 'same' | 'other' | 'unknown' {
  const { origin: from, 'sec-fetch-site': site } = request.headers;
  if (SAFE.has(request.method)) return 'same';
  if (site !== undefined && site !== 'same-origin') return 'other';
  if (from !== undefined && from !== 'null') return from === origin ? 'same' : 'other';
  return site === undefined ? 'unknown' : 'same';
}
