import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import * as client from 'openid-client';
import { importJWK } from 'jose';
import { isLoopbackUrl, type ProviderSettings } from '../platform/config/identity-providers.js';
import { LoginFault } from './login-fault.js';
import { type GrantTrace, loginFaultOf } from './oidc-fault.js';

const CLOCK_TOLERANCE_SECONDS = 30;
const IAT_AGE_MAX_SECONDS = 600;
const ANSWER_BYTES_MAX = 1_048_576;
const DISCOVERY_FRESH_MS = 3_600_000;
/** After a failure the provider is left alone for so long. */
const DISCOVERY_RETRY_MS = 1_000;
/** Keys that an unknown one may be among are fetched at most this often: anyone can make up a key id. */
const KEYS_RETRY_MS = 2_000;
const SUBJECT_CHARACTERS_MAX = 255;

/** Marked as deprecated to make it stand out. It does: only for a provider on this machine. */
// eslint-disable-next-line @typescript-eslint/no-deprecated
const PLAIN_HTTP: ((found: client.Configuration) => void)[] = [client.allowInsecureRequests];

/** Signatures that prove something to others than their maker: no `none`, no shared secret. */
export const SIGNATURE_ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];

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

/** One identity provider, spoken to by OpenID Connect; the only file that knows the library. */
export class OidcProvider {
  private configuration: { found: client.Configuration; freshUntil: number } | undefined;
  private discovering: Promise<client.Configuration> | undefined;
  private failedAt = -Infinity;
  private failure: unknown;
  private keysRenewedAt = -Infinity;
  private readonly traces = new AsyncLocalStorage<GrantTrace & { isRepeated?: boolean }>();

  constructor(
    readonly settings: ProviderSettings,
    private readonly timeoutMs: number,
  ) {}

  /** Where to send the browser. @throws LoginFault where the provider cannot be asked, or lacks what we demand */
  async authorizationUrl(checks: Checks, loginHint: string | null): Promise<URL> {
    const found = await this.found();
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
    const found = await this.found();
    const address = new URL(checks.redirectUri);
    address.search = query;
    const trace: GrantTrace = { phase: 'token' };
    try {
      const tokens = await this.grant(found, address, checks, trace);
      const claims = tokens.claims();
      if (!claims || tokens.id_token === undefined) throw new LoginFault('id-token-missing');
      demandSound(claims, this.settings.clientId, tokens.id_token, tokens.access_token);
      if (!this.settings.userinfo) return { claims, idToken: tokens.id_token };
      trace.phase = 'userinfo';
      const more = await this.traces.run(trace, () =>
        client.fetchUserInfo(found, tokens.access_token, claims.sub),
      );
      return { claims: { ...more, ...claims }, idToken: tokens.id_token };
    } catch (error) {
      throw loginFaultOf(error, trace);
    }
  }

  /** Null where the provider has no such page. */
  async endSessionUrl(idToken: string | null, returnTo: string): Promise<URL | null> {
    const found = await this.found();
    if (found.serverMetadata().end_session_endpoint === undefined) return null;
    return client.buildEndSessionUrl(found, {
      post_logout_redirect_uri: returnTo,
      ...(idToken === null ? {} : { id_token_hint: idToken }),
    });
  }

  /** The metadata of the provider. @throws LoginFault where it cannot be had */
  async metadata(): Promise<Readonly<client.ServerMetadata>> {
    return (await this.found()).serverMetadata();
  }

  /** Origins that a form of ours may lead to by a redirect; none while nothing is known. */
  origins(): string[] {
    const known = this.configuration?.found.serverMetadata();
    return [known?.authorization_endpoint, known?.end_session_endpoint]
      .filter((endpoint) => endpoint !== undefined && URL.canParse(endpoint))
      .map((endpoint) => new URL(endpoint!).origin);
  }

  /** Every answer of the provider comes through here: bounded in size, never followed elsewhere. */
  readonly fetch = async (url: string, options: RequestInit): Promise<Response> => {
    const trace = this.traces.getStore();
    const isToken = trace?.phase === 'token' && options.method === 'POST';
    if (trace && trace.phase === 'token' && options.method === 'GET') trace.phase = 'keys';
    if (isToken && trace.isRepeated && trace.token) return responseOf(trace.token);
    const response = await fetch(url, { ...options, redirect: 'manual' });
    const answer = { status: response.status, headers: [...response.headers], text: await textOf(response) };
    if (isToken) trace.token = answer;
    return responseOf(answer);
  };

  /** Keys may have been changed while the person was at the provider: then they are fetched once more, and the answer that was given is judged again. */
  private async grant(
    found: client.Configuration,
    address: URL,
    checks: Checks,
    trace: GrantTrace & { isRepeated?: boolean },
  ) {
    const grantWith = (configuration: client.Configuration) =>
      this.traces.run(trace, () =>
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
      if (!isUnknownKey || performance.now() - this.keysRenewedAt < KEYS_RETRY_MS) throw error;
      this.keysRenewedAt = performance.now();
      Object.assign(trace, { phase: 'token', isRepeated: true });
      return grantWith(await this.withoutKeys(found));
    }
  }

  private async withoutKeys(found: client.Configuration): Promise<client.Configuration> {
    // Its functions would not survive the copy that the library makes.
    const metadata = JSON.parse(JSON.stringify(found.serverMetadata())) as client.ServerMetadata;
    const renewed = new client.Configuration(
      metadata,
      this.settings.clientId,
      this.clientMetadata(),
      await this.authentication(),
    );
    this.prepare(renewed);
    this.configuration = { found: renewed, freshUntil: this.configuration?.freshUntil ?? 0 };
    return renewed;
  }

