import type { FastifyRequest } from 'fastify';
import { Problem } from '../platform/http/problem.js';

export const ROLES = ['viewer', 'engineer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/**
 * Who asks: nobody known, the holder of a registration's manage token, a key with a role, or a browser that logged
 * in, whose person may have a role.
 */
export type Principal =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'registrant'; readonly token: string }
  | { readonly kind: 'key'; readonly id: string; readonly role: Role }
  | {
      readonly kind: 'login';
      /** Of the login: this browser, since it logged in. */
      readonly id: string;
      /** Of the person at their provider, the same at every login. */
      readonly identityId: string;
      /** The identity provider's name in config/identity.yaml. */
      readonly provider: string;
      readonly role: Role | null;
      /** When the person last proved to the provider who they are. */
      readonly authenticatedAt: Date;
      readonly acr: string | null;
    };

export type LoginPrincipal = Extract<Principal, { kind: 'login' }>;

export const ANONYMOUS: Principal = { kind: 'anonymous' };

declare module 'fastify' {
  interface FastifyRequest {
    principal?: Principal;
  }
}

export function principalOf(request: FastifyRequest): Principal {
  return request.principal ?? ANONYMOUS;
}

/** For routes that the table gives to people who are logged in. @throws Problem where there is no login */
export function loginOf(request: FastifyRequest): LoginPrincipal {
  const principal = principalOf(request);
  if (principal.kind !== 'login') throw new Problem('forbidden', 'This is for people who are logged in.');
  return principal;
}

/** Operators see drafts and other people's registrations; so do admins. */
export function isOperator(principal: Principal): boolean {
  const role = roleOf(principal);
  return role === 'operator' || role === 'admin';
}

/** The part of an idempotency key's scope that says whose it is. */
export function callerOf(principal: Principal): string {
  if (principal.kind === 'key') return principal.id;
  if (principal.kind === 'login') return `login:${principal.identityId}`;
  return principal.kind === 'registrant' ? principal.token : 'anonymous';
}

/** Null for whoever has none. */
function roleOf(principal: Principal): Role | null {
  return principal.kind === 'key' || principal.kind === 'login' ? principal.role : null;
}
