import type { FastifyRequest } from 'fastify';

export const ROLES = ['viewer', 'engineer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Who asks: nobody known, the holder of a registration's manage token, or a key with a role. */
export type Principal =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'registrant'; readonly token: string }
  | { readonly kind: 'key'; readonly id: string; readonly role: Role };

export const ANONYMOUS: Principal = { kind: 'anonymous' };

declare module 'fastify' {
  interface FastifyRequest {
    principal?: Principal;
  }
}

export function principalOf(request: FastifyRequest): Principal {
  return request.principal ?? ANONYMOUS;
}

/** Operators see drafts and other people's registrations; so do admins. */
export function isOperator(principal: Principal): boolean {
  return principal.kind === 'key' && (principal.role === 'operator' || principal.role === 'admin');
}

/** The part of an idempotency key's scope that says whose it is. */
export function callerOf(principal: Principal): string {
  if (principal.kind === 'key') return principal.id;
  return principal.kind === 'registrant' ? principal.token : 'anonymous';
}
