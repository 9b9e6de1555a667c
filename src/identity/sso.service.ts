import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { LOGGER, type Logger } from '../platform/logger.js';
import { AccessAudit } from './access-audit.js';
import { BrowserLogin } from './browser-login.js';
import { attendeeIn, roleIn } from './claims.js';
import { LoginFault } from './login-fault.js';
import { LogoutFault } from './logout-token.js';
import { Logins } from './logins.js';
import { type Checks, newChecks, type OidcProvider } from './oidc.js';
import type { LoginPrincipal } from './principal.js';
import { isServing, Providers } from './providers.js';

const PURPOSE = 'attempt';
const FRESH_SECONDS_MAX = 300;

/** How a browser wants to log in. */
export interface Wish {
  readonly provider: string;
  /** A path of ours. */
  readonly returnTo: string;
  /** Slug of the event that the login is for. */
  readonly event: string | null;
  /** E-mail to suggest to the provider. */
  readonly email: string | null;
  /** Ask the person again, though the provider may know them already. */
  readonly fresh: boolean;
  readonly origin: string;
  readonly cookies: string | undefined;
}

/** Kept in the browser's cookie, sealed, until it comes back. */
interface Attempt extends Checks {
  readonly provider: string;
  readonly returnTo: string;
  readonly event: string | null;
  readonly beganAt: number;
}

export interface Step {
  readonly location: string;
  readonly cookies: string[];
}

