import type { FastifyReply } from 'fastify';
import { etagOf } from '../platform/http/conditional.js';
import type { RegistrationBody } from './registration.js';

export function sendRegistration(reply: FastifyReply, body: RegistrationBody): void {
  void reply
    .header('etag', etagOf(body.version))
    .header('cache-control', 'private, no-cache')
    .header('content-type', 'application/json; charset=utf-8')
    .send(JSON.stringify(body));
}
