import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CLOCK, type Clock } from '../platform/clock.js';
import { LOGGER, type Logger } from '../platform/logger.js';
import { Settings } from '../platform/config/settings.js';
import { Problem } from '../platform/http/problem.js';
import { callerOfAddress, RateLimits } from '../platform/http/rate-limits.js';
import { ApiKeys } from './api-keys.js';
import { BrowserLogin } from './browser-login.js';
import { ANONYMOUS, callerOf, type LoginPrincipal, type Principal } from './principal.js';
import { type Access, ROUTE_TABLE, STEP_UP } from './route-table.js';

const BEARER = /^bearer +([\x21-\x7e]{1,512}) *$/i;

/** Asks the route table, and nothing else, who may pass. */
@Injectable()
export class AccessGuard implements CanActivate {
  private readonly limits: RateLimits;

  constructor(
    private readonly keys: ApiKeys,
    private readonly browser: BrowserLogin,
    private readonly settings: Settings,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.limits = new RateLimits(settings.http.publicPostsPerMinute);
  }

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { route, access } = this.accessOf(request);
    const { authorization, cookie } = request.headers;
    if (authorization === undefined && cookie === undefined) {
      request.principal = ANONYMOUS;
      if (isPublicPost(request, access)) this.limits.spend(callerOfAddress(request.ip));
      return admit(ANONYMOUS, access);
    }
    // What is said in `Authorization` was put there on purpose; a browser adds its cookies to everything.
    const identified =
      authorization === undefined ? this.browser.identify(request) : this.identify(authorization);
    return Promise.resolve(identified).then((principal) => {
      request.principal = principal;
      if (isPublicPost(request, access)) this.limits.spend(limitedAs(principal, request.ip));
      admit(principal, access);
      if (principal.kind === 'login' && STEP_UP.has(route)) this.demandFresh(principal);
      return true;
    });
  }

  private accessOf(request: FastifyRequest): { route: string; access: Access } {
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const route = `${method} ${request.routeOptions.url ?? ''}`;
    const access = ROUTE_TABLE[route];
    if (access) return { route, access };
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

  /** A dangerous act takes a person who is there now, not a browser left open (RFC 9470). */
  private demandFresh(login: LoginPrincipal): void {
    const maxAgeSeconds = Math.floor(this.settings.identity.stepUpMs / 1000);
    const ageMs = this.clock.now().getTime() - login.authenticatedAt.getTime();
    const isStrong = this.browser.isStrongEnough(login);
    if (isStrong && ageMs <= this.settings.identity.stepUpMs) return;
    throw new Problem('unauthenticated', 'This act needs a login of the last minutes: log in once more.', {
      headers: {
        'www-authenticate': `Bearer error="insufficient_user_authentication", max_age="${maxAgeSeconds}"`,
      },
      members: { stepUp: { maxAgeSeconds, links: { login: `/sso/${login.provider}/login?fresh=true` } } },
    });
  }
}

/** A cookie of no login makes nobody known. */
function limitedAs(principal: Principal, address: string): string {
  return principal.kind === 'anonymous' ? callerOfAddress(address) : callerOf(principal);
}

function isPublicPost({ method }: FastifyRequest, access: Access): boolean {
  return access === 'public' && method === 'POST';
}

function admit(principal: Principal, access: Access): true {
  if (access === 'public') return true;
  if (principal.kind === 'anonymous') {
    throw new Problem(
      'unauthenticated',
      'This address needs credentials in `Authorization: Bearer`, or a login.',
    );
  }
  if (access === 'login') {
    if (principal.kind === 'login') return true;
    throw new Problem('forbidden', 'This is for people who are logged in; a key or token is not one.');
  }
  if (principal.kind === 'registrant') {
    if (access === 'registrant') return true;
    throw new Problem('forbidden', 'A manage token reaches its own registration only.');
  }
  if (access === 'known') return true;
  // Which registrations are a person's own is found out where they are read.
  if (access === 'registrant' && principal.kind === 'login') return true;
  const roles: readonly string[] = access === 'registrant' ? ['operator'] : access;
  const { role } = principal;
  if (role === 'admin' || (role !== null && roles.includes(role))) return true;
  const who = role === null ? 'Without a role nobody' : `The role ${role}`;
  const takes = roles.length > 0 ? roles.join(' or ') : 'admin';
  throw new Problem('forbidden', `${who} may ${role === null ? '' : 'not '}do this; it takes ${takes}.`);
}
