import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { isLoopbackUrl } from '../platform/config/loopback.js';
import { Settings } from '../platform/config/settings.js';
import { soleField } from '../platform/http/forms.js';
import { ownOrigin } from '../platform/http/own-origin.js';
import { Problem } from '../platform/http/problem.js';
import { sameOrigin } from '../platform/http/same-origin.js';
import { LoginCookies } from './login-cookies.js';
import { Logins } from './logins.js';
import { ANONYMOUS, type LoginPrincipal, type Principal } from './principal.js';
import { Providers } from './providers.js';

const CSRF_HEADER = 'foyer-csrf';
const LOOPBACK_HOSTS = new Set(['localhost', '127.0.0.1', '::1']);

/** The login that a browser's cookie stands for. */
@Injectable()
export class BrowserLogin implements OnModuleInit {
  readonly cookies: LoginCookies;

  constructor(
    private readonly settings: Settings,
    private readonly logins: Logins,
    private readonly providers: Providers,
  ) {
    this.cookies = new LoginCookies(settings.http.publicUrl.startsWith('https:'));
  }

  /** Refuses to start where logins would cross a network in plain text. */
  onModuleInit(): void {
    const { publicUrl, host } = this.settings.http;
    if (this.providers.all.length === 0 || this.settings.process.role === 'worker') return;
    const isSafe = publicUrl
      ? publicUrl.startsWith('https:') || isLoopbackUrl(publicUrl)
      : LOOPBACK_HOSTS.has(host);
    if (isSafe) return;
    throw new Error(
      `Logins need https: give http.publicUrl (FOYER_HTTP_PUBLIC_URL) the address that people use, beginning with https:. ` +
        `It is "${publicUrl}", and Foyer listens on ${host}.`,
    );
  }

  /**
   * Anonymous where there is no cookie, or one of no login.
   * @throws Problem `forbidden` where another site would change something in this login's name
   */
  identify(request: FastifyRequest): Principal | Promise<Principal> {
    const secret = this.cookies.login(request.headers.cookie);
    if (secret === null) return ANONYMOUS;
    const found = this.logins.find(secret);
    if (found instanceof Promise) return found.then((login) => this.judge(login, secret, request));
    return this.judge(found, secret, request);
  }

  secretOf(request: FastifyRequest): string | null {
    return this.cookies.login(request.headers.cookie);
  }

  isStrongEnough(login: LoginPrincipal): boolean {
    const wanted = this.providers.find(login.provider)?.settings.stepUpAcr ?? [];
    return wanted.length === 0 || (login.acr !== null && wanted.includes(login.acr));
  }

  private judge(login: LoginPrincipal | null, secret: string, request: FastifyRequest): Principal {
    if (!login) return ANONYMOUS;
    const from = sameOrigin(request, ownOrigin(this.settings.http, request));
    if (from === 'same') return login;
    if (from === 'unknown' && this.logins.isCsrfToken(secret, tokenOf(request))) return login;
    throw new Problem(
      'forbidden',
      'The login in the cookie is not believed here: the request comes from another site, or without the header Foyer-Csrf that GET /v1/me tells.',
    );
  }
}

function tokenOf(request: FastifyRequest): unknown {
  const header = request.headers[CSRF_HEADER];
  if (header !== undefined) return header;
  return soleField(request.body, 'csrf');
}
