import { randomBytes } from 'node:crypto';
import type { Answer, Call } from '../call.js';
import { json } from './errors.js';
import { JWT_BEARER, wrongOfAssertion } from './jwt-assertion.js';
import { ORG_ID, USER_ID } from './org.js';
import type { SalesforceSettings } from './settings.js';

/** Tokens kept; the oldest end first. */
const TOKENS_MAX = 10_000;

interface Session {
  endsAt: number;
  callsLeft: number;
}

/** Access tokens by client credentials. They are gone after a restart, as after any expiry. */
export class Tokens {
  private readonly sessions = new Map<string, Session>();

  constructor(private readonly settings: SalesforceSettings) {}

  /** POST /services/oauth2/token */
  issue(call: Call, url: string): Answer {
    const form = new URLSearchParams(call.body.toString('utf8'));
    if (call.method !== 'POST') return oauthError('invalid_request', 'must use HTTP POST');
    if (form.get('grant_type') === JWT_BEARER) {
      const wrong = wrongOfAssertion(form.get('assertion') ?? '', this.settings, url, call.at);
      if (wrong !== undefined) return oauthError('invalid_grant', wrong);
      const { signature: _, issued_at: __, token_format: ___, ...answer } = this.open(call, url);
      return json(200, answer);
    }
    if (form.get('grant_type') !== 'client_credentials')
      return oauthError('unsupported_grant_type', 'grant type not supported');
    const [clientId, clientSecret] = clientOf(call, form);
    if (clientId !== this.settings.clientId)
      return oauthError('invalid_client_id', 'client identifier invalid');
    if (clientSecret !== this.settings.clientSecret)
      return oauthError('invalid_client', 'invalid client credentials');
    return json(200, this.open(call, url));
  }

  private open(call: Call, url: string) {
    const token = `${ORG_ID.slice(0, 15)}!AQ${randomBytes(48).toString('base64url')}`;
    const { tokenSeconds, tokenCallsMax } = this.settings;
    this.sessions.set(token, { endsAt: call.at + tokenSeconds * 1000, callsLeft: tokenCallsMax });
    if (this.sessions.size > TOKENS_MAX) this.sessions.delete(this.sessions.keys().next().value!);
    return {
      access_token: token,
      signature: randomBytes(32).toString('base64'),
      scope: 'api',
      instance_url: url,
      id: `${url}/id/${ORG_ID}/${USER_ID}`,
      token_type: 'Bearer',
      issued_at: String(call.at),
      token_format: 'opaque',
    };
  }

  /** Counts a call against the token it carries; false means that the session is over. */
  admit(call: Call): boolean {
    const [scheme = '', token = ''] = (call.headers.authorization ?? '').split(' ');
    const session = /^(?:bearer|oauth)$/i.test(scheme) ? this.sessions.get(token) : undefined;
    if (session === undefined) return false;
    session.callsLeft -= 1;
    if (session.callsLeft >= 0 && call.at < session.endsAt) return true;
    this.sessions.delete(token);
    return false;
  }

  /** Ends every session. */
  revoke(): number {
    const ended = this.sessions.size;
    this.sessions.clear();
    return ended;
  }
}

function clientOf(call: Call, form: URLSearchParams): [string | null, string | null] {
  const [scheme = '', encoded = ''] = (call.headers.authorization ?? '').split(' ');
  if (scheme.toLowerCase() !== 'basic') return [form.get('client_id'), form.get('client_secret')];
  const [id = '', secret = ''] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return [id, secret];
}

function oauthError(error: string, description: string): Answer {
  return json(400, { error, error_description: description });
}
