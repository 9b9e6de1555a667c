import type { Connection } from '../platform/config/connection.js';

const TIMEOUT_MS = 30_000;

/** Speaks to the API of a running Foyer as an operator. Its own API, a few calls: fetch does. */
export class OperatorClient {
  constructor(private readonly connection: Connection) {}

  /** @throws Error where the API says anything but found or not found */
  async exists(path: string): Promise<boolean> {
    const answer = await this.call('GET', path);
    if (answer.status === 404) return false;
    await demandOk(answer);
    return true;
  }

  /** @throws Error with the problem's own words */
  async send(method: 'POST' | 'PUT' | 'PATCH', path: string, body: object): Promise<void> {
    await demandOk(await this.call(method, path, JSON.stringify(body)));
  }

  private async call(method: string, path: string, body?: string): Promise<Response> {
    const { api, key } = this.connection;
    try {
      return await fetch(`${api}${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (cause) {
      throw new Error(`no answer from ${api}: is it running there?`, { cause });
    }
  }
}

async function demandOk(answer: Response): Promise<void> {
  if (answer.ok) return;
  const problem = (await answer.json().catch(() => ({}))) as Partial<Problem>;
  const places = (problem.errors ?? []).map(({ pointer, message }) => `\n  ${pointer} ${message}`).join('');
  throw new Error(
    `the API refused (${answer.status}): ${problem.detail ?? problem.title ?? 'no reason given'}${places}`,
  );
}

interface Problem {
  title: string;
  detail: string;
  errors: { pointer: string; message: string }[];
}
