import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ROUTE_TABLE } from '../../../src/identity/route-table.js';
import type { Browser } from './browser.js';
import { HostileProvider } from './hostile-provider.js';
import { SsoApp } from './sso-app.js';

let provider: HostileProvider;
let sso: SsoApp;
let now = new Date();
const later = (ms: number): void => void (now = new Date(now.getTime() + ms));

beforeAll(async () => {
  provider = await HostileProvider.start();
  sso = await SsoApp.start({ hostile: provider.config() }, { clock: { now: () => now } });
});
afterAll(async () => {
  await sso.stop();
  await provider.stop();
});
afterEach(() => {
  provider.wrong = {};
  now = new Date();
});

describe('A login', () => {
  it('leads to the provider with PKCE, state and nonce, and back to where it began', async () => {
    const browser = sso.browser();
    const begun = await browser.get('/sso/hostile/login?returnTo=/docs%23top');
    const asked = new URL(begun.location!);
    expect(asked.origin).toBe(provider.issuer);
    expect(Object.fromEntries(asked.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: 'foyer',
      scope: 'openid profile email',
      code_challenge_method: 'S256',
      redirect_uri: `${sso.app.url}/sso/hostile/callback`,
    });
    const done = await browser.get(provider.authorize(begun.location!));
    expect([done.status, done.location]).toEqual([303, '/docs#top']);
    expect(done.set.find((cookie) => cookie.startsWith('foyer-login='))).toMatch(
      /^foyer-login=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    expect([...browser.cookies.keys()]).toEqual(['foyer-login']);
  });

  it('tells its person who they are, and nothing of the tokens', async () => {
    const browser = sso.browser();
    await sso.logIn(browser, provider);
    const me = await browser.get('/v1/me');
    expect(JSON.parse(me.text)).toMatchObject({
      kind: 'login',
      provider: 'hostile',
      role: null,
      attendee: { email: 'ada@example.org', firstName: 'Ada', lastName: 'Lovelace' },
    });
    expect(me.text).not.toMatch(/access-token|eyJ/);
    const { rows } = await sso.app.pool.query('select * from logins');
    const stored = JSON.stringify(rows);
    // What is sealed may hold these three letters by chance, but no dot after them.
    expect(stored).not.toMatch(/eyJ[\w-]*\./);
    expect(stored).not.toContain(browser.login);
  });

  it.each([
    [['x', 'a', 'v'], 'admin'],
    [['o'], 'operator'],
    ['e', 'engineer'],
    [['v'], 'viewer'],
    [['nobody'], null],
    [{ a: true }, null],
  ])('gives %j the role %s', async (groups, role) => {
    provider.wrong = { userinfo: { groups } };
    const browser = sso.browser();
    await sso.logIn(browser, provider);
    expect(JSON.parse((await browser.get('/v1/me')).text)).toMatchObject({ role });
    const mappings = await browser.get('/v1/mappings');
    expect(mappings.status).toBe(role === null ? 403 : 200);
  });

  it('takes a claim of 100 KB and keeps none of it', async () => {
    const groups = [...Array.from({ length: 5_000 }, (_, n) => `group-number-${n}-of-many`), 'o'];
    provider.wrong = { claims: { groups } };
    const browser = sso.browser();
    expect((await sso.logIn(browser, provider)).status).toBe(303);
    expect(JSON.parse((await browser.get('/v1/me')).text)).toMatchObject({ role: 'operator' });
    expect(browser.cookieHeader.length).toBeLessThan(200);
  });

  it('ends when nobody uses it, and in any case after its longest time', async () => {
    const [idle, used] = [sso.browser(), sso.browser()];
    for (const browser of [idle, used]) await sso.logIn(browser, provider);
    for (let minutes = 0; minutes < 80; minutes += 20) {
      later(20 * 60_000);
      expect((await used.get('/v1/me')).status).toBe(200);
    }
    expect((await idle.get('/v1/me')).status).toBe(401);
    for (let minutes = 80; minutes < 12 * 60; minutes += 40) {
      await used.get('/v1/me');
      later(40 * 60_000);
    }
    expect((await used.get('/v1/me')).status).toBe(401);
  });

  it('has a new secret each time, and ends the one before: none can be fixed in advance', async () => {
    const victim = sso.browser();
    const planted = 'A'.repeat(43);
    victim.keep('foyer-login', planted);
    await sso.logIn(victim, provider);
    const first = victim.login!;
    expect(first).not.toBe(planted);
    await sso.logIn(victim, provider);
    expect(victim.login).not.toBe(first);
    later(1_001);
    for (const stale of [planted, first]) {
      const other = sso.browser();
      other.keep('foyer-login', stale);
      expect((await other.get('/v1/me')).status).toBe(401);
    }
    expect((await victim.get('/v1/me')).status).toBe(200);
  });

  it('is not believed where its cookie stands twice', async () => {
    const browser = sso.browser();
    await sso.logIn(browser, provider);
    const cookie = `foyer-login=${browser.login!}; foyer-login=${'B'.repeat(43)}`;
    expect((await browser.get('/v1/me', { cookie })).status).toBe(401);
  });

  it.each([
    ['lost', (browser: Browser, name: string) => browser.forget(name)],
    ['cut', (browser: Browser, name: string) => browser.keep(name, browser.cookies.get(name)!.slice(0, -3))],
    ['doubled', (browser: Browser, name: string) => browser.keep(`x=1; ${name}`, 'y')],
  ])(
    'begun with a cookie that was %s on the way is begun again, by a page that says so',
    async (_how, spoil) => {
      const browser = sso.browser();
      const answer = await sso.answerOf(browser, provider);
      const [name] = [...browser.cookies.keys()] as [string];
      spoil(browser, name);
      if (browser.cookies.size > 1) expect(browser.cookieHeader.split(`${name}=`).length).toBe(3);
      const done = await browser.get(answer);
      expect([done.status, sso.refusals.at(-1)?.code, browser.login]).toEqual([
        400,
        'state-unknown',
        undefined,
      ]);
      expect(done.text).toContain('Begin again');
      expect((await sso.logIn(sso.browser(), provider)).status).toBe(303);
    },
  );

  it('works in two tabs at once', async () => {
    const browser = sso.browser();
    const one = await sso.answerOf(browser, provider, '?returnTo=/one');
    const two = await sso.answerOf(browser, provider, '?returnTo=/two');
    expect((await browser.get(two)).location).toBe('/two');
    expect((await browser.get(one)).location).toBe('/one');
    expect((await browser.get('/v1/me')).status).toBe(200);
  });

  it('stays when the back button leads to the answer again, which is refused', async () => {
    const browser = sso.browser();
    const answer = await sso.answerOf(browser, provider);
    await browser.get(answer);
    const again = await browser.get(answer);
    expect([again.status, sso.refusals.at(-1)?.code]).toEqual([400, 'state-unknown']);
    expect((await browser.get('/v1/me')).status).toBe(200);
  });

  it('finds keys that were changed while the person was at the provider', async () => {
    await sso.logIn(sso.browser(), provider);
    const browser = sso.browser();
    const answer = await sso.answerOf(browser, provider);
    await provider.rotate();
    const done = await browser.get(answer);
    expect(done.status, sso.refusals.at(-1)?.code).toBe(303);
    expect((await browser.get('/v1/me')).status).toBe(200);
  });

  it('uses each code once at the provider', async () => {
    const before = provider.tokenRequests.length;
    await sso.logIn(sso.browser(), provider);
    expect(provider.tokenRequests.length).toBe(before + 1);
  });
});

describe('A change by a cookie', () => {
  it.each([
    ['from another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, 403],
    ['from a neighbour', { 'sec-fetch-site': 'same-site' }, 403],
    ['from an opaque origin', { origin: 'null' }, 403],
    ['from an opaque origin elsewhere', { origin: 'null', 'sec-fetch-site': 'cross-site' }, 403],
    ['from our own pages', { 'sec-fetch-site': 'same-origin' }, 200],
    // As browsers send it from a page with `referrer-policy: no-referrer`, which all of ours have.
    ['from our own pages, which tell no referrer', { origin: 'null', 'sec-fetch-site': 'same-origin' }, 200],
  ])('%s is answered %s', async (_where, headers, status) => {
    const browser = sso.browser();
    await sso.logIn(browser, provider);
    expect((await browser.ask('/v1/me/logins', { method: 'DELETE', headers })).status).toBe(status);
  });

  it('from another site is refused at every address that changes anything', async () => {
    provider.wrong = { userinfo: { groups: ['a'] } };
    const browser = sso.browser();
    await sso.logIn(browser, provider);
    const changes = Object.keys(ROUTE_TABLE).filter((route) => !route.startsWith('GET '));
    expect(changes.length).toBeGreaterThan(40);
    for (const route of changes) {
      const [method, path] = route.split(' ') as [string, string];
      const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
      const answer = await browser.ask(path.replace(/:\w+/g, 'x'), { method, headers });
      expect(answer.status, route).toBe(403);
    }
    expect((await browser.get('/v1/me')).status).toBe(200);
  });

  it('without a word from the browser needs the token that only our pages know', async () => {
    const browser = sso.browser();
    await sso.logIn(browser, provider);
    const { csrfToken } = JSON.parse((await browser.get('/v1/me')).text) as { csrfToken: string };
    const end = (headers: Record<string, string>) =>
      browser.ask('/v1/me/logins', { method: 'DELETE', headers });
    // Node's fetch says neither; a browser always does.
    expect((await end({ 'sec-fetch-mode': 'x' })).status).toBe(403);
    expect((await end({ 'foyer-csrf': `${csrfToken.slice(0, -1)}_` })).status).toBe(403);
    expect((await end({ 'foyer-csrf': csrfToken })).status).toBe(200);
  });
});

describe('Logging out', () => {
  it('ends the login here and leads on to the provider', async () => {
    const browser = sso.browser();
    await sso.logIn(browser, provider);
    const secret = browser.login!;
    const page = await browser.get('/sso/account');
    expect(page.headers.get('content-security-policy')).toContain(`form-action 'self' ${provider.issuer}`);
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)![1]!;
    const out = await browser.post('/sso/logout', new URLSearchParams({ csrf }));
    const onward = new URL(out.location!);
    expect(onward.origin + onward.pathname).toBe(`${provider.issuer}/end-session`);
    expect(onward.searchParams.get('post_logout_redirect_uri')).toBe(`${sso.app.url}/sso/signed-out`);
    expect(onward.searchParams.get('id_token_hint')).toMatch(/^eyJ/);
    expect(browser.login).toBeUndefined();
    browser.keep('foyer-login', secret);
    expect((await browser.get('/v1/me')).status).toBe(401);
  });

  it('everywhere ends every login of the person, and of no other', async () => {
    const [here, there, other] = [sso.browser(), sso.browser(), sso.browser()];
    await sso.logIn(here, provider);
    await sso.logIn(there, provider);
    provider.wrong = { claims: { sub: 'grace' }, userinfo: { sub: 'grace' } };
    await sso.logIn(other, provider);
    await here.post('/sso/logout', new URLSearchParams({ everywhere: 'true' }));
    later(1_001);
    expect((await there.get('/v1/me')).status).toBe(401);
    expect((await other.get('/v1/me')).status).toBe(200);
  });
});
