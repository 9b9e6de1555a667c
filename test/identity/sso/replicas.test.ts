import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../support/wait-for.js';
import type { Browser } from './browser.js';
import { HostileProvider } from './hostile-provider.js';
import { SsoApp } from './sso-app.js';

const EFFECTIVE_MS = 1_000;
let provider: HostileProvider;
let here: SsoApp;
let there: SsoApp;

beforeAll(async () => {
  provider = await HostileProvider.start();
  here = await SsoApp.start({ hostile: provider.config() });
  there = await SsoApp.start({ hostile: provider.config() }, { databaseUrl: here.app.databaseUrl });
});
afterAll(async () => {
  await Promise.all([here.stop(), there.stop()]);
  await provider.stop();
});

async function logIn(sub: string): Promise<Browser> {
  provider.wrong = { claims: { sub }, userinfo: { sub } };
  const browser = here.browser();
  await here.logIn(browser, provider);
  return browser;
}

/** The same cookie, shown to the other replica. */
async function statusThere(browser: Browser): Promise<number> {
  const headers = { cookie: `foyer-login=${browser.login!}` };
  return (await fetch(`${there.app.url}/v1/me`, { headers })).status;
}

describe('A login that ends at one replica', () => {
  it.each([
    [
      'by its person on every device',
      async (browser: Browser) => {
        const headers = { 'sec-fetch-site': 'same-origin' };
        const ended = await browser.ask('/v1/me/logins', { method: 'DELETE', headers });
        expect(ended.status).toBe(200);
      },
    ],
    [
      'by its browser',
      async (browser: Browser) => {
        expect((await browser.post('/sso/logout', new URLSearchParams())).status).toBe(303);
      },
    ],
    [
      'by its provider',
      async (browser: Browser, sub: string) => {
        const token = await provider.logoutToken({ sub });
        const body = new URLSearchParams({ logout_token: token });
        expect((await browser.post('/sso/hostile/backchannel-logout', body)).status).toBe(200);
      },
    ],
  ])('%s is of no use at the other within a second', async (way, end) => {
    const ending = await logIn(`ends ${way}`);
    const going = await logIn(`goes on, though another ends ${way}`);
    const kept = { login: ending.login } as Browser;
    // Both are fresh in the other's memory when it ends.
    expect([await statusThere(ending), await statusThere(going)]).toEqual([200, 200]);
    await end(ending, `ends ${way}`);
    const endedAt = performance.now();
    let lastGoodAt = endedAt;
    await waitFor(
      async () => {
        const askedAt = performance.now();
        const status = await statusThere(kept);
        if (status === 200) lastGoodAt = askedAt;
        return status;
      },
      (status) => status === 401,
    );
    expect(lastGoodAt - endedAt).toBeLessThanOrEqual(EFFECTIVE_MS);
    expect(await statusThere(going)).toBe(200);
  });
});

describe('A replica whose provider is down', () => {
  it('ends a login all the same', async () => {
    const browser = await logIn('leaves while the provider is down');
    const elsewhere = there.browser();
    elsewhere.keep('foyer-login', browser.login!);
    provider.wrong = { answers: { discovery: (response) => void response.destroy() } };
    const asked = provider.calls.length;
    const out = await elsewhere.post('/sso/logout', new URLSearchParams());
    expect([out.status, out.location, elsewhere.login]).toEqual([303, '/sso/signed-out', undefined]);
    expect(provider.calls.slice(asked), 'it was asked for its own logout').toContain('discovery');
    expect(await statusThere(browser)).toBe(401);
  });
});
