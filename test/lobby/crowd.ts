import { appendFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { uuidv7 } from 'uuidv7';
import { registrationBody } from '../http/app.js';

/** After no answer. */
const AGAIN_MS = 150;
const RETRY_AFTER_MS_MAX = 3_000;
/** Of those who ask for their pass, so many show their ticket first, as somebody who refreshes the page. */
const REFRESH_SHARE = 0.1;

interface Call {
  readonly status: number;
  readonly retryAfterMs: number;
  readonly isReplayed: boolean;
  readonly body: Record<string, unknown>;
}

interface Place {
  readonly ticket: string;
  readonly number: number;
}

/** Registers once, however often it has to be asked for. */
interface Person {
  readonly body: Record<string, unknown>;
  readonly key: string;
  /** Asked to register without a pass, and has not heard what became of it. */
  isUnsure: boolean;
}

export interface CrowdPlan {
  readonly urls: () => readonly string[];
  readonly event: string;
  /** Where they note what happens to them. */
  readonly log: string;
  readonly formMs: number;
  /** Registers first, and stands in line only where it is sent there. */
  readonly isKnocking: boolean;
  readonly isOver: () => boolean;
}

/** People who join, wait, fetch their pass, fill in the form for a while and register; each through any replica. */
export class Crowd {
  started = 0;
  registered = 0;
  straight = 0;

  constructor(private readonly plan: CrowdPlan) {}

  note(entry: Record<string, unknown>): void {
    appendFileSync(this.plan.log, `${JSON.stringify({ t: Date.now(), ...entry })}\n`);
  }

  /** Does it let everyone straight through? Null where nobody answers. */
  async state(): Promise<unknown> {
    return (await this.call('GET', '/lobby'))?.body.state ?? null;
  }

  async visit(): Promise<void> {
    const person = { body: registrationBody(), key: uuidv7(), isUnsure: false };
    const place = this.plan.isKnocking ? await this.knock(person) : await this.join();
    if (!place) return;
    const { number } = place;
    this.note({ what: 'joined', number });
    while (!this.plan.isOver()) {
      const pass = await this.fetchPass(place);
      if (pass === null) break;
      await pause(this.plan.formMs * (0.75 + Math.random() / 2));
      if (await this.register(person, place, pass)) return;
    }
    this.note({ what: 'gone', number });
  }

  private async join(): Promise<Place | null> {
    const joined = await this.insist(async () => {
      const answer = await this.call('POST', '/lobby', {});
      return answer?.status === 201 ? answer : null;
    });
    if (joined) this.started++;
    return joined && (joined.body as unknown as Place);
  }

  /** @returns the place in line; null where nobody had to wait */
  private async knock(person: Person): Promise<Place | null> {
    const answer = await this.insist(async () => {
      const asked = Date.now();
      const told = await this.call('POST', '/registrations', person.body, { 'idempotency-key': person.key });
      if (told?.status === 201) this.noteStraight(told, person.isUnsure ? {} : { asked });
      if (told?.status === 201 || told?.body.lobby) return told;
      person.isUnsure = true;
      return null;
    });
    if (!answer) return null;
    this.started++;
    return answer.status === 429 ? (answer.body.lobby as Place) : null;
  }

  private noteStraight({ body }: Call, asked: { asked?: number }): void {
    this.registered++;
    this.straight++;
    this.note({ what: 'registered', id: body.id, ...asked });
  }

  /** Asks as it is told by Retry-After. */
  private async fetchPass({ ticket, number }: Place): Promise<string | null> {
    let isPresent = false;
    while (!this.plan.isOver()) {
      if (Math.random() < REFRESH_SHARE) await this.refresh(ticket, number);
      const asked = await this.call('POST', '/lobby/pass', { ticket });
      if (asked?.status === 201) return asked.body.pass as string;
      if (asked?.status === 202 && !isPresent) isPresent = await this.checkIn(ticket, number);
      await pause(Math.min(RETRY_AFTER_MS_MAX, asked?.retryAfterMs ?? AGAIN_MS));
    }
    return null;
  }

  private async refresh(ticket: string, number: number): Promise<void> {
    const shown = await this.call('POST', '/lobby', {}, { 'foyer-ticket': ticket });
    if (shown?.status === 201) this.note({ what: 'shown', number, is: shown.body.number });
  }

  private async checkIn(ticket: string, number: number): Promise<boolean> {
    const answer = await this.call('POST', '/lobby/check-in', { ticket });
    if (answer?.status === 204) this.note({ what: 'present', number });
    return answer?.status === 204;
  }

  /** Its lost answers are asked for again by the key. */
  private async register(person: Person, { ticket, number }: Place, pass: string): Promise<boolean> {
    const headers = { 'foyer-pass': pass, 'idempotency-key': person.key };
    while (!this.plan.isOver()) {
      const answer = await this.call('POST', '/registrations', person.body, headers);
      if (answer?.status === 201 && answer.isReplayed && person.isUnsure) {
        // It had come straight through, or by this pass: only the ledger can tell. A pass left over is given back.
        this.registered++;
        this.note({ what: 'registered', id: answer.body.id });
        await this.call('POST', '/lobby/leave', { ticket });
        return true;
      }
      if (answer?.status === 201) {
        this.registered++;
        this.note({ what: 'registered', number, id: answer.body.id });
        return true;
      }
      const isInFlight = answer?.body.type === '/problems/idempotency-key-in-flight';
      // The pass ran out while everything was away: back to the lobby with the ticket.
      if (answer?.status === 403 || (answer?.status === 409 && !isInFlight)) return false;
      await pause(AGAIN_MS);
    }
    return false;
  }

  private async insist(ask: () => Promise<Call | null>): Promise<Call | null> {
    while (!this.plan.isOver()) {
      const answer = await ask();
      if (answer) return answer;
      await pause(AGAIN_MS);
    }
    return null;
  }

  /** Null where nobody answered. */
  private async call(
    method: 'GET' | 'POST',
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<Call | null> {
    const urls = this.plan.urls();
    const url = urls[Math.floor(Math.random() * urls.length)];
    if (url === undefined) return null;
    try {
      const response = await fetch(`${url}/v1/events/${this.plan.event}${path}`, {
        method,
        headers: { ...(body ? { 'content-type': 'application/json' } : {}), ...headers },
        ...(body ? { body: JSON.stringify(body) } : {}),
        signal: AbortSignal.timeout(8_000),
      });
      const text = await response.text();
      return {
        status: response.status,
        retryAfterMs: Number(response.headers.get('retry-after') ?? 1) * 1000,
        isReplayed: response.headers.get('idempotent-replayed') === 'true',
        body: text ? (JSON.parse(text) as Record<string, unknown>) : {},
      };
    } catch {
      return null; // Killed, or it did not answer: another one is asked.
    }
  }
}
