import * as client from 'openid-client';
import type { ProviderSettings } from '../platform/config/identity-providers.js';
import { demandSound } from './id-token.js';
import { LoginFault } from './login-fault.js';
import { OidcConfiguration } from './oidc-configuration.js';
import { loginFaultOf } from './oidc-fault.js';
import { type Grant, ProviderFetch } from './provider-fetch.js';

export type ProviderMetadata = Readonly<client.ServerMetadata>;
export type Claims = Readonly<Record<string, unknown>> & { readonly iss: string; readonly sub: string };

/** What an attempt remembers, and the provider's answer must fit. */
export interface Checks {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly redirectUri: string;
  /** Seconds; null where any login at the provider will do. */
  readonly maxAge: number | null;
}

export interface Granted {
  /** Of the ID token, and of userinfo where it is asked; the ID token's own win. */
  readonly claims: Claims;
  readonly idToken: string;
}

/** One identity provider, spoken to by OpenID Connect; beside its configuration, the only file that knows the library. */
export class OidcProvider {
  private readonly asking = new ProviderFetch();
  private readonly configuration: OidcConfiguration;

  constructor(
    readonly settings: ProviderSettings,
    private readonly timeoutMs: number,
  ) {
    this.configuration = new OidcConfiguration(settings, timeoutMs, this.asking);
  }

  /** Where to send the browser. @throws LoginFault where the provider cannot be asked, or lacks what we demand */
  async authorizationUrl(checks: Checks, loginHint: string | null): Promise<URL> {
    const found = await this.configuration.found();
    const url = client.buildAuthorizationUrl(found, {
      redirect_uri: checks.redirectUri,
      scope: this.settings.scopes,
      state: checks.state,
      nonce: checks.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(checks.codeVerifier),
      code_challenge_method: 'S256',
      ...(loginHint === null ? {} : { login_hint: loginHint }),
      ...(checks.maxAge === null ? {} : { max_age: String(checks.maxAge), prompt: 'login' }),
      ...(checks.maxAge !== null && this.settings.stepUpAcr.length > 0
        ? { acr_values: this.settings.stepUpAcr.join(' ') }
        : {}),
    });
    return url;
  }

  /**
   * Redeems the code and judges everything that comes with it.
   * @param query of the address that the browser came back to
   * @throws LoginFault with a code for each thing that can be wrong
   */
  async redeem(query: string, checks: Checks): Promise<Granted> {
    const found = await this.configuration.found();
    const address = new URL(checks.redirectUri);
    address.search = query;
    const trace: Grant = { phase: 'token' };
    try {
      const tokens = await this.grant(found, address, checks, trace);
      const claims = tokens.claims();
      if (!claims || tokens.id_token === undefined) throw new LoginFault('id-token-missing');
      demandSound(claims, this.settings.clientId, tokens.id_token, tokens.access_token);
      if (!this.settings.userinfo) return { claims, idToken: tokens.id_token };
      trace.phase = 'userinfo';
      const more = await this.asking.during(trace, () =>
        client.fetchUserInfo(found, tokens.access_token, claims.sub),
      );
      return { claims: { ...more, ...claims }, idToken: tokens.id_token };
    } catch (error) {
      throw loginFaultOf(error, trace);
    }
  }

  /** Null where the provider has no such page. */
  async endSessionUrl(idToken: string | null, returnTo: string): Promise<URL | null> {
    const found = await this.configuration.found();
    if (found.serverMetadata().end_session_endpoint === undefined) return null;
    return client.buildEndSessionUrl(found, {
      post_logout_redirect_uri: returnTo,
      // Nothing hangs on its coming back: all that it could lead to is the page that says goodbye.
      state: client.randomState(),
      ...(idToken === null ? {} : { id_token_hint: idToken }),
    });
  }

  /** The metadata of the provider. @throws LoginFault where it cannot be had */
  async metadata(): Promise<ProviderMetadata> {
    return (await this.configuration.found()).serverMetadata();
  }

  /** Origins that a form of ours may lead to by a redirect; none while nothing is known. */
  origins(): string[] {
    const known = this.configuration.metadata;
    return [known?.authorization_endpoint, known?.end_session_endpoint]
      .filter((endpoint) => endpoint !== undefined && URL.canParse(endpoint))
      .map((endpoint) => new URL(endpoint!).origin);
  }

  /** One of its addresses, asked without a person. */
  async ask(url: URL): Promise<{ status: number; location: string | null; text: string }> {
    const signal = AbortSignal.timeout(this.timeoutMs);
    const response = await this.asking.fetch(url.href, { method: 'GET', signal });
    return {
      status: response.status,
      location: response.headers.get('location'),
      text: await response.text(),
    };
  }

  /** As this provider is asked for everything. */
  get fetch(): ProviderFetch['fetch'] {
    return this.asking.fetch;
  }

  /** Keys may have been changed while the person was at the provider: then they are fetched once more, and the answer that was given is judged again. */
  private async grant(found: client.Configuration, address: URL, checks: Checks, trace: Grant) {
    const grantWith = (configuration: client.Configuration) =>
      this.asking.during(trace, () =>
        client.authorizationCodeGrant(configuration, address, {
          expectedState: checks.state,
          expectedNonce: checks.nonce,
          pkceCodeVerifier: checks.codeVerifier,
          idTokenExpected: true,
          ...(checks.maxAge === null ? {} : { maxAge: checks.maxAge }),
        }),
      );
    try {
      return await grantWith(found);
    } catch (error) {
      const isUnknownKey = loginFaultOf(error, trace).code === 'key-unknown';
      const renewed = isUnknownKey ? await this.configuration.withoutKeys(found) : null;
      if (!renewed) throw error;
      Object.assign(trace, { phase: 'token', isRepeated: true });
      return grantWith(renewed);
    }
  }
}

/** Fresh random values of an attempt. */
export function newChecks(redirectUri: string, maxAge: number | null): Checks {
  return {
    state: client.randomState(),
    nonce: client.randomNonce(),
    codeVerifier: client.randomPKCECodeVerifier(),
    redirectUri,
    maxAge,
  };
}
