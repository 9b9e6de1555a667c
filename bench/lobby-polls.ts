import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { runInThisContext } from 'node:vm';
import { openRoom } from './lobby-room.js';
import { Stage } from './stage.js';
import { type Table, table } from './table.js';

const PEOPLE = 300;
const PER_MINUTE = 600;
const ROOM = { mode: 'always', maxActive: 40, maxPerMinute: PER_MINUTE, passSeconds: 600 } as const;
/** The program reads the rooms four times a second. */
const SEEN_MS = 500;
const FORM_MS = 2_000;
const MS_MAX = 90_000;
/** How often the usual client asks how far it is. */
const USUAL_POLL_MS = 2_000;

/** What reaches the origin behind a small caching proxy: the page's own script, and the client that asks for itself. */
export function polls(): Promise<Table[]> {
  return Stage.with(async (stage) => {
    const api = await stage.start('api');
    const rows: (string | number)[][] = [];
    for (const [slug, name, wait] of [
      ['page', 'the page and its script', waitAtPage],
      ['poll', 'a client that polls for its own place', waitByPolling],
    ] as const) {
      await openRoom(stage.pool, await stage.event(slug), ROOM);
      await sleep(SEEN_MS);
      rows.push([name, ...(await served(api.url, slug, wait))]);
    }
    const title = `${PEOPLE} people wait, ${PER_MINUTE} a minute are let in, behind a caching proxy`;
    return [
      table(
        title,
        ['', 'seconds', 'asked of the proxy', 'of it to the origin, a second', 'of their own, each'],
        rows,
      ),
    ];
  });
}

/** Until one's pass is there. @returns the ticket */
type Wait = (proxy: string, slug: string) => Promise<string>;

async function served(origin: string, slug: string, wait: Wait): Promise<(string | number)[]> {
  const proxy = await CachingProxy.to(origin);
  const began = performance.now();
  try {
    await Promise.all(
      Array.from({ length: PEOPLE }, async () => {
        const ticket = await wait(proxy.url, slug);
        await sleep(FORM_MS * (0.5 + Math.random()));
        // Stands for registering, which is none of the polls that are counted.
        await post(`${origin}/v1/events/${slug}/lobby/leave`, { ticket });
      }),
    );
    const seconds = (performance.now() - began) / 1000;
    const { asked, missed, own } = proxy.counts;
    return [seconds, asked + own, (missed / seconds).toFixed(2), (own / PEOPLE).toFixed(2)];
  } finally {
    await proxy.stop();
  }
}

/** The page, and then `web/lobby-live.js` itself in as much of a document as it touches. */
async function waitAtPage(proxy: string, slug: string): Promise<string> {
  const page = await fetch(`${proxy}/lobby/${slug}`, { redirect: 'manual' });
  const cookie = page.headers.getSetCookie().find((text) => text.startsWith('foyer_ticket_'))!;
  const ticket = cookie.slice(cookie.indexOf('=') + 1, cookie.indexOf(';'));
  if (page.status === 303) return ticket;
  const number = /data-number="(\d+)"/.exec(await page.text())![1];
  const script = readFileSync('web/lobby-live.js', 'utf8');
  const texts = new Proxy({}, { get: (_, name) => String(name) });
  const noop = (): void => undefined;
  return new Promise((resolve, reject) => {
    const element = (id: string): object => ({
      dataset: { event: slug, ticket, number, words: '' },
      get textContent() {
        return '';
      },
      /** Whatever fails in the script it takes for a lost connection, and goes on; a benchmark must not. */
      set textContent(text: string) {
        if (text === 'offline') reject(new Error('the script failed'));
      },
      classList: { add: noop },
      set hidden(_: boolean) {
        if (id === 'turn') resolve(ticket);
      },
    });
    const document = { title: 'a · b', hidden: false, getElementById: element, addEventListener: noop };
    const json = { parse: () => texts, stringify: JSON.stringify.bind(JSON) };
    const near = (at: string, init?: RequestInit): Promise<Response> => fetch(proxy + at, init);
    setTimeout(() => reject(new Error('not called in time')), MS_MAX).unref();
    const run = runInThisContext(`(document, fetch, JSON, addEventListener) => {${script}}`) as (
      ...given: unknown[]
    ) => void;
    run(document, near, json, noop);
  });
}

async function waitByPolling(proxy: string, slug: string): Promise<string> {
  const joined = await post(`${proxy}/v1/events/${slug}/lobby`);
  const { ticket } = (await joined.json()) as { ticket: string };
  const until = performance.now() + MS_MAX;
  while (performance.now() < until) {
    const { status } = await post(`${proxy}/v1/events/${slug}/lobby/pass`, { ticket });
    if (status === 201) return ticket;
    await sleep(USUAL_POLL_MS * (0.9 + Math.random() * 0.2));
  }
  throw new Error('not called in time');
}

async function post(url: string, body?: object): Promise<Response> {
  const response = await fetch(url, {
    method: 'POST',
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  if (response.status >= 400) throw new Error(`${url}: ${response.status}`);
  return response;
}

interface Held {
  readonly text: Promise<string>;
  freshUntilMs: number;
}

/** Keeps what may be kept as long as it says, and asks once for all who ask at a time. */
class CachingProxy {
  readonly counts = { asked: 0, missed: 0, own: 0 };
  private readonly kept = new Map<string, Held>();
  private readonly server: Server;

  private constructor(private readonly origin: string) {
    this.server = createServer((request, response) => void this.serve(request, response));
  }

  static async to(origin: string): Promise<CachingProxy> {
    const proxy = new CachingProxy(origin);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as { port: number }).port}`;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url!;
    if (request.method === 'GET' && !path.startsWith('/v1/')) {
      this.counts.own++;
      const page = await fetch(this.origin + path, { redirect: 'manual' });
      response.writeHead(page.status, { 'set-cookie': page.headers.getSetCookie() }).end(await page.text());
      return;
    }
    if (request.method !== 'GET') {
      this.counts.own++;
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { 'content-type': type } = request.headers;
      const init = type ? { headers: { 'content-type': type }, body: Buffer.concat(chunks) } : {};
      const answer = await fetch(this.origin + path, { method: 'POST', ...init });
      const text = await answer.text();
      const after = answer.headers.get('retry-after');
      response.writeHead(answer.status, after === null ? {} : { 'retry-after': after }).end(text);
      return;
    }
    this.counts.asked++;
    const text = await this.held(path).text;
    response.writeHead(200, { 'content-type': 'application/json' }).end(text);
  }

  private held(path: string): Held {
    const known = this.kept.get(path);
    if (known && performance.now() < known.freshUntilMs) return known;
    this.counts.missed++;
    const answer = fetch(this.origin + path);
    const held: Held = { text: answer.then((one) => one.text()), freshUntilMs: Infinity };
    this.kept.set(path, held);
    void answer.then(({ headers }) => {
      const seconds = Number(/max-age=(\d+)/.exec(headers.get('cache-control') ?? '')?.[1] ?? 0);
      held.freshUntilMs = performance.now() + seconds * 1000;
    });
    return held;
  }
}
