import type { Answer, TestApp } from '../http/app.js';
import { until } from './until.js';

/** What a visitor asks of a lobby, of any replica. */
export function ask(app: TestApp, event: string, path: string, ticket: string): Promise<Answer> {
  return app.call('POST', `/v1/events/${event}/lobby${path}`, { body: { ticket } });
}

export function join(app: TestApp, event: string, ticket?: string): Promise<Answer> {
  const headers: Record<string, string> = ticket === undefined ? {} : { 'foyer-ticket': ticket };
  return app.call('POST', `/v1/events/${event}/lobby`, { headers });
}

export async function ticketOf(app: TestApp, event: string): Promise<string> {
  return String((await join(app, event)).body.ticket);
}

/** As soon as there is one, by a new place where none is given. */
export async function passOf(app: TestApp, event: string, ticket?: string): Promise<string> {
  const held = ticket ?? (await ticketOf(app, event));
  return until(async () => {
    const { status, body } = await ask(app, event, '/pass', held);
    return status === 201 ? String(body.pass) : null;
  });
}

/** Of a room that one replica makes: what an operator sets is known to the other within a second. */
export async function openRoom(at: TestApp, other: TestApp, settings: object): Promise<string> {
  const event = await at.openEvent({ capacity: 10_000 });
  await at.operator('PUT', `/v1/events/${event}/lobby`, settings);
  await untilState(other, event, (state) => state !== 'off');
  return event;
}

export function untilState(app: TestApp, event: string, isSo: (state: string) => boolean): Promise<true> {
  return until(async () => isSo((await app.call('GET', `/v1/events/${event}/lobby`)).body.state) || null);
}

/** A problem's own word; undefined where there is none. */
export function codeOf({ body }: Answer): string | undefined {
  return (body.type as string | undefined)?.replace('/problems/', '');
}
