import type { FastifyRequest } from 'fastify';
import type { Settings } from '../config/settings.js';

/** Where we are reached from outside: as set, else as the caller reached us. */
export function baseUrl(request: FastifyRequest, { http }: Settings): string {
  if (http.publicUrl !== '') return http.publicUrl.replace(/\/+$/, '');
  return `${request.protocol}://${request.host}`;
}
