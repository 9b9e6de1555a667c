import type { Clock } from '../platform/clock.js';
import type { HttpAnswer, HttpEngine, HttpResult } from '../platform/http-client/http-engine.js';
import { type Failure, byStatus, unreadable, withoutAnswer } from './call-outcome.js';
import type { CallOptions } from './connector.js';
import { stripValues } from './strip-values.js';

/** A token is renewed so long before its end: a call under way must not outlive it. */
const SPARE_MS = 60_000;

export type LoginResult<L> = { readonly login: L } | { readonly failure: Failure };

/** `lifeMs`: how long it is good for; null where the backend does not say, and it is used until it is refused. */
export type Issued<L> = { readonly login: L; readonly lifeMs: number | null } | { readonly failure: Failure };

/** The access of one destination. However many calls find that it has ended, one request renews it. */
export class AccessToken<L> {
  private current: { readonly login: L; readonly untilMs: number } | null = null;
  private underWay: Promise<LoginResult<L>> | null = null;

  constructor(
    /** Not bound to the signal of the call that came first: others wait for the same token. */
    private readonly request: (turn: CallOptions['turn']) => Promise<Issued<L>>,
    private readonly clock: Clock,
  ) {}

  /** @param refused the login that the backend no longer accepts; a newer one is given without asking again */
  get(refused: L | null, turn?: CallOptions['turn']): LoginResult<L> | Promise<LoginResult<L>> {
    const { current } = this;
    if (current && current.login !== refused && current.untilMs > this.nowMs())
      return { login: current.login };
    this.underWay ??= this.renew(turn).finally(() => (this.underWay = null));
    return this.underWay;
  }

  private async renew(turn: CallOptions['turn']): Promise<LoginResult<L>> {
    const issued = await this.request(turn);
    if ('failure' in issued) {
      this.current = null;
      return issued;
    }
    const { login, lifeMs } = issued;
    const untilMs =
      lifeMs === null ? Infinity : this.nowMs() + Math.max(lifeMs - SPARE_MS, Math.min(lifeMs, SPARE_MS) / 2);
    this.current = { login, untilMs };
    return { login };
  }

  private nowMs(): number {
    return this.clock.now().getTime();
  }
}

/** A refused token is renewed once; a call refused for its token did nothing, so it is safe to send again. */
export async function withToken<L>(
  token: AccessToken<L>,
  call: (login: L) => Promise<HttpResult>,
  options: CallOptions,
  isRefused: (answer: HttpAnswer) => boolean = ({ status }) => status === 401,
): Promise<{ readonly result: HttpResult } | { readonly failure: Failure }> {
  const first = await token.get(null, options.turn);
  if ('failure' in first) return first;
  const result = await call(first.login);
  if (result.kind !== 'answered' || !isRefused(result)) return { result };
  const second = await token.get(first.login, options.turn);
  return 'failure' in second ? second : { result: await call(second.login) };
}

export interface TokenAnswer {
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: HttpAnswer['headers'];
  readonly accessToken: string;
  readonly lifeMs: number | null;
}

/** One request at a token endpoint (RFC 6749, section 5). `who` and `advice` go into the sentence of a refusal. */
export async function requestToken(
  engine: HttpEngine,
  url: string,
  form: Readonly<Record<string, string>>,
  words: { readonly who: string; readonly advice: string },
  turn: CallOptions['turn'],
  headers: Readonly<Record<string, string>> = {},
): Promise<TokenAnswer | { readonly failure: Failure; readonly answer?: HttpAnswer }> {
  const result = await engine.call({
    method: 'POST',
    url,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      ...headers,
    },
    body: new URLSearchParams(form).toString(),
    isRepeatable: true,
    turn,
  });
  if (result.kind !== 'answered') return { failure: notSent(withoutAnswer(result), words.who) };
  const body = asObject(result.body);
  const { access_token: accessToken, expires_in: expiresIn } = body;
  if (result.status === 200 && typeof accessToken === 'string' && accessToken !== '') {
    const seconds = Number(expiresIn);
    const lifeMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null;
    return { body, headers: result.headers, accessToken, lifeMs };
  }
  if (result.status < 400) return { failure: notSent(unreadable(result.status), words.who) };
  const isRefused = result.status === 400 || result.status === 401 || result.status === 403;
  if (!isRefused) return { failure: notSent(byStatus(result.status, null, null), words.who) };
  return { failure: refusal(body, result.status, form, words), answer: result };
}

/** The access token of one form, had and renewed at one endpoint. */
export function tokenFor(
  engine: HttpEngine,
  url: string,
  form: Readonly<Record<string, string>>,
  words: { readonly who: string; readonly advice: string },
  clock: Clock,
  headers: Readonly<Record<string, string>> = {},
): AccessToken<string> {
  return new AccessToken(async (turn) => {
    const answer = await requestToken(engine, url, form, words, turn, headers);
    return 'failure' in answer ? answer : { login: answer.accessToken, lifeMs: answer.lifeMs };
  }, clock);
}

function refusal(
  { error, error_description: description }: Readonly<Record<string, unknown>>,
  status: number,
  form: Readonly<Record<string, string>>,
  words: { readonly who: string; readonly advice: string },
): Failure {
  const detail = typeof description === 'string' ? stripValues(description, [{ key: '', fields: form }]) : '';
  return {
    kind: 'unauthorised',
    reason: {
      code: typeof error === 'string' && /^\w{1,60}$/.test(error) ? error : 'invalid_client',
      message: `${words.who} gives no token: ${words.advice}${detail === '' ? '' : ` (${detail})`}.`,
      owner: 'backend',
      status,
    },
  };
}

/** Whatever became of the request for a token, the records behind it were never sent. */
export function notSent(failure: Failure, who: string): Failure {
  if (failure.kind === 'unauthorised' || failure.kind === 'retry' || failure.kind === 'throttled')
    return failure;
  return {
    kind: 'retry',
    afterMs: null,
    reason: { ...failure.reason, message: `No token was had from ${who}.` },
  };
}

const asObject = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
