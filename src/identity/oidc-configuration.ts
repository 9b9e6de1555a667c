import { importJWK } from 'jose';
import * as client from 'openid-client';
import type { ProviderSettings } from '../platform/config/identity-providers.js';
import { isLoopbackUrl } from '../platform/config/loopback.js';
import { CLOCK_TOLERANCE_SECONDS, signatureAlgorithms } from './id-token.js';
import { LoginFault } from './login-fault.js';
import { loginFaultOf } from './oidc-fault.js';
import type { ProviderFetch } from './provider-fetch.js';

const DISCOVERY_FRESH_MS = 3_600_000;
/** After a failure the provider is left alone for so long. */
const DISCOVERY_RETRY_MS = 1_000;
/** Keys that an unknown one may be among are fetched at most this often: anyone can make up a key id. */
const KEYS_RETRY_MS = 2_000;

/** Marked as deprecated to make it stand out. It does: only for a provider on this machine. */
// eslint-disable-next-line @typescript-eslint/no-deprecated
const PLAIN_HTTP: ((found: client.Configuration) => void)[] = [client.allowInsecureRequests];

/** What a provider says of itself and how we authenticate there, with the keys the library keeps. */
export class OidcConfiguration {
  private known: { found: client.Configuration; freshUntil: number } | undefined;
  private discovering: Promise<client.Configuration> | undefined;
  private failedAt = -Infinity;
  private failure: unknown;
  private keysRenewedAt = -Infinity;

  constructor(
    private readonly settings: ProviderSettings,
    private readonly timeoutMs: number,
    private readonly asking: ProviderFetch,
  ) {}

  /** Undefined until the provider was asked. */
  get metadata(): Readonly<client.ServerMetadata> | undefined {
    return this.known?.found.serverMetadata();
  }

  /**
   * What was found serves for an hour, and longer while the provider cannot be asked anew.
   * @throws LoginFault
   */
  async found(): Promise<client.Configuration> {
    const { known } = this;
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

  /** The same, without the keys that it was used with; null where they were fetched just now. */
  async withoutKeys(found: client.Configuration): Promise<client.Configuration | null> {
    // Somebody else's login has found them outdated meanwhile.
    if (this.known && this.known.found !== found) return this.known.found;
    if (performance.now() - this.keysRenewedAt < KEYS_RETRY_MS) return null;
    this.keysRenewedAt = performance.now();
    const renewed = await this.configured(found.serverMetadata());
    this.known = { found: renewed, freshUntil: this.known?.freshUntil ?? 0 };
    return renewed;
  }

  private async discover(): Promise<client.Configuration> {
    try {
      const { issuer, clientId } = this.settings;
      const discovered = await client.discovery(new URL(issuer), clientId, undefined, client.None(), {
        timeout: this.timeoutMs / 1000,
        [client.customFetch]: this.asking.fetch as client.CustomFetch,
        execute: this.isPlain ? PLAIN_HTTP : [],
      });
      demandMetadata(discovered.serverMetadata(), this.isPlain);
      const found = await this.configured(discovered.serverMetadata());
      this.known = { found, freshUntil: performance.now() + DISCOVERY_FRESH_MS };
      return found;
    } catch (error) {
      this.failedAt = performance.now();
      this.failure = error;
      throw loginFaultOf(error, { phase: 'discovery' });
    }
  }

  private async configured(known: Readonly<client.ServerMetadata>): Promise<client.Configuration> {
    // Its functions would not survive the copy that the library makes.
    const metadata = JSON.parse(JSON.stringify(known)) as client.ServerMetadata;
    const more = this.clientMetadata(metadata);
    const found = new client.Configuration(
      metadata,
      this.settings.clientId,
      more,
      await this.authentication(),
    );
    found.timeout = this.timeoutMs / 1000;
    found[client.customFetch] = this.asking.fetch as client.CustomFetch;
    client.enableNonRepudiationChecks(found);
    if (this.isPlain) for (const extend of PLAIN_HTTP) extend(found);
    return found;
  }

  private get isPlain(): boolean {
    return this.settings.issuer.startsWith('http:') && isLoopbackUrl(this.settings.issuer);
  }

  private clientMetadata(metadata: client.ServerMetadata): Partial<client.ClientMetadata> {
    const { clientSecret } = this.settings;
    return {
      ...(clientSecret ? { client_secret: clientSecret } : {}),
      // The library takes a list too; its type knows one.
      id_token_signed_response_alg: signatureAlgorithms(this.settings, metadata) as unknown as string,
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
