import type { Connection } from '../platform/config/connection.js';
import { LINES, type LongLine, type Progress } from '../platform/http/long-lines.js';

const TIMEOUT_MS = 30_000;
/** A long answer says something each second: after so long a silence nobody works on it any more. */
const SILENCE_MS = 60_000;
const PAGES_MAX = 1_000;

/**
 * Speaks to the API of a running Foyer as an operator. By fetch: a few calls to our own API, each of which may be sent
 * again, need neither pacing nor the knowledge of what left us, which is what the connectors' HTTP engine is for.
 */
export class OperatorClient {
  constructor(
    private readonly connection: Connection,
    private readonly timeoutMs: number = TIMEOUT_MS,
    private readonly silenceMs: number = SILENCE_MS,
  ) {}

  get api(): string {
    return this.connection.api;
  }

  /** @returns null where it is not there. @throws Error with the problem's own words */
  async read<T>(path: string): Promise<T | null> {
    const answer = await this.call('GET', path);
    if (answer.status === 404) return null;
    return this.bodyOf<T>(answer);
  }

  /** Every item of a list, page after page. @throws Error with the problem's own words */
  async readAll<T>(path: string): Promise<T[]> {
    const items: T[] = [];
    let cursor = '';
    for (let pages = 0; pages < PAGES_MAX; pages++) {
      const answer = await this.call('GET', `${path}?limit=200${cursor}`);
      const page = await this.bodyOf<{ items: T[]; next: string | null }>(answer);
      items.push(...page.items);
      if (page.next === null) return items;
      cursor = `&cursor=${encodeURIComponent(page.next)}`;
    }
    throw new Error(`${path} has more than ${PAGES_MAX} pages`);
  }

  /** @throws Error with the problem's own words */
  async send<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<T> {
    return this.bodyOf<T>(await this.call(method, path, body && JSON.stringify(body)));
  }

  /**
   * Asks for work that may take long, and waits as long as the server works on it.
   * @param note hears how far it is, each second
   * @throws Error with the problem's own words, or where it was silent for too long
   */
  async sendLong<T>(path: string, body: object, note: (progress: Progress) => void): Promise<T> {
    const silence = new Silence(this.silenceMs);
    try {
      const answer = await this.call('POST', path, JSON.stringify(body), {
        signal: silence.signal,
        headers: { accept: `${LINES}, application/json` },
      });
      if (!answer.headers.get('content-type')?.startsWith(LINES)) return await this.bodyOf<T>(answer);
      for await (const line of this.lines<T>(answer, silence)) {
        if ('answer' in line) return line.answer;
        if ('problem' in line) throw this.refusal(line.problem);
        note(line.progress);
      }
      throw this.cutOff();
    } finally {
      silence.end();
    }
  }

  private async *lines<T>(answer: Response, silence: Silence): AsyncGenerator<LongLine<T>> {
    let text = '';
    const decoder = new TextDecoder();
    const parts = answer.body!.getReader();
    try {
      for (;;) {
        const { done, value } = await parts.read().catch((cause: unknown) => {
          throw this.cutOff(cause);
        });
        if (done) return;
        silence.broken();
        text += decoder.decode(value, { stream: true });
        const whole = text.split('\n');
        text = whole.pop()!;
        for (const line of whole) yield JSON.parse(line) as LongLine<T>;
      }
    } finally {
      await parts.cancel().catch(() => undefined); // What is left of it is of no use.
    }
  }

  private cutOff(cause?: unknown): Error {
    return new Error(`${this.api} stopped answering before it was done`, { cause });
  }

  private async call(
    method: string,
    path: string,
    body?: string,
    { signal, headers }: Pick<RequestInit, 'signal' | 'headers'> = {},
  ): Promise<Response> {
    const { api, key } = this.connection;
    try {
      return await fetch(`${api}${path}`, {
        method,
        // Whoever answers by another address does not get the key.
        redirect: 'error',
        headers: {
          authorization: `Bearer ${key}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(headers as Record<string, string> | undefined),
        },
        ...(body === undefined ? {} : { body }),
        signal: signal ?? AbortSignal.timeout(this.timeoutMs),
      });
    } catch (cause) {
      throw new Error(`no answer from ${api}: is Foyer running there?`, { cause });
    }
  }

  private async bodyOf<T>(answer: Response): Promise<T> {
    const body: unknown = await answer.json().catch(() => null);
    if (answer.ok && body !== null) return body as T;
    throw this.refusal({ ...(body ?? {}), status: answer.status });
  }

  private refusal({ status, detail, title, errors = [] }: Partial<ProblemBody>): Error {
    const { api } = this.connection;
    if (status === 401) return new Error(`${api} does not know the key: give that of an operator with --key`);
    if (detail === undefined && title === undefined)
      return new Error(`${api} answered ${status} and is no API of Foyer, or cannot serve now`);
    const places = errors.map(({ pointer, message }) => `\n  ${pointer} ${message}`).join('');
    return new Error(`${api} refused (${status}): ${detail ?? title}${places}`);
  }
}

/** Ends a request of which nothing was heard for so long. */
class Silence {
  private readonly over = new AbortController();
  private readonly timer: NodeJS.Timeout;
  readonly signal = this.over.signal;

  constructor(ms: number) {
    this.timer = setTimeout(() => this.over.abort(), ms);
  }

  broken(): void {
    this.timer.refresh();
  }

  end(): void {
    clearTimeout(this.timer);
  }
}

interface ProblemBody {
  status: number;
  title: string;
  detail: string;
  errors: { pointer: string; message: string }[];
}
