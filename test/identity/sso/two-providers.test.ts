import { exportJWK, generateKeyPair, jwtVerify } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadIdentityProviders } from '../../../src/platform/config/identity-providers.js';
import { TestApp } from '../../http/app.js';
import type { Browser } from './browser.js';
import { HostileProvider } from './hostile-provider.js';
import { providersFile, SsoApp } from './sso-app.js';

const PREVIOUS = 'the-secret-before-the-secret-before-the-secret';

let honest: HostileProvider;
let evil: HostileProvider;
let clientKey: Awaited<ReturnType<typeof generateKeyPair>>;
let providers: Record<string, Record<string, unknown>>;
let sso: SsoApp;
/** The same people and logins, before the secret was changed. */
let before: SsoApp;

beforeAll(async () => {
  [honest, evil] = await Promise.all([HostileProvider.start(), HostileProvider.start()]);
  clientKey = await generateKeyPair('ES256', { extractable: true });
  const privateJwk = { ...(await exportJWK(clientKey.privateKey)), alg: 'ES256', kid: 'of-foyer' };
  providers = {
    hostile: honest.config({ domains: ['example.org'] }),
    evil: evil.config({ domains: ['evil.example'], clientSecret: 'secret-for-evil' }),
    keyed: honest.config({ clientSecret: '', privateJwk: JSON.stringify(privateJwk) }),
    strong: honest.config({ stepUpAcr: ['phishing-resistant'] }),
  };
  before = await SsoApp.start(providers, { settings: { identity: { secret: PREVIOUS } } });
  sso = await SsoApp.start(providers, {
    databaseUrl: before.app.databaseUrl,
    settings: { identity: { previousSecret: PREVIOUS } },
  });
});
afterAll(async () => {
  await before.stop();
  await sso.stop();
  await Promise.all([honest.stop(), evil.stop()]);
});
afterEach(() => {
  honest.wrong = {};
  evil.wrong = {};
});

const refusal = () => sso.refusals.at(-1)?.code;

describe('Of two providers, one of them evil', () => {
  it('each e-mail leads to its own', async () => {
    const to = async (email: string) =>
      (await sso.browser().get(`/sso/login?email=${encodeURIComponent(email)}`)).location;
    expect(await to('ada@example.org')).toMatch(/^\/sso\/hostile\/login\?/);
    expect(await to('eve@EVIL.example')).toMatch(/^\/sso\/evil\/login\?/);
  });

  it('the evil one gets no code of the other: its answer is known by its issuer (RFC 9207)', async () => {
    const browser = sso.browser();
    const begun = await browser.get('/sso/evil/login');
    const spent = evil.tokenRequests.length;
    // It sends the browser on to the honest one, which answers to where it was told.
    expect((await browser.get(honest.authorize(begun.location!))).status).toBe(502);
    expect([refusal(), evil.tokenRequests.length, browser.login]).toEqual(['iss-mismatch', spent, undefined]);
  });

  it('no answer opens a login at the address of the other', async () => {
    const browser = sso.browser();
    const answer = await sso.answerOf(browser, evil, '', 'evil');
    const spent = honest.tokenRequests.length;
    const done = await browser.get(answer.replace('/sso/evil/', '/sso/hostile/'));
    expect([done.status, refusal(), browser.login]).toEqual([400, 'provider-mismatch', undefined]);
    expect(honest.tokenRequests.length).toBe(spent);
  });

  it('neither ends the logins of the other', async () => {
    const browser = sso.browser();
    await sso.logIn(browser, honest);
    const tell = async (name: string, token: Promise<string>): Promise<number> => {
      const body = new URLSearchParams({ logout_token: await token });
      return (await sso.browser().post(`/sso/${name}/backchannel-logout`, body)).status;
    };
    expect(await tell('evil', evil.logoutToken({ sub: 'ada' }))).toBe(200);
    expect(await tell('hostile', evil.logoutToken({ iss: honest.issuer }))).toBe(400);
    expect(await tell('evil', honest.logoutToken())).toBe(400);
    const later = sso.browser();
    later.keep('foyer-login', browser.login!);
    expect((await later.get('/v1/me')).status).toBe(200);
  });

  it('people of the same name at both are two people', async () => {
    const [one, other] = [sso.browser(), sso.browser()];
    await sso.logIn(one, honest);
    await sso.logIn(other, evil, '', 'evil');
    const id = async (browser: Browser) =>
      (JSON.parse((await browser.get('/v1/me')).text) as { id: string }).id;
    expect(await id(one)).not.toBe(await id(other));
  });
});

