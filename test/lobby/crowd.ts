import { appendFileSync } from 'node:fs';
import { registrationBody } from '../http/app.js';

const ASK_MS = 150;

interface Call {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** People who join, wait, fetch their pass, fill in the form for a while and register; each through any replica. */
export class Crowd {
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
    const { ticket, number } = joined.body as { ticket: string; number: number };
    while (!this.isOver()) {
      const pass = await this.fetchPass(ticket, number);
      if (pass === null) break;
      await pause(this.formMs * (0.75 + Math.random() / 2));
      if (await this.register(pass, number)) return;
    }
    this.note({ what: 'gone', number });
  }

  private async fetchPass(ticket: string, number: number): Promise<string | null> {
    while (!this.isOver()) {
      const asked = await this.call('/lobby/pass', { ticket });
      if (asked?.status === 201) return asked.body.pass as string;
      // It answers with Retry-After; only near the front, where it counts as being present, that is one second.
      if (asked?.status === 202 && (asked.body.position as number) >= 0) await this.checkIn(ticket, number);
      await pause(ASK_MS);
    }
    return null;
  }

  private async checkIn(ticket: string, number: number): Promise<void> {
    const answer = await this.call('/lobby/check-in', { ticket });
    if (answer?.status === 204) this.note({ what: 'present', number });
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
      await pause(ASK_MS);
    }
    return false;
  }

  private async insist(path: string, body: object, statuses: number[]): Promise<Call | null> {
    while (!this.isOver()) {
      const answer = await this.call(`/lobby${path}`, body);
      if (answer && statuses.includes(answer.status)) return answer;
      await pause(ASK_MS);
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
      return { status: response.status, body: text ? (JSON.parse(text) as Record<string, unknown>) : {} };
    } catch {
      return null; // Killed, or it did not answer: another one is asked.
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
