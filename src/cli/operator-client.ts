import type { Connection } from '../platform/config/connection.js';

const TIMEOUT_MS = 30_000;
const PAGES_MAX = 1_000;

/**
 * Speaks to the API of a running Foyer as an operator. By fetch: a few calls to our own API, each of which may be sent
 * again, need neither pacing nor the knowledge of what left us, which is what the connectors' HTTP engine is for.
 */
export class OperatorClient {
  constructor(
    private readonly connection: Connection,
    private readonly timeoutMs: number = TIMEOUT_MS,
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

  private async call(method: string, path: string, body?: string): Promise<Response> {
    const { api, key } = this.connection;
    try {
      return await fetch(`${api}${path}`, {
        method,
        // Whoever answers by another address does not get the key.
        redirect: 'error',
        headers: {
          authorization: `Bearer ${key}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body }),
        signal: AbortSignal.timeout(this.timeoutMs),
      });
    } catch (cause) {
      throw new Error(`no answer from ${api}: is Foyer running there?`, { cause });
    }
  }

  private async bodyOf<T>(answer: Response): Promise<T> {
    const body: unknown = await answer.json().catch(() => null);
    if (answer.ok && body !== null) return body as T;
    throw new Error(this.refusal(answer.status, body ?? {}));
  }

  private refusal(status: number, { detail, title, errors = [] }: Partial<ProblemBody>): string {
    const { api } = this.connection;
    if (status === 401) return `${api} does not know the key: give that of an operator with --key`;
    if (detail === undefined && title === undefined)
      return `${api} answered ${status} and is no API of Foyer, or cannot serve now`;
    const places = errors.map(({ pointer, message }) => `\n  ${pointer} ${message}`).join('');
    return `${api} refused (${status}): ${detail ?? title}${places}`;
  }
}

interface ProblemBody {
  title: string;
  detail: string;
  errors: { pointer: string; message: string }[];
}
