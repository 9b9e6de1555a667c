import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HostileProvider } from './hostile-provider.js';
import { SsoApp } from './sso-app.js';

let provider: HostileProvider;
let sso: SsoApp;
let now = new Date();

beforeAll(async () => {
  provider = await HostileProvider.start();
  sso = await SsoApp.start({ hostile: provider.config() }, { clock: { now: () => now } });
});
afterAll(async () => {
  await sso.stop();
  await provider.stop();
});

const seconds = (): number => Math.floor(Date.now() / 1000);
const tell = (token: string) =>
  sso.browser().post('/sso/hostile/backchannel-logout', new URLSearchParams({ logout_token: token }));

describe('A logout token', () => {
  it.each([{ sub: 'ada' }, { sub: undefined, sid: 'provider-session' }])(
    'with %j ends the login',
    async (who) => {
      const browser = sso.browser();
      await sso.logIn(browser, provider);
      expect((await tell(await provider.logoutToken(who))).status).toBe(200);
      now = new Date(now.getTime() + 1_001);
      expect((await browser.get('/v1/me')).status).toBe(401);
    },
  );

  it('counts once', async () => {
    const token = await provider.logoutToken();
    expect((await tell(token)).status).toBe(200);
    expect((await tell(token)).status).toBe(400);
    expect(sso.refusals.at(-1)?.code).toBe('logout-jti-replayed');
  });

  it.each([
    [{ iss: 'https://x.example' }, {}, 'logout-iss-wrong'],
    [{ aud: 'another' }, {}, 'logout-aud-wrong'],
    [{ iat: seconds() - 3_600 }, {}, 'logout-iat-far'],
    [{ exp: seconds() - 60 }, {}, 'logout-exp-past'],
    [{ jti: undefined }, {}, 'logout-jti-missing'],
    [{ events: undefined }, {}, 'logout-events-missing'],
    [{ events: {} }, {}, 'logout-event-missing'],
    [{ nonce: 'n' }, {}, 'logout-nonce-present'],
    [{ sub: undefined }, {}, 'logout-nobody-named'],
    [{}, { typ: 'at+jwt' }, 'logout-typ-wrong'],
    [{}, { kid: 'unknown' }, 'logout-key-unknown'],
  ])('with %j and header %j is not obeyed: %s', async (claims, header, code) => {
    const browser = sso.browser();
    await sso.logIn(browser, provider);
    expect((await tell(await provider.logoutToken(claims, header))).status).toBe(400);
    expect(sso.refusals.at(-1)?.code).toBe(code);
    now = new Date(now.getTime() + 1_001);
    expect((await browser.get('/v1/me')).status).toBe(200);
  });
});
