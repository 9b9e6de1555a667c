import { OPERATOR_KEY } from './stack.js';

const ANSWER_MS = 2_500;
const PAUSE_MS = 40;
/** After so long without an answer the program is not coming back, and the run fails. */
const PATIENCE_MS = 60_000;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Speaks to whichever api process answers, as a load balancer would. */
export class ApiClient {
  private turn = 0;

  constructor(private readonly urls: () => string[]) {}

  /** One try; undefined where no answer came, or one that says nothing (503). */
  async once({ method, path, token, headers, body }: Request): Promise<Answer | undefined> {
    const urls = this.urls();
    const url = urls[this.turn++ % Math.max(urls.length, 1)];
    if (url === undefined) return undefined;
    try {
      const answer = await fetch(url + path, {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      const text = await answer.text();
      if (answer.status === 503) return undefined;
      return { status: answer.status, headers: answer.headers, body: text === '' ? null : JSON.parse(text) };
    } catch {
      // Killed, frozen or cut off: the caller does not know whether it was done, and asks again.
      return undefined;
    }
  }

  /** Asks again, the same, until there is an answer. Only for what may be repeated. */
  async until(request: Request): Promise<Answer> {
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
      const answer = await this.once(request);
      if (answer) return answer;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    throw new Error(`${request.method} ${request.path} got no answer within ${PATIENCE_MS} ms`);
  }

  async operator(method: Request['method'], path: string, body?: unknown): Promise<unknown> {
    const request = { method, path, token: OPERATOR_KEY, ...(body === undefined ? {} : { body }) };
    const answer = await this.until(request);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
}
