import { LoginFault, type LoginFaultCode } from './login-fault.js';

/** An error may be its own cause. */
const CAUSES_MAX = 6;

/** What a grant was doing when it failed, and what had come until then. */
export interface GrantTrace {
  phase: 'discovery' | 'token' | 'keys' | 'userinfo';
  /** The token endpoint's answer, as it came. */
  token?: { status: number; text: string; headers: [string, string][] };
}

interface Told {
  readonly code?: string;
  readonly message: string;
  /** What the library found, beside what it expected. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** In the library's own words; it names the claim in its details where it compares, and in its message where it looks for one. */
const MESSAGES: readonly [RegExp, LoginFaultCode][] = [
  [/response parameter "iss" \(issuer\) missing/, 'iss-missing'],
  [/unexpected "iss" \(issuer\) response parameter/, 'iss-mismatch'],
  [/response parameter "state" missing/, 'state-missing'],
  [/"state" response parameter/, 'state-mismatch'],
  [/must be provided only once/, 'parameter-doubled'],
  [/no authorization code in/, 'code-missing'],
  [/implicit and hybrid flows|contains a JARM response/, 'response-unexpected'],
  [/no applicable keys found/, 'key-unknown'],
  [/multiple applicable keys found/, 'keys-ambiguous'],
  [/JWT signature verification failed/, 'signature-wrong'],
  [/JWE decryption is not configured/, 'id-token-encrypted'],
  [/"crit" header/, 'header-critical'],
  [/token_type/, 'token-type-unknown'],
  [/"response" body "id_token" property/, 'id-token-missing'],
  [/Invalid JWT|JWT Header|JWT Payload/, 'id-token-malformed'],
  [/untrusted audiences/, 'azp-missing'],
  [/auth_time.*claim missing/, 'auth-time-missing'],
];
const MISSING = /JWT "(iss|aud|sub|exp|iat|nonce|auth_time)".*claim missing/;
const BY_CLAIM: Readonly<Record<string, LoginFaultCode>> = {
  iss: 'iss-claim-wrong',
  aud: 'aud-wrong',
  azp: 'azp-wrong',
  exp: 'exp-past',
  nbf: 'nbf-future',
  iat: 'iat-far',
  auth_time: 'auth-time-past',
};
const BY_MISSING: Readonly<Record<string, LoginFaultCode>> = {
  iss: 'iss-claim-missing',
  aud: 'aud-missing',
  sub: 'sub-missing',
  exp: 'exp-missing',
  iat: 'iat-missing',
  nonce: 'nonce-missing',
  auth_time: 'auth-time-missing',
};

/** What openid-client threw, as a code of ours. */
export function loginFaultOf(error: unknown, trace: GrantTrace): LoginFault {
  if (error instanceof LoginFault) return error;
  const told = toldBy(error);
  return new LoginFault(codeOf(error, told, trace), `${told.code ?? 'error'}: ${told.message}`, {
    cause: error,
  });
}

function codeOf(error: unknown, told: Told, trace: GrantTrace): LoginFaultCode {
  const own = causesOf(error).find((cause) => cause instanceof LoginFault);
  if (own) return own.code;
  const { code, details, message } = told;
  if (code === 'OAUTH_AUTHORIZATION_RESPONSE_ERROR')
    return (error as { error?: unknown }).error === 'access_denied' ? 'login-declined' : 'login-refused';
  if (code === 'OAUTH_RESPONSE_BODY_ERROR')
    return (error as { error?: unknown }).error === 'invalid_grant' ? 'code-refused' : 'client-refused';
  if (code === 'OAUTH_WWW_AUTHENTICATE_CHALLENGE')
    return trace.phase === 'userinfo' ? 'userinfo-failing' : 'client-refused';
  if (code === 'OAUTH_TIMEOUT' || code === 'OAUTH_ABORT') return 'provider-slow';
  // The library's own TypeErrors speak of our arguments; fetch's of the network.
  if (error instanceof TypeError && !code?.startsWith('ERR_INVALID')) return 'provider-unreachable';
  if (code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED')
    return details.attribute === 'sub' ? 'userinfo-sub-wrong' : 'discovery-issuer-wrong';
  if (/unexpected JWT "alg"|JWS algorithm|JWS "alg"/.test(message))
    return headerAlg(details) === 'none' ? 'alg-none' : 'alg-unexpected';
  const missing = MISSING.exec(message)?.[1];
  if (missing) return BY_MISSING[missing]!;
  const known = MESSAGES.find(([pattern]) => pattern.test(message));
  if (known) return known[1];
  if (details.claim === 'nonce') return isIn(details.claims, 'nonce') ? 'nonce-wrong' : 'nonce-missing';
  const byClaim = BY_CLAIM[String(details.claim)];
  if (byClaim) return byClaim;
  return byPhase(code, details, trace);
}

/** What has no claim or parameter to its name: the answer as a whole was not what it had to be. */
function byPhase(
  code: string | undefined,
  details: Readonly<Record<string, unknown>>,
  { phase }: GrantTrace,
): LoginFaultCode {
  if (code === 'OAUTH_HTTP_REQUEST_FORBIDDEN' || code === 'OAUTH_REQUEST_PROTOCOL_FORBIDDEN')
    return 'endpoint-insecure';
  if (code === 'OAUTH_MISSING_SERVER_METADATA') return 'endpoint-missing';
  if (code === 'OAUTH_INVALID_SERVER_METADATA') return 'discovery-malformed';
  const isJson = code !== 'OAUTH_RESPONSE_IS_NOT_JSON' && code !== 'OAUTH_PARSE_ERROR';
  if (code === 'OAUTH_RESPONSE_IS_NOT_CONFORM') {
    const status = Number(details.status ?? 0);
    if (phase === 'userinfo') return 'userinfo-failing';
    return status >= 300 && status < 400 && phase === 'token' ? 'token-redirected' : 'provider-failing';
  }
  if (phase === 'discovery') return isJson ? 'discovery-malformed' : 'discovery-not-json';
  if (phase === 'keys') return isJson ? 'keys-malformed' : 'keys-not-json';
  if (phase === 'userinfo') {
    if (!isJson) return 'userinfo-not-json';
    return isIn(details.body, 'sub') || details.body === undefined
      ? 'userinfo-malformed'
      : 'userinfo-sub-missing';
  }
  if (isIn(details, 'claims')) return 'claim-malformed';
  return isJson ? 'token-malformed' : 'token-not-json';
}

function toldBy(error: unknown): Told {
  const chain = causesOf(error);
  // The library wraps what it found: the innermost error says most, and its own cause holds the values.
  const innermost = chain.filter((cause) => cause instanceof Error).at(-1);
  const code = chain
    .map((cause) => (cause as { code?: unknown }).code)
    .find((one) => typeof one === 'string');
  const last = chain.at(-1);
  const details = last instanceof Error || typeof last !== 'object' ? {} : last;
  return {
    message:
      chain
        .filter((cause) => cause instanceof Error)
        .map((cause) => cause.message)
        .join(' < ') || String(error),
    details: (details ?? {}) as Record<string, unknown>,
    ...(typeof code === 'string' && innermost ? { code } : {}),
  };
}

/** An error, its cause, the cause of that, and so on. */
export function causesOf(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let cause = error; cause != null && chain.length < CAUSES_MAX; cause = causeOf(cause))
    chain.push(cause);
  return chain;
}

function causeOf(error: unknown): unknown {
  return (error as { cause?: unknown }).cause;
}

function headerAlg(details: Readonly<Record<string, unknown>>): unknown {
  const header = (details.header ?? details) as { alg?: unknown };
  return header.alg;
}

function isIn(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && name in value;
}
