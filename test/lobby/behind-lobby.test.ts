import { Controller, Module, Post } from '@nestjs/common';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BehindLobby } from '../../src/lobby/behind-lobby.js';
import { LobbyModule } from '../../src/lobby/lobby.module.js';
import { ROUTE_TABLE } from '../../src/identity/route-table.js';
import { TestApp } from '../http/app.js';
import { passOf } from './visitor.js';

const ROUTE = 'v1/events/:event/seat-reservations';

@Controller()
class SeatReservations {
  @Post(ROUTE)
  @BehindLobby()
  reserve(): { reserved: true } {
    return { reserved: true };
  }
}

@Module({ imports: [LobbyModule], controllers: [SeatReservations] })
class SeatReservationsModule {}

let app: TestApp;
beforeAll(async () => {
  Object.assign(ROUTE_TABLE, { [`POST /${ROUTE}`]: 'public' });
  app = await TestApp.start({ also: SeatReservationsModule });
});
afterAll(() => app.stop());

it('Any route below an event can stand behind its lobby: a ticket without a pass, and open to who holds one', async () => {
  const event = await app.openEvent();
  const reserve = (headers: Record<string, string> = {}) =>
    app.call('POST', `/v1/events/${event}/seat-reservations`, { headers });
  expect((await reserve()).body).toEqual({ reserved: true });
  await app.operator('PUT', `/v1/events/${event}/lobby`, {
    mode: 'always',
    maxActive: 1,
    maxPerMinute: 60,
  });
  const turned = await reserve();
  expect([turned.status, turned.body.type]).toEqual([429, '/problems/lobby-required']);
  const { ticket } = turned.body.lobby as { ticket: string };
  const pass = await passOf(app, event, ticket);
  expect((await reserve({ 'foyer-pass': pass })).body).toEqual({ reserved: true });
  // It was not spent: that is for registering to do.
  expect((await app.register(event, {}, { 'foyer-pass': pass })).status).toBe(201);
  expect((await reserve({ 'foyer-pass': `${pass.slice(0, -1)}!` })).status).toBe(403);
});
