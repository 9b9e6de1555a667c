import {
  createRemoteJWKSet,
  customFetch,
  errors,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
} from 'jose';
import { CLOCK_TOLERANCE_SECONDS, signatureAlgorithms } from './id-token.js';
import type { OidcProvider } from './oidc.js';

const AGE_MAX_SECONDS = 600;
const KEYS_COOLDOWN_MS = 2_000;
const TOKEN_CHARACTERS_MAX = 20_000;
const ID_CHARACTERS_MAX = 255;
const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

export interface LogoutToken {
  readonly issuer: string;
  readonly jti: string;
  readonly expiresAt: Date;
  readonly sid: string | null;
  readonly subject: string | null;
}

/** Why a logout token is not obeyed; `code` stands in the log. */
export class LogoutFault extends Error {
  constructor(
    readonly code: string,
    options?: { cause?: unknown },
  ) {
    super(code, options);
  }
}

/** Judges logout tokens of one provider: OpenID Connect Back-Channel Logout 1.0, section 2.6. */
export class LogoutTokens {
  private keys: { uri: string; get: JWTVerifyGetKey } | undefined;

  constructor(
    private readonly provider: OidcProvider,
    private readonly timeoutMs: number,
  ) {}

  /** @throws LogoutFault, or LoginFault where the provider's metadata cannot be had */
  async verify(token: unknown): Promise<LogoutToken> {
    if (typeof token !== 'string' || token === '' || token.length > TOKEN_CHARACTERS_MAX)
      throw new LogoutFault('logout-token-missing');
    const metadata = await this.provider.metadata();
    const { payload, protectedHeader } = await jwtVerify(token, this.keysAt(metadata.jwks_uri!), {
      issuer: metadata.issuer,
      audience: this.provider.settings.clientId,
      algorithms: signatureAlgorithms(this.provider.settings, metadata),
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      maxTokenAge: AGE_MAX_SECONDS,
      requiredClaims: ['iss', 'aud', 'iat', 'exp', 'jti', 'events'],
    }).catch((error: unknown) => {
      throw new LogoutFault(codeOf(error), { cause: error });
    });
    const { typ } = protectedHeader;
    if (typ !== undefined && !/^(application\/)?(logout\+jwt|jwt)$/i.test(typ))
      throw new LogoutFault('logout-typ-wrong');
    return readToken(payload);
  }

  private keysAt(uri: string): JWTVerifyGetKey {
    if (this.keys?.uri !== uri) {
      const get = createRemoteJWKSet(new URL(uri), {
        cooldownDuration: KEYS_COOLDOWN_MS,
        timeoutDuration: this.timeoutMs,
        [customFetch]: (url: string, options: RequestInit) => this.provider.fetch(url, options),
      });
      this.keys = { uri, get };
    }
    return this.keys.get;
  }
}

function readToken({ iss, jti, exp, sid, sub, events, nonce }: JWTPayload): LogoutToken {
  if (
    typeof events !== 'object' ||
    events === null ||
    Array.isArray(events) ||
    !isObject((events as Record<string, unknown>)[EVENT])
  )
    throw new LogoutFault('logout-event-missing');
  if (nonce !== undefined) throw new LogoutFault('logout-nonce-present');
  if (!isId(jti)) throw new LogoutFault('logout-jti-malformed');
  if (sub === undefined && sid === undefined) throw new LogoutFault('logout-nobody-named');
  if ((sub !== undefined && !isId(sub)) || (sid !== undefined && !isId(sid)))
    throw new LogoutFault('logout-name-malformed');
  return {
    issuer: iss!,
    jti,
    expiresAt: new Date((exp! + AGE_MAX_SECONDS) * 1000),
    sid: typeof sid === 'string' ? sid : null,
    subject: sub ?? null,
  };
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= ID_CHARACTERS_MAX;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function codeOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return error.claim === 'iat' ? 'logout-iat-far' : 'logout-exp-past';
  if (error instanceof errors.JWTClaimValidationFailed)
    return `logout-${error.claim}-${error.reason === 'missing' ? 'missing' : 'wrong'}`;
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'logout-signature-wrong';
  if (error instanceof errors.JWKSNoMatchingKey) return 'logout-key-unknown';
  if (error instanceof errors.JWKSMultipleMatchingKeys) return 'logout-keys-ambiguous';
  if (error instanceof errors.JOSEAlgNotAllowed) return 'logout-alg-wrong';
  if (error instanceof errors.JOSENotSupported) return 'logout-header-unsupported';
  if (error instanceof errors.JOSEError) return 'logout-token-malformed';
  return 'logout-keys-unreachable';
}
