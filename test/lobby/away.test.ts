import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Answer, TestApp } from '../http/app.js';
import { freshDatabase } from '../support/database.js';
import { Relay } from './relay.js';
import { until } from './until.js';

let relay: Relay;
let app: TestApp;

beforeAll(async () => {
  relay = await Relay.to(await freshDatabase());
  app = await TestApp.start({ databaseUrl: relay.url });
});
afterAll(async () => {
  relay.mend();
  await app.stop();
  await relay.stop();
});

const SETTINGS = { mode: 'always', maxActive: 1, maxPerMinute: 600, passSeconds: 60, claimSeconds: 30 };

async function room(onFailure: 'hold' | 'close') {
  const event = await app.openEvent();
  await app.operator('PUT', `/v1/events/${event}/lobby`, { ...SETTINGS, onFailure });
  const line = `/v1/events/${event}/lobby`;
  const join = (): Promise<Answer> => app.call('POST', line);
  const pass = (ticket: string): Promise<Answer> => app.call('POST', `${line}/pass`, { body: { ticket } });
  const status = async (): Promise<string> => (await app.call('GET', line)).body.state;
  return { event, join, pass, status, ticket: String((await join()).body.ticket) };
}

it('While its database is away a room holds its line, or closes, as its operator chose; afterwards nobody has lost anything', async () => {
  const holding = await room('hold');
  const closing = await room('close');
  const passOf = (of: typeof holding): Promise<Answer> =>
    until(async () => {
      const answer = await of.pass(of.ticket);
      return answer.status === 201 ? answer : null;
    });
  const held = await passOf(holding);

  relay.cut();
  await until(async () => (await closing.status()) === 'closed');
  expect(await holding.status()).toBe('queueing');
  for (const answer of [await holding.join(), await holding.pass(holding.ticket)]) {
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  expect((await app.register(holding.event)).status).toBe(503);
  expect((await closing.join()).body.type).toBe('/problems/registration-closed');
  expect((await app.register(closing.event)).body.type).toBe('/problems/registration-closed');

  relay.mend();
  await until(async () => (await closing.status()) === 'queueing');
  const again = await until(async () => {
    const answer = await holding.pass(holding.ticket);
    return answer.status === 201 ? answer : null;
  });
  expect(again.body.pass, 'the same pass').toBe(held.body.pass);
  const headers = { 'foyer-pass': String(held.body.pass) };
  expect((await app.register(holding.event, {}, headers)).status).toBe(201);
  expect((await passOf(closing)).status).toBe(201);
});
