import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { putRoom } from './put-room.js';

const AGAIN_MS = 40;
const PATIENCE_MS = 60_000;
const SLUG = 'rush';
/** Nobody is to be held up by a limit once it moves. */
const PLACES = 20_000;
const ROOM = {
  slug: SLUG,
  maxActive: PLACES,
  maxPerMinute: PLACES,
  passSeconds: 3_600,
  claimSeconds: 300,
  state: 'paused',
} as const;

export interface Travels {
  readonly databaseUrl: string;
  /** Where somebody answers now, or did a moment ago. */
  readonly urls: () => readonly string[];
  /** At least so many; more where the mishaps take longer. */
  readonly journeys: number;
  readonly atOnce: number;
  /** One after the other, all of them once at least, and again while people travel. */
  readonly mishaps: readonly (() => Promise<unknown>)[];
}

export interface Travelled {
  readonly journeys: number;
  readonly mishaps: number;
  /** How often somebody was shown their place again. */
  readonly shown: number;
  readonly lost: string[];
}

/**
 * People stand in a line that does not move and reload, go back, open a second tab, come with another client, while
 * what answers them comes and goes. Then the line moves, and each fetches the pass for the number that they got first.
 */
export async function travel({ databaseUrl, urls, journeys, atOnce, mishaps }: Travels): Promise<Travelled> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
  pool.on('error', () => undefined);
  await putRoom(pool, ROOM);
  await known(urls);
  const lost: string[] = [];
  const travellers: Traveller[] = [];
  let undergone = 0;
  const isOver = (): boolean => travellers.length >= journeys && undergone >= mishaps.length;
  const happen = async (): Promise<void> => {
    for (; !isOver(); undergone++) await mishaps[undergone % mishaps.length]!();
  };
  const go = async (): Promise<void> => {
    while (!isOver()) {
      const traveller = new Traveller(urls, lost);
      travellers.push(traveller);
      await traveller.wander(travellers.length);
    }
  };
  await Promise.all([happen(), ...Array.from({ length: atOnce }, go)]);
  await insist(() => pool.query(`update lobbies set state = 'open', version = version + 1`));
  await pool.end();
  const left = [...travellers];
  const arrive = async (): Promise<void> => {
    for (let next = left.pop(); next; next = left.pop()) await next.arrive();
  };
  await Promise.all(Array.from({ length: atOnce }, arrive));
  const numbers = new Set(travellers.map(({ number }) => number));
  if (numbers.size < travellers.length) lost.push('two have one number');
  const shown = travellers.reduce((sum, traveller) => sum + traveller.shown, 0);
  return { journeys: travellers.length, mishaps: undergone, shown, lost };
}

class Traveller {
  number = 0;
  shown = 0;
  private ticket = '';
  private readonly cookies = new Map<string, string>();

  constructor(
    private readonly urls: () => readonly string[],
    private readonly lost: string[],
  ) {}

  /** In a browser, or every third by the API. */
  async wander(n: number): Promise<void> {
    if (n % 3 === 0) await this.byHeader();
    else await this.page();
    const ways =
      n % 3 === 0
        ? [() => this.byHeader(), () => this.byRegistering()]
        : [() => this.page(), () => this.back(), () => this.twoTabs()];
    for (let i = 0; i < ways.length; i++) await ways[(n + i) % ways.length]!();
  }

  /** Fetches the pass, once the line moves, by what was given first. */
  async arrive(): Promise<void> {
    const asked = await insist(async () => {
      const answer = await this.ask('POST', `/v1/events/${SLUG}/lobby/pass`, { ticket: this.ticket });
      return answer.status === 202 ? null : answer;
    });
    const { pass } = JSON.parse(asked.text) as { pass?: string };
    const called = pass === undefined ? asked.status : Buffer.from(pass, 'base64url').readUIntBE(6, 6);
    if (called !== this.number) this.lost.push(`${this.number} was refused: ${asked.text}`);
  }

  private async page(): Promise<void> {
    const { status, text } = await this.ask('GET', `/lobby/${SLUG}`);
    this.see(/data-number="(\d+)"/.exec(text)?.[1], /data-ticket="(\S+)"/.exec(text)?.[1], status);
  }

  /** To the form, which leads to the line again. */
  private async back(): Promise<void> {
    await this.ask('GET', `/e/${SLUG}`);
    await this.page();
  }

  private async twoTabs(): Promise<void> {
    await Promise.all([this.page(), this.page()]);
  }

  private async byHeader(): Promise<void> {
    const { status, text } = await this.ask('POST', `/v1/events/${SLUG}/lobby`);
    const { number, ticket } = JSON.parse(text) as { number?: number; ticket?: string };
    this.see(number, ticket, status);
  }

  private async byRegistering(): Promise<void> {
    const { status, text } = await this.ask('POST', `/v1/events/${SLUG}/registrations`, {});
    const { lobby } = JSON.parse(text) as { lobby?: { number: number; ticket: string } };
    this.see(lobby?.number, lobby?.ticket, status);
  }

  private see(number: unknown, ticket: string | undefined, status: number): void {
    if (this.ticket === '' && ticket !== undefined) {
      this.number = Number(number);
      this.ticket = ticket;
      return;
    }
    this.shown++;
    if (Number(number) !== this.number || ticket !== this.ticket)
      this.lost.push(`${this.number} was shown ${String(number)} (${status})`);
  }

  /** Of any replica, until one answers; as browsers do, by cookie, and as clients do, by header. */
  private ask(method: string, path: string, body?: object): Promise<{ status: number; text: string }> {
    const isPage = !path.startsWith('/v1');
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    return insist(async () => {
      const urls = this.urls();
      const url = urls[Math.floor(Math.random() * urls.length)];
      if (url === undefined) return null;
      const response = await fetch(url + path, {
        method,
        redirect: 'manual',
        headers: {
          ...(isPage ? { accept: 'text/html', cookie } : {}),
          ...(body ? { 'content-type': 'application/json' } : {}),
          ...(!isPage && this.ticket !== '' ? { 'foyer-ticket': this.ticket } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
        signal: AbortSignal.timeout(8_000),
      });
      const text = await response.text();
      if (response.status >= 500) return null;
      for (const given of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(given) ?? [];
        if (value === '') this.cookies.delete(name);
        else this.cookies.set(name, value);
      }
      return { status: response.status, text };
    });
  }
}

/** Whoever does not answer, is gone or cannot serve now is asked again. */
async function insist<T>(ask: () => Promise<T | null>): Promise<T> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask().catch(() => null);
    if (answer !== null) return answer;
    if (performance.now() > end) throw new Error('Nobody answered for a minute.');
    await pause(AGAIN_MS);
  }
}

/** To every replica that there is; one that comes later reads it as it starts. */
async function known(urls: Travels['urls']): Promise<void> {
  await insist(async () => {
    const states = await Promise.all(
      urls().map(
        async (url) => (await (await fetch(`${url}/v1/events/${SLUG}/lobby`)).json()) as { state: string },
      ),
    );
    return states.length > 0 && states.every(({ state }) => state === 'paused') ? states : null;
  });
}
