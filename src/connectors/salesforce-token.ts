import { createSign } from 'node:crypto';
import type { Clock } from '../platform/clock.js';
import type { HttpEngine } from '../platform/http-client/http-engine.js';
import { AccessToken, type Issued, notSent, requestToken } from './access-token.js';
import { clockSkewMs, unreadable } from './call-outcome.js';
import type { CallOptions } from './connector.js';

/** Salesforce takes an assertion that ends within three minutes. */
const ASSERTION_MS = 150_000;
/** Beyond this our clock, not our key, is what Salesforce refuses. */
const SKEW_MAX_MS = 30_000;
const WHO = 'Salesforce';

export interface Login {
  readonly accessToken: string;
  /** The base of every call: the token's answer names the host that holds the data. */
  readonly instanceUrl: string;
}

/** How we show who we are: with a secret (RFC 6749, 4.4), or with a key (RFC 7523) for a user. */
export type SalesforceGrant =
  | { readonly kind: 'secret'; readonly clientId: string; readonly clientSecret: string }
  | {
      readonly kind: 'key';
      readonly clientId: string;
      readonly username: string;
      readonly privateKey: string;
      readonly audience: string;
    };

/** The access token of one org. Salesforce says no time of expiry: a token is used until it is refused. */
export function salesforceToken(
  engine: HttpEngine,
  baseUrl: string,
  grant: SalesforceGrant,
  clock: Clock,
): AccessToken<Login> {
  const ask = (form: Record<string, string>, advice: string, turn: CallOptions['turn']) =>
    requestToken(engine, `${baseUrl}/services/oauth2/token`, form, { who: WHO, advice }, turn);

  return new AccessToken(async (turn) => {
    if (grant.kind === 'secret') {
      const { clientId: client_id, clientSecret: client_secret } = grant;
      const form = { grant_type: 'client_credentials', client_id, client_secret };
      return login(await ask(form, 'check client id, secret and run-as user of the app', turn), baseUrl);
    }
    const nowMs = clock.now().getTime();
    const advice = 'check consumer key, username, audience and the certificate of the app';
    const first = await ask(assertion(grant, nowMs), advice, turn);
    const skewMs = 'answer' in first ? clockSkewMs(first.answer.headers, nowMs) : 0;
    if (Math.abs(skewMs) < SKEW_MAX_MS) return login(first, baseUrl);
    const seconds = Math.round(Math.abs(skewMs) / 1000);
    const late = `${advice}; our clock is ${seconds} s ${skewMs > 0 ? 'behind' : 'ahead'}`;
    return login(await ask(assertion(grant, nowMs + skewMs), late, turn), baseUrl);
  }, clock);
}

function login(answer: Awaited<ReturnType<typeof requestToken>>, baseUrl: string): Issued<Login> {
  if ('failure' in answer) return { failure: answer.failure };
  const { instance_url: instanceUrl } = answer.body;
  const isSafe =
    typeof instanceUrl === 'string' && (instanceUrl.startsWith('https://') || baseUrl.startsWith('http://'));
  if (!isSafe) return { failure: notSent(unreadable(200), WHO) };
  const { accessToken } = answer;
  return { login: { accessToken, instanceUrl: instanceUrl.replace(/\/+$/, '') }, lifeMs: null };
}

function assertion(grant: Extract<SalesforceGrant, { kind: 'key' }>, nowMs: number): Record<string, string> {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    iss: grant.clientId,
    sub: grant.username,
    aud: grant.audience,
    exp: Math.floor((nowMs + ASSERTION_MS) / 1000),
  };
  const text = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`;
  const signature = createSign('RSA-SHA256').update(text).sign(grant.privateKey, 'base64url');
  return {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: `${text}.${signature}`,
  };
}
