import { createHmac, randomUUID } from 'node:crypto';
import type { Clock } from '../platform/clock.js';
import type { HttpAnswer, HttpCall, HttpEngine, HttpResult } from '../platform/http-client/http-engine.js';
import { type AccessToken, tokenFor, withToken } from './access-token.js';
import { clockSkewMs, type Failure } from './call-outcome.js';
import type { CallOptions } from './connector.js';
import type { RestAuth } from './rest-auth-declaration.js';

export type RestCall = Pick<HttpCall, 'method' | 'url' | 'body' | 'isRepeatable'> & {
  readonly headers: Readonly<Record<string, string>>;
};

/** Makes a call as somebody the backend knows. */
export type Caller = (
  call: RestCall,
  options: CallOptions,
) => Promise<{ result: HttpResult } | { failure: Failure }>;

type Hmac = Extract<RestAuth, { kind: 'hmac' }>;
type OAuth2 = Extract<RestAuth, { kind: 'oauth2' }>;

export function callerFor(auth: RestAuth, engine: HttpEngine, clock: Clock): Caller {
  const plainly = async (call: RestCall, options: CallOptions, headers: Record<string, string> = {}) => ({
    result: await engine.call({ ...call, headers: { ...call.headers, ...headers }, ...options }),
  });
  switch (auth.kind) {
    case 'none':
      return (call, options) => plainly(call, options);
    case 'basic': {
      const authorization = basic(auth.username, auth.password);
      return (call, options) => plainly(call, options, { authorization });
    }
    case 'bearer':
      return (call, options) => plainly(call, options, { authorization: `Bearer ${auth.token}` });
    case 'apiKey': {
      const { header, query, key } = auth;
      if (header !== null) return (call, options) => plainly(call, options, { [header]: key });
      return (call, options) => plainly({ ...call, url: withParameter(call.url, query!, key) }, options);
    }
    case 'oauth2': {
      const token = oauth2(auth, engine, clock);
      return (call, options) =>
        withToken(
          token,
          (login) =>
            plainly(call, options, { authorization: `Bearer ${login}` }).then(({ result }) => result),
          options,
        );
    }
    case 'hmac':
      return hmac(auth, plainly, clock);
  }
}

/** Every secret of it, so that none is left in a backend's words. */
export function secretsOf(auth: RestAuth): string[] {
  switch (auth.kind) {
    case 'none':
      return [];
    case 'basic':
      return [auth.password, basic(auth.username, auth.password).slice('Basic '.length)];
    case 'bearer':
      return [auth.token];
    case 'apiKey':
      return [auth.key, encodeURIComponent(auth.key)];
    case 'oauth2':
      return [auth.clientSecret];
    case 'hmac':
      return [auth.secret];
  }
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

function withParameter(url: string, name: string, value: string): string {
  return `${url}${url.includes('?') ? '&' : '?'}${name}=${encodeURIComponent(value)}`;
}

function oauth2(auth: OAuth2, engine: HttpEngine, clock: Clock): AccessToken<string> {
  const { tokenUrl, clientId, clientSecret, scope, audience, send } = auth;
  const isForm = send === 'form';
  const form = {
    grant_type: 'client_credentials',
    ...(isForm ? { client_id: clientId, client_secret: clientSecret } : {}),
    ...(scope === null ? {} : { scope }),
    ...(audience === null ? {} : { audience }),
  };
  // RFC 6749, 2.3.1: both are encoded as in a form before they are joined.
  const encoded = (text: string): string => new URLSearchParams({ _: text }).toString().slice(2);
  const headers: Record<string, string> = isForm
    ? {}
    : { authorization: basic(encoded(clientId), encoded(clientSecret)) };
  const words = { who: 'The token endpoint', advice: 'check clientId, clientSecret and scope' };
  return tokenFor(engine, tokenUrl, form, words, clock, headers);
}

/** Where the backend's clock differs, its time is signed, once more and from then on: our clock may be wrong by hours. */
function hmac(
  auth: Hmac,
  plainly: (
    call: RestCall,
    options: CallOptions,
    headers: Record<string, string>,
  ) => Promise<{ result: HttpResult }>,
  clock: Clock,
): Caller {
  let skewMs = 0;
  const nowMs = (): number => clock.now().getTime();
  const signedCall = (call: RestCall, options: CallOptions) =>
    plainly(call, options, signature(auth, call, nowMs() + skewMs));
  const isLate = ({ status, headers }: HttpAnswer): boolean =>
    auth.timestampHeader !== null &&
    (status === 401 || status === 403) &&
    Math.abs(clockSkewMs(headers, nowMs()) - skewMs) > auth.skewMaxMs;
  return async (call, options) => {
    const first = await signedCall(call, options);
    if (first.result.kind !== 'answered' || !isLate(first.result)) return first;
    skewMs = clockSkewMs(first.result.headers, nowMs());
    return signedCall(call, options);
  };
}

function signature(auth: Hmac, call: RestCall, atMs: number): Record<string, string> {
  const timestamp = String(auth.timestampIn === 's' ? Math.floor(atMs / 1000) : atMs);
  const id = auth.id === null ? '' : randomUUID();
  const body = call.body ?? '';
  const { pathname, search } = new URL(call.url);
  const values = { method: call.method, path: pathname + search, body, timestamp, id };
  const text = auth.signed === null ? body : String(auth.signed.render(values));
  const secret = Buffer.from(auth.secret, auth.secretIs === 'text' ? 'utf8' : auth.secretIs);
  const digest = createHmac(auth.algorithm, secret).update(text, 'utf8').digest(auth.encoding);
  return {
    [auth.header]: `${auth.prefix}${digest}`,
    ...(auth.timestampHeader === null ? {} : { [auth.timestampHeader]: timestamp }),
    ...(auth.id === null ? {} : { [auth.id]: id }),
  };
}
