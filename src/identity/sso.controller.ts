import { randomBytes } from 'node:crypto';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { accountPage, choosePage, faultPage, type LoginSetting, signedOutPage } from '#web/login-pages.js';
import type { RenderedPage } from '#web/page.js';
import { wordsFor } from '#web/words.js';
import { Settings } from '../platform/config/settings.js';
import { soleField } from '../platform/http/forms.js';
import { ownOrigin } from '../platform/http/own-origin.js';
import { invalidRequest, Problem } from '../platform/http/problem.js';
import { LOGGER, type Logger } from '../platform/logger.js';
import { BrowserLogin } from './browser-login.js';
import { Identities } from './identities.js';
import { LoginFault } from './login-fault.js';
import { LogoutFault } from './logout-token.js';
import { Logins } from './logins.js';
import { principalOf } from './principal.js';
import { Providers } from './providers.js';
import { returnPath } from './return-to.js';
import { type Step, SsoService } from './sso.service.js';

const HOME = '/sso/account';
const EMAIL = /^[^\s@]{1,64}@[^\s@]{1,190}$/;
const SLUG = /^[a-z0-9-]{1,80}$/;

type Params = Readonly<Record<string, unknown>>;

/** What browsers see of logging in and out: redirects, and pages where something is to be chosen or said. */
@ApiExcludeController()
@Controller('sso')
export class SsoController {
  constructor(
    private readonly sso: SsoService,
    private readonly providers: Providers,
    private readonly logins: Logins,
    private readonly identities: Identities,
    private readonly browser: BrowserLogin,
    private readonly settings: Settings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Finds the provider: by the event, by the e-mail, or by asking. */
  @Get('login')
  choose(@Query() given: Params, @Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const wish = wishIn(given);
    const fitting = this.providers.choose(wish.event, wish.email);
    const carried = carriedBy(wish);
    if (fitting.length === 1) {
      redirect(reply, { location: loginAddress(fitting[0]!.settings.name, carried), cookies: [] });
      return;
    }
    const { email: _email, ...fields } = carried;
    const buttons = this.providers.servingEvent(wish.event).map(({ settings: { name, title } }) => ({
      title,
      href: loginAddress(name, fields),
    }));
    show(reply, 200, choosePage(this.settingOf(request), buttons, fields));
  }

  @Get('account')
  async account(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const login = principalOf(request);
    const secret = this.browser.secretOf(request);
    if (login.kind !== 'login' || secret === null) {
      redirect(reply, { location: '/sso/login', cookies: [] });
      return;
    }
    const provider = this.providers.find(login.provider)?.settings.title ?? login.provider;
    const attendee = await this.identities.attendeeOf(login);
    const person = { provider, role: login.role, attendee, csrf: this.logins.csrfToken(secret) };
    show(reply, 200, accountPage(this.settingOf(request), person));
  }

  @Get('signed-out')
  signedOut(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    show(reply, 200, signedOutPage(this.settingOf(request)));
  }

  @Get(':provider/login')
  async login(
    @Param('provider') provider: string,
    @Query() given: Params,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const wish = wishIn(given);
    await this.stepping(provider, wish.returnTo, request, reply, () =>
      this.sso.begin({
        ...wish,
        returnTo: wish.returnTo ?? HOME,
        provider,
        origin: ownOrigin(this.settings.http, request),
        cookies: request.headers.cookie,
      }),
    );
  }

  @Get(':provider/callback')
  async callback(
    @Param('provider') provider: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const query = request.url.split('?')[1] ?? '';
    const { cookie } = request.headers;
    const returnTo = this.sso.returnToOf(query, cookie);
    await this.stepping(provider, returnTo, request, reply, () => this.sso.complete(provider, query, cookie));
  }

  @Post('logout')
  async logout(
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const login = principalOf(request);
    const everywhere = soleField(body, 'everywhere') === 'true';
    const origin = ownOrigin(this.settings.http, request);
    const known = login.kind === 'login' ? login : null;
    redirect(reply, await this.sso.logout(known, this.browser.secretOf(request), everywhere, origin));
  }

  /** From the provider itself, without a browser. */
  @Post(':provider/backchannel-logout')
  @HttpCode(200)
  async backchannelLogout(
    @Param('provider') provider: string,
    @Body() body: unknown,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const token = soleField(body, 'logout_token');
    void reply.header('cache-control', 'no-store');
    try {
      await this.sso.logoutByProvider(provider, token);
    } catch (error) {
      if (!(error instanceof LogoutFault || error instanceof LoginFault)) throw error;
      this.logger.warn(
        { code: error.code, provider: this.nameOf(provider) },
        'a logout token was not obeyed',
      );
      if (error instanceof LoginFault && error.advice === 'down')
        throw new Problem('service-unavailable', 'The keys of the provider cannot be had at the moment.');
      throw invalidRequest([
        { pointer: '/logout_token', code: error.code, message: `is not obeyed: ${error.code}.` },
      ]);
    }
    void reply.status(200).send();
  }

  /** A step of a login ends in a redirect, or in a page that says why it did not come about; the log says it with the same reference. */
  private async stepping(
    provider: string,
    returnTo: string | null,
    request: FastifyRequest,
    reply: FastifyReply,
    take: () => Promise<Step>,
  ): Promise<void> {
    try {
      redirect(reply, await take());
    } catch (error) {
      if (!(error instanceof LoginFault)) throw error;
      const reference = randomBytes(6).toString('hex');
      const name = this.nameOf(provider);
      this.logger.warn(
        { code: error.code, provider: name, reference, reason: error.message },
        'a login was refused',
      );
      const carried = carriedBy({ returnTo, event: null, email: null, fresh: false });
      const again = name === null || error.advice === 'unknown' ? '/sso/login' : loginAddress(name, carried);
      const state = new URLSearchParams(request.url.split('?')[1] ?? '').get('state');
      if (state) void reply.header('set-cookie', this.browser.cookies.dropAttempt(state));
      const { advice, code } = error;
      const told = faultPage(this.settingOf(request), { advice, code, reference, again });
      show(reply, error.status, told);
    }
  }

  /** Null for whatever someone has made up: it does not go into the log or a page. */
  private nameOf(provider: string): string | null {
    return this.providers.find(provider)?.settings.name ?? null;
  }

  private settingOf(request: FastifyRequest): LoginSetting {
    return {
      words: wordsFor(request.headers['accept-language']),
      formTargets: this.providers.all.flatMap((provider) => provider.origins()),
    };
  }
}

function show(reply: FastifyReply, status: number, { html, policy }: RenderedPage): void {
  void reply
    .status(status)
    .header('content-type', 'text/html; charset=utf-8')
    .header('content-security-policy', policy)
    .header('cache-control', 'no-store')
    .header('referrer-policy', 'no-referrer')
    .header('vary', 'accept-language')
    .header('x-robots-tag', 'noindex')
    .send(html);
}

function redirect(reply: FastifyReply, { location, cookies }: Step): void {
  if (cookies.length > 0) void reply.header('set-cookie', cookies);
  void reply
    .status(303)
    .header('location', location)
    .header('cache-control', 'no-store')
    .header('referrer-policy', 'no-referrer')
    .send();
}

interface Carried {
  readonly returnTo: string | null;
  readonly event: string | null;
  readonly email: string | null;
  readonly fresh: boolean;
}

/** Whatever does not fit is as if it was not there: a login never fails for where it was to lead. */
function wishIn({ returnTo, event, email, fresh }: Params): Carried {
  return {
    returnTo: returnPath(returnTo),
    event: typeof event === 'string' && SLUG.test(event) ? event : null,
    email: typeof email === 'string' && EMAIL.test(email) ? email : null,
    fresh: fresh === 'true',
  };
}

function carriedBy({ returnTo, event, email, fresh }: Carried): Record<string, string> {
  return {
    ...(returnTo === null ? {} : { returnTo }),
    ...(event === null ? {} : { event }),
    ...(email === null ? {} : { email }),
    ...(fresh ? { fresh: 'true' } : {}),
  };
}

function loginAddress(provider: string, carried: Record<string, string>): string {
  const query = new URLSearchParams(carried).toString();
  return `/sso/${provider}/login${query && `?${query}`}`;
}
