import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATOR } from '../../http/app.js';
import { HostileProvider } from './hostile-provider.js';
import { SsoApp } from './sso-app.js';

let provider: HostileProvider;
let sso: SsoApp;

beforeAll(async () => {
  provider = await HostileProvider.start();
  sso = await SsoApp.start({
    hostile: provider.config(),
    elsewhere: provider.config({ events: ['another-event'] }),
  });
});
afterAll(async () => {
  await sso.stop();
  await provider.stop();
});

const body = (email: string) => ({
  attendee: { email, firstName: 'Ada', lastName: 'Lovelace' },
  answers: {},
});

describe('An event that demands a login', () => {
  it('lets in whoever is logged in with its provider, and an operator for others', async () => {
    const event = await sso.app.openEvent({ sso: 'required' });
    const path = `/v1/events/${event}/registrations`;
    const guest = await sso.app.call('POST', path, { body: body('guest@example.org') });
    expect([guest.status, guest.body.type]).toEqual([401, '/problems/unauthenticated']);
    expect(guest.body.links).toEqual({ login: expect.stringContaining('/sso/login?event=') as string });

    const browser = sso.browser();
    await sso.logIn(browser, provider);
    expect((await browser.post(path, body('ada@example.org'))).status).toBe(201);
    const byOperator = await sso.app.call('POST', path, { body: body('x@example.org'), token: OPERATOR });
    expect(byOperator.status).toBe(201);
  });

  it('refuses a login with a provider that does not serve it', async () => {
    const event = await sso.app.openEvent({ sso: 'required' });
    const browser = sso.browser();
    await sso.logIn(browser, provider, '', 'elsewhere');
    const answer = await browser.post(`/v1/events/${event}/registrations`, body('eve@example.org'));
    expect(answer.status).toBe(403);
  });
});
