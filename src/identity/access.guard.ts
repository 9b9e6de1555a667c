import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { LOGGER, type Logger } from '../platform/logger.js';
import { Settings } from '../platform/config/settings.js';
import { Problem } from '../platform/http/problem.js';
import { callerOfAddress, RateLimits } from '../platform/http/rate-limits.js';
import { ApiKeys } from './api-keys.js';
import { ANONYMOUS, callerOf, type Principal } from './principal.js';
import { type Access, ROUTE_TABLE } from './route-table.js';

const BEARER = /^bearer +([\x21-\x7e]{1,512}) *$/i;

/** Asks the route table, and nothing else, who may pass. */
@Injectable()
export class AccessGuard implements CanActivate {
  private readonly limits: RateLimits;

  constructor(
    private readonly keys: ApiKeys,
    @Inject(LOGGER) private readonly logger: Logger,
    settings: Settings,
  ) {
    this.limits = new RateLimits(settings.http.publicPostsPerMinute);
  }

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const access = this.accessOf(request);
    const { authorization } = request.headers;
    if (authorization === undefined) {
      request.principal = ANONYMOUS;
      if (isPublicPost(request, access)) this.limits.spend(callerOfAddress(request.ip));
      return admit(ANONYMOUS, access);
    }
    return this.identify(authorization).then((principal) => {
      request.principal = principal;
      if (isPublicPost(request, access)) this.limits.spend(callerOf(principal));
      return admit(principal, access);
    });
  }

  private accessOf(request: FastifyRequest): Access {
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const route = `${method} ${request.routeOptions.url ?? ''}`;
    const access = ROUTE_TABLE[route];
    if (access) return access;
    this.logger.error({ route }, 'a route is missing from the route table');
    throw new Problem('forbidden', 'Nobody may use this route yet.');
  }

  private async identify(authorization: string): Promise<Principal> {
    const token = BEARER.exec(authorization)?.[1];
    if (token?.startsWith('fm_')) return { kind: 'registrant', token };
    const principal = token?.startsWith('fk_') ? await this.keys.authenticate(token) : null;
    if (!principal) {
      throw new Problem(
        'unauthenticated',
        'The credentials in `Authorization` are not known or no longer valid.',
      );
    }
    return principal;
  }
}

function isPublicPost({ method }: FastifyRequest, access: Access): boolean {
  return access === 'public' && method === 'POST';
}

function admit(principal: Principal, access: Access): true {
  if (access === 'public') return true;
  if (principal.kind === 'anonymous') {
    throw new Problem('unauthenticated', 'This address needs credentials in `Authorization: Bearer`.');
  }
  if (principal.kind === 'key') {
    const roles: readonly string[] = access === 'registrant' ? ['operator'] : access;
    if (principal.role === 'admin' || roles.includes(principal.role)) return true;
    throw new Problem(
      'forbidden',
      `The role ${principal.role} may not do this; it takes ${roles.join(' or ')}.`,
    );
  }
  if (access === 'registrant') return true;
  throw new Problem('forbidden', 'A manage token reaches its own registration only.');
}
