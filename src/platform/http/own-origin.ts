import type { FastifyRequest } from 'fastify';
import type { HttpSettings } from '../config/settings.js';
import { invalidRequest } from './problem.js';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;

/**
 * The origin under which people reach us: `http.publicUrl`, or on this machine the host they asked for. A `Host` from
 * elsewhere is never believed, since addresses and cookies are made from it.
 */
export function ownOrigin(http: Pick<HttpSettings, 'publicUrl'>, request: FastifyRequest): string {
  if (http.publicUrl) return new URL(http.publicUrl).origin;
  const host = request.headers.host ?? '';
  if (LOOPBACK.test(host)) return `http://${host.toLowerCase()}`;
  throw invalidRequest([
    {
      pointer: 'Host',
      code: 'unknown-host',
      message: 'is not ours; whoever runs Foyer must set http.publicUrl.',
    },
  ]);
}
