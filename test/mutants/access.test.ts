import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiKeys } from '../../src/identity/api-keys.js';
import { TestApp } from '../http/app.js';

let app: TestApp;

beforeAll(async () => {
  app = await TestApp.start();
});

afterAll(() => app.stop());

interface Registered {
  readonly id: string;
  readonly manageToken: string;
}

async function register(event: string): Promise<Registered> {
  return (await app.register(event)).body;
}

describe('A registration', () => {
  it("is read, changed and cancelled with its own token, and with nobody else's", async () => {
    const event = await app.openEvent();
    const [own, other] = [await register(event), await register(event)];
    const path = `/v1/registrations/${own.id}`;
    const headers = { 'if-match': '"1"' };
    const body = { attendee: { firstName: 'Eve' } };
    for (const token of [other.manageToken, `${own.manageToken.slice(0, -4)}AAAA`, 'fm_']) {
      expect((await app.call('GET', path, { token })).status).toBe(404);
      expect((await app.call('PATCH', path, { token, headers, body })).status).toBe(404);
      expect((await app.call('DELETE', path, { token })).status).toBe(404);
    }
    const seen = await app.call('GET', path, { token: own.manageToken });
    expect(seen.body).toMatchObject({ status: 'confirmed', version: 1, attendee: { firstName: 'Ada' } });
  });
});

describe('A key', () => {
  it('may do what its role may, and nothing more', async () => {
    const keys = app.nest.get(ApiKeys);
    const viewer = await keys.issue('looks', 'viewer');
    const event = await app.openEvent();
    expect((await app.call('GET', '/v1/mappings', { token: viewer })).status).toBe(200);
    const refused = [
      await app.call('GET', `/v1/events/${event}/registrations`, { token: viewer }),
      await app.call('PATCH', `/v1/events/${event}`, { token: viewer, body: { state: 'closed' } }),
      await app.call('POST', '/v1/webhooks', { token: viewer, body: {} }),
    ];
    expect(refused.map(({ status }) => status)).toEqual([403, 403, 403]);
    expect((await app.call('GET', `/v1/events/${event}`)).body).toMatchObject({ state: 'open' });
  });
});
