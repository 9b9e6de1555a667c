import type { Advice } from '#web/login-words.js';

/**
 * Why a login did not come about. The code stands in the log and on the page; what the page tells a person is one of
 * a few sentences, since most codes ask the same of them: nothing, but to try again or to tell who runs this.
 */
export const LOGIN_FAULTS = {
  // The browser came back with an answer that does not belong to an attempt of its own.
  'state-missing': 'again',
  'state-unknown': 'lost',
  'state-mismatch': 'again',
  'state-replayed': 'spent',
  'attempt-expired': 'late',
  'provider-mismatch': 'again',
  'parameter-doubled': 'provider',
  'iss-missing': 'provider',
  'iss-mismatch': 'provider',
  'code-missing': 'provider',
  'response-unexpected': 'provider',
  'login-declined': 'declined',
  'login-refused': 'provider',
  // The provider could not be asked.
  'provider-unreachable': 'down',
  'provider-slow': 'down',
  'provider-failing': 'down',
  'answer-too-large': 'provider',
  'discovery-not-json': 'provider',
  'discovery-malformed': 'provider',
  'discovery-issuer-wrong': 'provider',
  'endpoint-missing': 'provider',
  'endpoint-insecure': 'provider',
  'pkce-unsupported': 'provider',
  'keys-not-json': 'provider',
  'keys-malformed': 'provider',
  // What the token endpoint answered.
  'code-refused': 'again',
  'client-refused': 'provider',
  'token-not-json': 'provider',
  'token-malformed': 'provider',
  'token-type-unknown': 'provider',
  'token-redirected': 'provider',
  // What the ID token says.
  'id-token-missing': 'provider',
  'id-token-malformed': 'provider',
  'id-token-encrypted': 'provider',
  'header-critical': 'provider',
  'alg-none': 'provider',
  'alg-unexpected': 'provider',
  'key-unknown': 'provider',
  'keys-ambiguous': 'provider',
  'signature-wrong': 'provider',
  'iss-claim-missing': 'provider',
  'iss-claim-wrong': 'provider',
  'aud-missing': 'provider',
  'aud-wrong': 'provider',
  'azp-missing': 'provider',
  'azp-wrong': 'provider',
  'sub-missing': 'provider',
  'sub-malformed': 'provider',
  'exp-missing': 'provider',
  'exp-past': 'provider',
  'nbf-future': 'provider',
  'iat-missing': 'provider',
  'iat-far': 'provider',
  'nonce-missing': 'provider',
  'nonce-wrong': 'provider',
  'at-hash-wrong': 'provider',
  'auth-time-missing': 'provider',
  'auth-time-past': 'again',
  'acr-wrong': 'weak',
  'claim-malformed': 'provider',
  // What userinfo says.
  'userinfo-failing': 'provider',
  'userinfo-not-json': 'provider',
  'userinfo-sub-missing': 'provider',
  'userinfo-sub-wrong': 'provider',
  'userinfo-malformed': 'provider',
  // Ours.
  'provider-unknown': 'unknown',
  'provider-not-for-event': 'unknown',
  'login-failed': 'provider',
} as const satisfies Record<string, Advice>;

export type LoginFaultCode = keyof typeof LOGIN_FAULTS;

const STATUS: Record<Advice, number> = {
  again: 400,
  lost: 400,
  spent: 400,
  late: 400,
  declined: 403,
  weak: 403,
  provider: 502,
  down: 503,
  unknown: 404,
};

/** Thrown wherever a login is refused; a page for the person and a line in the log are made of it in one place. */
export class LoginFault extends Error {
  readonly advice: Advice;
  readonly status: number;

  /** @param message for the log: no value of a person, no token */
  constructor(
    readonly code: LoginFaultCode,
    message: string = code,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.advice = LOGIN_FAULTS[code];
    this.status = STATUS[this.advice];
  }
}