/** Logging in and out by OpenID Connect. */
@Injectable()
export class SsoService {
  constructor(
    private readonly settings: Settings,
    private readonly providers: Providers,
    private readonly logins: Logins,
    private readonly browser: BrowserLogin,
    private readonly audit: AccessAudit,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Sends a browser to its provider. @throws LoginFault */
  async begin(wish: Wish): Promise<Step> {
    const provider = this.demandProvider(wish.provider);
    if (!isServing(provider, wish.event)) throw new LoginFault('provider-not-for-event');
    const redirectUri = `${wish.origin}/sso/${wish.provider}/callback`;
    const stepUpSeconds = Math.floor(this.settings.identity.stepUpMs / 1000);
    const checks = newChecks(redirectUri, wish.fresh ? Math.min(stepUpSeconds, FRESH_SECONDS_MAX) : null);
    const url = await provider.authorizationUrl(checks, wish.email);
    const now = this.clock.now();
    const attempt: Attempt = {
      ...checks,
      provider: wish.provider,
      returnTo: wish.returnTo,
      event: wish.event,
      beganAt: now.getTime(),
    };
    const sealed = this.logins.sealing.seal(JSON.stringify(attempt), PURPOSE, now);
    const { attemptMs } = this.settings.identity;
    return {
      location: url.href,
      cookies: this.browser.cookies.keepAttempt(wish.cookies, checks.state, sealed, attemptMs),
    };
  }

  /**
   * The browser comes back. It gets a login with a new secret, whatever it had before.
   * @throws LoginFault
   */
  async complete(providerName: string, query: string, cookies: string | undefined): Promise<Step> {
    const provider = this.demandProvider(providerName);
    const attempt = this.demandAttempt(providerName, query, cookies);
    const { claims, idToken } = await provider.redeem(query, attempt);
    const { roles, attendee, stepUpAcr } = provider.settings;
    const acr = typeof claims.acr === 'string' ? claims.acr : null;
    if (attempt.maxAge !== null && stepUpAcr.length > 0 && (acr === null || !stepUpAcr.includes(acr)))
      throw new LoginFault('acr-wrong', 'the login is not as strong as stepUpAcr demands');
    const secret = await this.logins.open({
      provider: providerName,
      issuer: claims.iss,
      subject: claims.sub,
      attendee: attendeeIn(claims, attendee),
      role: roleIn(claims, roles),
      acr,
      providerSid: typeof claims.sid === 'string' ? claims.sid : null,
      idToken,
      authenticatedAt: this.authenticatedAt(claims.auth_time),
      state: attempt.state,
      before: this.browser.cookies.login(cookies),
    });
    if (secret === null) throw new LoginFault('state-replayed');
    this.logger.info({ provider: providerName }, 'a login was opened');
    const { cookies: jar } = this.browser;
    return { location: attempt.returnTo, cookies: [jar.keepLogin(secret), jar.dropAttempt(attempt.state)] };
  }

  /** Ends a browser's login, or all of its person's, and leads on to the provider's own logout. */
  async logout(
    login: LoginPrincipal | null,
    secret: string | null,
    everywhere: boolean,
    origin: string,
  ): Promise<Step> {
    const signedOut = `${origin}/sso/signed-out`;
    const cookies = [this.browser.cookies.dropLogin()];
    const ended = secret === null ? null : await this.logins.end(secret);
    if (everywhere && login) await this.signOutEverywhere(login);
    const provider = ended && this.providers.find(ended.provider);
    // Whatever the provider says: here the person is signed out.
    const url = await provider?.endSessionUrl(ended!.idToken, signedOut).catch(() => null);
    return { location: url?.href ?? '/sso/signed-out', cookies };
  }

  async signOutEverywhere(login: LoginPrincipal): Promise<number> {
    const ended = await this.logins.endAllOf(login.identityId, 'everywhere');
    await this.audit.write(login, 'logins.ended', login.identityId, { ended });
    return ended;
  }

  /** A provider says that somebody has logged out there. @throws LogoutFault, LoginFault */
  async logoutByProvider(providerName: string, token: unknown): Promise<void> {
    const tokens = this.providers.logoutTokensOf(providerName);
    if (!tokens) throw new LoginFault('provider-unknown');
    const verified = await tokens.verify(token);
    const ended = await this.logins.endByProvider({ provider: providerName, ...verified });
    if (ended === null) throw new LogoutFault('logout-jti-replayed');
    this.logger.info({ provider: providerName, ended }, 'a provider ended logins');
  }

  /** What an attempt had asked for, as far as its cookie tells: for the page that says why it failed. */
  returnToOf(query: string, cookies: string | undefined): string | null {
    const state = new URLSearchParams(query).get('state');
    return state === null ? null : (this.attempt(state, cookies)?.returnTo ?? null);
  }

  private demandProvider(name: string): OidcProvider {
    const provider = this.providers.find(name);
    if (!provider) throw new LoginFault('provider-unknown');
    return provider;
  }

  private demandAttempt(provider: string, query: string, cookies: string | undefined): Attempt {
    const states = new URLSearchParams(query).getAll('state');
    if (states.length > 1) throw new LoginFault('parameter-doubled');
    const state = states[0];
    if (!state) throw new LoginFault('state-missing');
    const attempt = this.attempt(state, cookies);
    if (!attempt) throw new LoginFault('state-unknown', 'the browser holds no attempt with this state');
    if (attempt.state !== state) throw new LoginFault('state-mismatch');
    if (attempt.provider !== provider)
      throw new LoginFault('provider-mismatch', 'the answer came to the address of another provider');
    if (attempt.beganAt + this.settings.identity.attemptMs < this.clock.now().getTime())
      throw new LoginFault('attempt-expired');
    return attempt;
  }

  private attempt(state: string, cookies: string | undefined): Attempt | null {
    const sealed = this.browser.cookies.attempt(cookies, state);
    const opened = sealed === null ? null : this.logins.sealing.open(sealed, PURPOSE);
    return opened === null ? null : (JSON.parse(opened) as Attempt);
  }

  /** A provider that does not say when counts as long ago: dangerous acts then ask again. */
  private authenticatedAt(authTime: unknown): Date {
    if (typeof authTime !== 'number' || !(authTime > 0)) return new Date(0);
    return new Date(Math.min(authTime * 1000, this.clock.now().getTime()));
  }
}
