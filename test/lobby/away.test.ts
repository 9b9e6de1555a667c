import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestApp } from '../http/app.js';
import { freshDatabase } from '../support/database.js';
import { Relay } from './relay.js';
import { ask, join, passOf, ticketOf, untilState } from './visitor.js';

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
  return { event, ticket: await ticketOf(app, event) };
}

it('While its database is away a room holds its line, or closes, as its operator chose; afterwards nobody has lost anything', async () => {
  const holding = await room('hold');
  const closing = await room('close');
  const held = await passOf(app, holding.event, holding.ticket);

  relay.cut();
  await untilState(app, closing.event, (state) => state === 'closed');
  expect((await app.call('GET', `/v1/events/${holding.event}/lobby`)).body.state).toBe('queueing');
  const asked = [await join(app, holding.event), await ask(app, holding.event, '/pass', holding.ticket)];
  for (const answer of asked) {
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  expect((await app.register(holding.event)).status).toBe(503);
  expect((await join(app, closing.event)).body.type).toBe('/problems/registration-closed');
  expect((await app.register(closing.event)).body.type).toBe('/problems/registration-closed');

  relay.mend();
  await untilState(app, closing.event, (state) => state === 'queueing');
  expect(await passOf(app, holding.event, holding.ticket), 'the same pass').toBe(held);
  const headers = { 'foyer-pass': held };
  expect((await app.register(holding.event, {}, headers)).status).toBe(201);
  expect(await passOf(app, closing.event, closing.ticket)).toHaveLength(48);
});
