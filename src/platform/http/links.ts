import type { FastifyRequest } from 'fastify';
import type { Settings } from '../config/settings.js';

let base = '';

/** Once, before the first answer. @param publicUrl as set; empty: links are paths, which hold wherever we are reached */
export function beginLinksWith(publicUrl: string): void {
  base = publicUrl.replace(/\/+$/, '');
}

/** A link of an answer. @param path from the root, such as /v1/events */
export function link(path: string): string {
  return base + path;
}

/** For what leaves the answer's context, as a calendar does: where we are reached, as set or as the caller did. */
export function baseUrl(request: FastifyRequest, { http }: Settings): string {
  if (http.publicUrl !== '') return http.publicUrl.replace(/\/+$/, '');
  return `${request.protocol}://${request.host}`;
}
