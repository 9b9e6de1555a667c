import http from 'node:http';
import https from 'node:https';
import type { Ask, Door, LineStatus, Place, Told } from './door.js';
import { emailOf } from './our-people.js';

const SOCKETS_MAX = 1_000;
const TIMEOUT_MS = 30_000;
/** Answers are small; what is larger is not ours. */
const ANSWER_BYTES_MAX = 1_000_000;

export interface Registrants {
  /** Begins the address of everyone of this run: <name>-<number>@example.com. */
  readonly name: string;
  readonly consents: readonly { readonly purpose: string; readonly granted: boolean }[];
  readonly answers: Readonly<Record<string, unknown>>;
}

interface Body {
  readonly type?: string;
  readonly id?: string;
  readonly status?: string | number;
  readonly pass?: string;
  readonly lobby?: Place;
}

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** The API of a running instance, asked as browsers and clients ask it. Redirects are not followed. */
export class HttpDoor implements Door {
  private readonly startedMs = performance.now();
  private readonly base: URL;
  private readonly client: typeof http | typeof https;
  private readonly agent: http.Agent;
  private isHurried = false;
  private readonly waits = new Map<NodeJS.Timeout, () => void>();

  constructor(
    api: string,
    event: string,
    private readonly registrants: Registrants,
  ) {
    this.base = new URL(`${api}/v1/events/${encodeURIComponent(event)}/`);
    this.client = this.base.protocol === 'https:' ? https : http;
    this.agent = new this.client.Agent({ keepAlive: true, maxSockets: SOCKETS_MAX });
  }

  nowMs(): number {
    return performance.now() - this.startedMs;
  }

  wait(ms: number, then: (dueMs: number) => void): void {
    const dueMs = this.nowMs() + Math.max(0, ms);
    const end = (): void => {
      this.waits.delete(timer);
      then(dueMs);
    };
    const timer = setTimeout(end, this.isHurried ? 0 : ms);
    this.waits.set(timer, end);
  }

  /** Nobody waits any longer: what would have been later is now. */
  hurry(): void {
    this.isHurried = true;
    for (const [timer, end] of [...this.waits]) {
      clearTimeout(timer);
      end();
    }
  }

  close(): void {
    this.agent.destroy();
  }

  ask(ask: Ask, then: (told: Told) => void): void {
    void this.send(this.callFor(ask)).then(then);
  }

  private callFor(ask: Ask): Call {
    switch (ask.do) {
      case 'status':
        return { method: 'GET', path: 'lobby' };
      case 'join':
        return { method: 'POST', path: 'lobby', headers: headersOf({ 'foyer-ticket': ask.ticket }) };
      case 'register':
        return this.registration(ask);
      case 'checkIn':
        return { method: 'POST', path: 'lobby/check-in', body: { ticket: ask.ticket } };
      default:
        return { method: 'POST', path: `lobby/${ask.do}`, body: { ticket: ask.ticket } };
    }
  }

  private registration({ person, pass, ticket }: Extract<Ask, { do: 'register' }>): Call {
    const { name, consents, answers } = this.registrants;
    const attendee = {
      email: emailOf(name, person),
      firstName: 'Surge',
      lastName: `Visitor ${person}`,
    };
    // A lost answer is asked for again by the same key.
    const key = { 'idempotency-key': `${name}-${person}` };
    return {
      method: 'POST',
      path: 'registrations',
      headers: headersOf({ 'foyer-pass': pass, 'foyer-ticket': ticket, ...key }),
      body: { attendee, answers, consents },
    };
  }

  private send({ method, path, headers, body }: Call): Promise<Told> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve) => {
      const fail = (): void => resolve({ status: 0 });
      const request = this.client.request(
        new URL(path, this.base),
        {
          method,
          agent: this.agent,
          timeout: TIMEOUT_MS,
          headers: {
            accept: 'application/json',
            ...(text === undefined
              ? {}
              : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
            ...headers,
          },
        },
        (answer) => {
          const parts: Buffer[] = [];
          let bytes = 0;
          answer.on('data', (part: Buffer) => {
            bytes += part.length;
            if (bytes > ANSWER_BYTES_MAX) request.destroy();
            else parts.push(part);
          });
          answer.on('end', () => resolve(toldBy(answer, Buffer.concat(parts).toString())));
          answer.on('error', fail);
        },
      );
      request.on('timeout', () => request.destroy());
      request.on('error', fail);
      request.on('close', fail);
      request.end(text);
    });
  }
}

function toldBy({ statusCode = 0, headers }: http.IncomingMessage, text: string): Told {
  const body = parsed(text);
  const retryAfter = Number(headers['retry-after']);
  return {
    status: statusCode,
    code: body.type?.startsWith('/problems/') ? body.type.slice('/problems/'.length) : undefined,
    retryAfterSeconds:
      headers['retry-after'] !== undefined && Number.isFinite(retryAfter) ? retryAfter : undefined,
    place: body.lobby ?? (has(body, 'ticket') ? (body as unknown as Place) : undefined),
    line: has(body, 'called') ? (body as unknown as LineStatus) : undefined,
    pass: body.pass,
    registration:
      body.id !== undefined && typeof body.status === 'string'
        ? { id: body.id, state: body.status }
        : undefined,
  };
}

function has(body: object, name: string): boolean {
  return Object.hasOwn(body, name);
}

/** What is no JSON tells nothing, and counts by its status. */
function parsed(text: string): Body {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? body : {};
  } catch {
    return {};
  }
}

function headersOf(given: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
