import { appendFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { registrationBody } from '../http/app.js';

/** After no answer. */
const AGAIN_MS = 150;
const RETRY_AFTER_MS_MAX = 3_000;

interface Call {
  readonly status: number;
  readonly retryAfterMs: number;
  readonly body: Record<string, unknown>;
}

/** People who join, wait, fetch their pass, fill in the form for a while and register; each through any replica. */
export class Crowd {
  started = 0;
  registered = 0;

  constructor(
    private readonly urls: () => readonly string[],
    private readonly event: string,
    private readonly logFile: string,
    private readonly formMs: number,
    private readonly isOver: () => boolean,
  ) {}

  note(entry: Record<string, unknown>): void {
    appendFileSync(this.logFile, `${JSON.stringify({ t: Date.now(), ...entry })}\n`);
  }

  async visit(): Promise<void> {
    const joined = await this.insist('', {}, [201]);
    if (!joined) return;
    this.started++;
    const { ticket, number } = joined.body as { ticket: string; number: number };
    while (!this.isOver()) {
      const pass = await this.fetchPass(ticket, number);
      if (pass === null) break;
      await pause(this.formMs * (0.75 + Math.random() / 2));
      if (await this.register(pass, number)) return;
    }
    this.note({ what: 'gone', number });
  }

  /** Asks as it is told by Retry-After. */
  private async fetchPass(ticket: string, number: number): Promise<string | null> {
    let isPresent = false;
    while (!this.isOver()) {
      const asked = await this.call('/lobby/pass', { ticket });
      if (asked?.status === 201) return asked.body.pass as string;
      if (asked?.status === 202 && !isPresent) isPresent = await this.checkIn(ticket, number);
      await pause(Math.min(RETRY_AFTER_MS_MAX, asked?.retryAfterMs ?? AGAIN_MS));
    }
    return null;
  }

  private async checkIn(ticket: string, number: number): Promise<boolean> {
    const answer = await this.call('/lobby/check-in', { ticket });
    if (answer?.status === 204) this.note({ what: 'present', number });
    return answer?.status === 204;
  }

  /** Its lost answers are asked for again by the key. */
  private async register(pass: string, number: number): Promise<boolean> {
    const body = registrationBody();
    const headers = { 'foyer-pass': pass, 'idempotency-key': `n${number}-${pass.slice(-8)}` };
    while (!this.isOver()) {
      const answer = await this.call('/registrations', body, headers);
      if (answer?.status === 201) {
        this.registered++;
        this.note({ what: 'registered', number, id: answer.body.id });
        return true;
      }
      // The pass ran out while everything was away: back to the lobby with the ticket.
      if (answer?.status === 403 || answer?.status === 409) return false;
      await pause(AGAIN_MS);
    }
    return false;
  }

  private async insist(path: string, body: object, statuses: number[]): Promise<Call | null> {
    while (!this.isOver()) {
      const answer = await this.call(`/lobby${path}`, body);
      if (answer && statuses.includes(answer.status)) return answer;
      await pause(AGAIN_MS);
    }
    return null;
  }

  /** Null where nobody answered. @throws Error where the answer is one that must never be */
  private async call(path: string, body: object, headers: Record<string, string> = {}): Promise<Call | null> {
    const urls = this.urls();
    const url = urls[Math.floor(Math.random() * urls.length)];
    if (url === undefined) return null;
    try {
      const response = await fetch(`${url}/v1/events/${this.event}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(8_000),
      });
      const text = await response.text();
      return {
        status: response.status,
        retryAfterMs: Number(response.headers.get('retry-after') ?? 1) * 1000,
        body: text ? (JSON.parse(text) as Record<string, unknown>) : {},
      };
    } catch {
      return null; // Killed, or it did not answer: another one is asked.
    }
  }
}
