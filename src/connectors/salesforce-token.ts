import { type Failure, byStatus, unreadable, withoutAnswer } from './call-outcome.js';
import type { HttpAnswer, HttpEngine } from '../platform/http-client/http-engine.js';
import { stripValues } from './strip-values.js';

export interface Login {
  readonly accessToken: string;
  /** The base of every call: the token's answer names the host that holds the data. */
  readonly instanceUrl: string;
}

export type LoginResult = { readonly login: Login } | { readonly failure: Failure };

/**
 * The access token of one destination (OAuth 2.0 client credentials, RFC 6749 section 4.4). Salesforce says no time
 * of expiry: the token is used until it is refused. However many calls find that out, one request renews it.
 */
export class SalesforceToken {
  private current: Login | null = null;
  private underWay: Promise<LoginResult> | null = null;

  constructor(
    private readonly engine: HttpEngine,
    private readonly baseUrl: string,
    private readonly clientId: string,
    private readonly clientSecret: string,
  ) {}

  /** `refused` is the login that the backend no longer accepts; a newer one is given without asking again. */
  get(refused: Login | null): LoginResult | Promise<LoginResult> {
    if (this.current && this.current !== refused) return { login: this.current };
    this.underWay ??= this.request().finally(() => (this.underWay = null));
    return this.underWay;
  }

  private async request(): Promise<LoginResult> {
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: this.clientId,
      client_secret: this.clientSecret,
    });
    // Not bound to the signal of the call that came first: others wait for the same token.
    const result = await this.engine.call({
      method: 'POST',
      url: `${this.baseUrl}/services/oauth2/token`,
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: form.toString(),
      isRepeatable: true,
    });
    const read = result.kind === 'answered' ? this.read(result) : { failure: notSent(withoutAnswer(result)) };
    this.current = 'login' in read ? read.login : null;
    return read;
  }

  private read(answer: HttpAnswer): LoginResult {
    const body = (answer.body ?? {}) as Record<string, unknown>;
    const {
      access_token: accessToken,
      instance_url: instanceUrl,
      error,
      error_description: description,
    } = body;
    if (answer.status === 200 && typeof accessToken === 'string' && typeof instanceUrl === 'string') {
      const isSafe = instanceUrl.startsWith('https://') || this.baseUrl.startsWith('http://');
      if (isSafe) return { login: { accessToken, instanceUrl: instanceUrl.replace(/\/+$/, '') } };
    }
    if (answer.status < 400) return { failure: notSent(unreadable(answer.status)) };
    const isRefused = answer.status === 400 || answer.status === 401 || answer.status === 403;
    if (!isRefused) return { failure: notSent(byStatus(answer.status, null, null)) };
    const detail = typeof description === 'string' ? ` (${stripValues(description, [])})` : '';
    return {
      failure: {
        kind: 'unauthorised',
        reason: {
          code: typeof error === 'string' ? error : 'invalid_client',
          message: `Salesforce gives no token: check client id, secret and run-as user of the app${detail}.`,
          owner: 'backend',
          status: answer.status,
        },
      },
    };
  }
}

/** Whatever became of the request for a token, the records behind it were never sent. */
function notSent(failure: Failure): Failure {
  if (failure.kind === 'unauthorised' || failure.kind === 'retry') return failure;
  return {
    kind: 'retry',
    afterMs: null,
    reason: { ...failure.reason, message: 'No token was had from Salesforce.' },
  };
}