  /** What was found serves for an hour, and longer while the provider cannot be asked anew. */
  private async found(): Promise<client.Configuration> {
    const known = this.configuration;
    const now = performance.now();
    if (known && now < known.freshUntil) return known.found;
    if (now - this.failedAt < DISCOVERY_RETRY_MS) {
      if (known) return known.found;
      throw loginFaultOf(this.failure, { phase: 'discovery' });
    }
    this.discovering ??= this.discover().finally(() => (this.discovering = undefined));
    try {
      return await this.discovering;
    } catch (error) {
      if (known) return known.found;
      throw error;
    }
  }

  private async discover(): Promise<client.Configuration> {
    try {
      const found = await client.discovery(
        new URL(this.settings.issuer),
        this.settings.clientId,
        this.clientMetadata(),
        await this.authentication(),
        {
          timeout: this.timeoutMs / 1000,
          [client.customFetch]: this.fetch as client.CustomFetch,
          execute: this.isPlain ? PLAIN_HTTP : [],
        },
      );
      demandMetadata(found.serverMetadata(), this.isPlain);
      this.prepare(found);
      this.configuration = { found, freshUntil: performance.now() + DISCOVERY_FRESH_MS };
      return found;
    } catch (error) {
      this.failedAt = performance.now();
      this.failure = error;
      throw loginFaultOf(error, { phase: 'discovery' });
    }
  }

  private prepare(found: client.Configuration): void {
    found.timeout = this.timeoutMs / 1000;
    found[client.customFetch] = this.fetch as client.CustomFetch;
    client.enableNonRepudiationChecks(found);
    if (this.isPlain) for (const extend of PLAIN_HTTP) extend(found);
  }

  private get isPlain(): boolean {
    return this.settings.issuer.startsWith('http:') && isLoopbackUrl(this.settings.issuer);
  }

  private clientMetadata(): Partial<client.ClientMetadata> {
    const { clientSecret } = this.settings;
    return {
      ...(clientSecret ? { client_secret: clientSecret } : {}),
      // The library takes a list too; its type knows one.
      id_token_signed_response_alg: SIGNATURE_ALGORITHMS as unknown as string,
      [client.clockTolerance]: CLOCK_TOLERANCE_SECONDS,
    };
  }

  private async authentication(): Promise<client.ClientAuth> {
    const { clientAuthentication, clientSecret, privateJwk } = this.settings;
    if (clientAuthentication === 'none') return client.None();
    if (clientAuthentication === 'client_secret_basic') return client.ClientSecretBasic(clientSecret);
    if (clientAuthentication === 'client_secret_post') return client.ClientSecretPost(clientSecret);
    const jwk = JSON.parse(privateJwk) as { alg: string; kid: string };
    const key = (await importJWK(jwk, jwk.alg)) as client.CryptoKey;
    return client.PrivateKeyJwt({ key, kid: jwk.kid });
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

function demandMetadata(metadata: Readonly<client.ServerMetadata>, isPlain: boolean): void {
  const { code_challenge_methods_supported: methods } = metadata;
  if (methods !== undefined && !(Array.isArray(methods) && methods.includes('S256')))
    throw new LoginFault('pkce-unsupported', 'the provider offers code challenges, but not S256');
  for (const name of ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const) {
    const endpoint: unknown = metadata[name];
    if (endpoint === undefined) throw new LoginFault('endpoint-missing', `${name} is missing`);
    if (typeof endpoint !== 'string' || !URL.canParse(endpoint))
      throw new LoginFault('discovery-malformed', `${name} is no address`);
    if (!endpoint.startsWith('https:') && !(isPlain && isLoopbackUrl(endpoint)))
      throw new LoginFault('endpoint-insecure', `${name} is not https`);
  }
}

/** What the library leaves to its user: OpenID Connect Core 3.1.3.6, 3.1.3.7 (10) and 3.1.3.8. */
function demandSound(
  claims: Readonly<Record<string, unknown>>,
  clientId: string,
  idToken: string,
  accessToken: string,
): void {
  const { sub, iat, azp, at_hash: atHash } = claims;
  if (azp !== undefined && azp !== clientId) throw new LoginFault('azp-wrong');
  if (typeof sub !== 'string' || sub === '' || sub.length > SUBJECT_CHARACTERS_MAX)
    throw new LoginFault('sub-malformed');
  const now = Date.now() / 1000;
  if (Number(iat) < now - IAT_AGE_MAX_SECONDS || Number(iat) > now + CLOCK_TOLERANCE_SECONDS)
    throw new LoginFault('iat-far', 'the ID token was not issued just now');
  if (atHash !== undefined && atHash !== accessTokenHash(accessToken, idToken))
    throw new LoginFault('at-hash-wrong');
}

/** The left half of the hash that the ID token's own algorithm uses. */
function accessTokenHash(accessToken: string, idToken: string): string {
  const header = JSON.parse(Buffer.from(idToken.split('.')[0]!, 'base64url').toString()) as { alg: string };
  const isEd = header.alg === 'EdDSA' || header.alg === 'Ed25519';
  const digest = createHash(isEd ? 'sha512' : `sha${header.alg.slice(2)}`)
    .update(accessToken)
    .digest();
  return digest.subarray(0, digest.length / 2).toString('base64url');
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new LoginFault('answer-too-large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function responseOf({ status, text, headers }: NonNullable<GrantTrace['token']>): Response {
  const isEmpty = status === 204 || status === 205 || status === 304;
  // What came is unpacked already.
  const kept = headers.filter(([name]) => name !== 'content-encoding' && name !== 'content-length');
  return new Response(isEmpty ? null : text, { status, headers: kept });
}
