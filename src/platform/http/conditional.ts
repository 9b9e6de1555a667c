import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from './problem.js';

/** Answers with an ETag of the body itself, or with 304 where the caller has these bytes already (RFC 9110 §13). */
export function sendCached(
  request: FastifyRequest,
  reply: FastifyReply,
  body: unknown,
  cacheControl: string,
): void {
  const text = JSON.stringify(body);
  const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
  void reply.header('etag', etag).header('cache-control', cacheControl).header('vary', 'authorization');
  if (isNoneMatch(request.headers['if-none-match'], etag)) {
    void reply.status(304).send();
    return;
  }
  void reply.header('content-type', 'application/json; charset=utf-8').send(text);
}

function isNoneMatch(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((part) => {
    const tag = part.trim();
    return tag === '*' || tag.replace(/^W\//, '') === etag;
  });
}

/**
 * The version that the caller read and wants to change.
 * @throws Problem 428 where none is named, 412 where it cannot be a version of ours
 */
export function demandedVersion(header: string | undefined): number {
  if (header === undefined || header.trim() === '') {
    throw new Problem('precondition-required', 'Changing this needs `If-Match` with the ETag that you read.');
  }
  const version = /^"(\d{1,9})"$/.exec(header.trim())?.[1];
  if (version === undefined) throw stale();
  return Number(version);
}

export function stale(): Problem {
  return new Problem('precondition-failed', 'It has another version by now than `If-Match` names.');
}

export function etagOf(version: number): string {
  return `"${version}"`;
}
