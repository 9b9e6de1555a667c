import type { FastifyRequest } from 'fastify';

/** Addresses whose body is signed byte for byte: they get it as it came. */
const RAW = /^\/v1\/hooks\//;

export function takesRawBody(request: FastifyRequest): boolean {
  return RAW.test(request.routeOptions.url ?? '');
}