describe('A client with a key of its own', () => {
  it('signs who it is, for this provider and this minute, and sends no secret', async () => {
    expect((await sso.logIn(sso.browser(), honest, '', 'keyed')).status).toBe(303);
    const sent = honest.tokenRequests.at(-1)!;
    expect(sent.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    const { payload, protectedHeader } = await jwtVerify(sent.get('client_assertion')!, clientKey.publicKey, {
      issuer: 'foyer',
      subject: 'foyer',
      audience: honest.issuer,
      requiredClaims: ['jti', 'exp', 'iat'],
    });
    expect(protectedHeader).toMatchObject({ alg: 'ES256', kid: 'of-foyer' });
    expect(payload.exp! - payload.iat!).toBeLessThanOrEqual(60);
    expect(honest.authorizations.findLast(([at]) => at === 'token')).toEqual(['token', undefined]);
    expect(sent.has('client_secret')).toBe(false);
  });
});

describe('A dangerous act', () => {
  const act = (browser: Browser) => browser.post('/v1/api-keys', { name: 'made in a test', role: 'viewer' });
  const longAgo = Math.floor(Date.now() / 1000) - 3_600;

  it('takes a login of the last minutes, and says where to get one', async () => {
    const browser = sso.browser();
    honest.wrong = { claims: { auth_time: longAgo }, userinfo: { groups: ['a'] } };
    await sso.logIn(browser, honest);
    const refused = await act(browser);
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toContain('insufficient_user_authentication');
    const { stepUp } = JSON.parse(refused.text) as { stepUp: { links: { login: string } } };
    expect((await browser.get('/v1/mappings')).status).toBe(200);

    const begun = await browser.get(stepUp.links.login);
    const asked = new URL(begun.location!).searchParams;
    expect([asked.get('prompt'), Number(asked.get('max_age')) > 0]).toEqual(['login', true]);
    // Asked to ask again, it says that it did not.
    await browser.get(honest.authorize(begun.location!));
    expect([refusal(), (await act(browser)).status]).toEqual(['auth-time-past', 401]);
    honest.wrong = { userinfo: { groups: ['a'] } };
    const again = await browser.get(stepUp.links.login);
    await browser.get(honest.authorize(again.location!));
    expect((await act(browser)).status).toBe(201);
  });

  it('takes one as strong as the provider’s entry says', async () => {
    const browser = sso.browser();
    honest.wrong = { userinfo: { groups: ['a'] } };
    await sso.logIn(browser, honest, '', 'strong');
    expect((await act(browser)).status).toBe(401);
    const stepUp = async (acr: string | undefined) => {
      honest.wrong = { claims: { acr }, userinfo: { groups: ['a'] } };
      const begun = await browser.get('/sso/strong/login?fresh=true');
      expect(new URL(begun.location!).searchParams.get('acr_values')).toBe('phishing-resistant');
      return (await browser.get(honest.authorize(begun.location!))).status;
    };
    expect([await stepUp('password'), refusal()]).toEqual([403, 'acr-wrong']);
    expect([await stepUp(undefined), refusal()]).toEqual([403, 'acr-wrong']);
    expect([await stepUp('phishing-resistant'), (await act(browser)).status]).toEqual([303, 201]);
  });
});

describe('A change of the secret', () => {
  it('ends no login and no attempt, and the provider’s logout still gets its token', async () => {
    const [inside, halfway] = [before.browser(), before.browser()];
    await before.logIn(inside, honest);
    const answer = await before.answerOf(halfway, honest);
    const moved = (from: Browser): Browser => {
      const to = sso.browser();
      for (const [name, value] of from.cookies) to.keep(name, value);
      return to;
    };
    const stayed = moved(inside);
    expect((await stayed.get('/v1/me')).status).toBe(200);
    const out = await stayed.post('/sso/logout', new URLSearchParams());
    expect(new URL(out.location!).searchParams.get('id_token_hint')).toMatch(/^eyJ/);
    const came = await moved(halfway).get(`/sso/hostile/callback${new URL(answer).search}`);
    expect([came.status, came.location]).toEqual([303, '/sso/account']);
  });
});

describe('A start with a provider', () => {
  it.each([
    [{ host: '0.0.0.0' }, 'all addresses, without a public one'],
    [{ publicUrl: 'http://events.example.org' }, 'plain http elsewhere'],
  ])('is refused with %j: %s', async (http, _why) => {
    const settings = { http, identity: { providersFile: providersFile(providers) } };
    const started = TestApp.start({ databaseUrl: sso.app.databaseUrl, settings });
    await expect(started).rejects.toThrow('Logins need https');
  });

  it('whose entry is on plain http elsewhere, or has faults, is refused with all of them', () => {
    const file = providersFile({
      plain: { issuer: 'http://idp.example', clientId: 'foyer' },
      keyless: {
        issuer: 'https://idp.example',
        clientId: '',
        clientAuthentication: 'private_key_jwt',
        pkce: 'off',
      },
    });
    expect(() => loadIdentityProviders(file, {})).toThrow(
      /plain: issuer must begin with https[^]*keyless: pkce is no entry[^]*clientId is needed[^]*privateJwk must be/,
    );
  });
});
