import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LOGIN_FAULTS } from '../../../src/identity/login-fault.js';
import type { Browser, Page } from './browser.js';
import { ANSWER_CASES } from './conformance/answer-cases.js';
import { ID_TOKEN_CASES, spoiled } from './conformance/id-token-cases.js';
import { LOGOUT_TOKEN_CASES } from './conformance/logout-token-cases.js';
import { METADATA_CASES } from './conformance/metadata-cases.js';
import { OFFICIAL, type TestId } from './conformance/plans.js';
import { HostileProvider, type Key, type Misbehaviour, newKey } from './hostile-provider.js';
import { SsoApp } from './sso-app.js';

/** Entries of the configuration for the one provider: each asks for its metadata and keys anew. */
const ENTRIES = 40;

let provider: HostileProvider;
let sso: SsoApp;
/** Of another algorithm than the one agreed; its public half is published. */
let stranger: Key;
let now = new Date();
let used = 0;
const ran = new Set<TestId>();

beforeAll(async () => {
  provider = await HostileProvider.start();
  stranger = await newKey('ES256');
  provider.published.push(stranger);
  const unasked = Array.from({ length: ENTRIES }, (_, n) => [`entry-${n}`, provider.config()] as const);
  sso = await SsoApp.start(
    { hostile: provider.config({ signingAlgorithms: 'RS256' }), ...Object.fromEntries(unasked) },
    { clock: { now: () => now }, settings: { identity: { providerTimeoutMs: 1_500 } } },
  );
});
afterAll(async () => {
  await sso.stop();
  await provider.stop();
});
afterEach(() => {
  provider.wrong = {};
  now = new Date();
});

const unasked = (): string => `entry-${used++}`;

async function expectRefused(wrong: Misbehaviour, code: string, name: string): Promise<void> {
  const browser = sso.browser();
  provider.wrong = wrong;
  const before = sso.refusals.length;
  const done = await sso.tryLogIn(browser, provider, name);
  const [line] = sso.refusals.slice(before);
  expect(line?.code, JSON.stringify(line)).toBe(code);
  expect(browser.login).toBeUndefined();
  expect(done.text).toContain(String(line?.reference));
  expect(done.text).toContain('Begin again');
  expect(done.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(JSON.stringify(line)).not.toMatch(/ada@|eyJ|hostile-secret/);
  expect(Object.keys(LOGIN_FAULTS)).toContain(code);
}

/** @returns the browser that is logged in */
async function expectAccepted(wrong: Misbehaviour, name: string): Promise<Browser> {
  const browser = sso.browser();
  provider.wrong = wrong;
  const done = await sso.tryLogIn(browser, provider, name);
  expect(done.status, JSON.stringify(sso.refusals.at(-1))).toBe(303);
  expect((await browser.get('/v1/me')).status).toBe(200);
  return browser;
}

function check(id: TestId, variant: string, run: () => Promise<unknown>): void {
  ran.add(id);
  it(`${id}: ${variant}`, async () => {
    await run();
  });
}

describe('A provider that does wrong is refused, with a reason in the log and a calm page', () => {
  for (const [id, variant, wrong, code] of [...ID_TOKEN_CASES, ...ANSWER_CASES])
    check(id, variant, () => expectRefused(wrong, code, 'hostile'));
  for (const [id, variant, wrong, code] of METADATA_CASES)
    check(id, variant, () => expectRefused(wrong, code, unasked()));

  check('oidcc-client-test-kid-absent-multiple-jwks', 'two keys of which each may be it', async () => {
    const keys = [provider.published[0]!, await newKey()].map(({ jwk }) => ({ ...jwk, kid: undefined }));
    await expectRefused({ keys, header: { kid: undefined } }, 'keys-ambiguous', unasked());
  });
  check('oidcc-client-test-invalid-sig-es256', 'a signature with other bytes', () =>
    expectRefused(
      { idToken: (right, self) => spoiled(self.sign(right, {}, stranger)) },
      'signature-wrong',
      unasked(),
    ),
  );
  check('foyer-alg', 'ES256, where RS256 was agreed', () =>
    expectRefused({ idToken: (right, self) => self.sign(right, {}, stranger) }, 'alg-unexpected', 'hostile'),
  );
  check('foyer-alg', 'ES256, where the metadata offers RS256', () =>
    expectRefused(
      {
        metadata: { id_token_signing_alg_values_supported: ['RS256'] },
        idToken: (right, self) => self.sign(right, {}, stranger),
      },
      'alg-unexpected',
      unasked(),
    ),
  );
});

describe('A provider that does right is believed', () => {
  check('oidcc-client-test', 'the code flow', () => expectAccepted({}, 'hostile'));
  check('oidcc-client-test-idtoken-sig-rs256', 'RS256', () => expectAccepted({}, unasked()));
  check('foyer-alg', 'ES256, which its metadata offers', () =>
    expectAccepted({ idToken: (right, self) => self.sign(right, {}, stranger) }, unasked()),
  );
  check('oidcc-client-test-kid-absent-single-jwks', 'the one key there is', () => {
    const keys = [{ ...provider.published[0]!.jwk, kid: undefined }];
    return expectAccepted({ keys, header: { kid: undefined } }, unasked());
  });
  check('oidcc-client-test-scope-userinfo-claims', 'profile and email', async () => {
    const browser = sso.browser();
    const begun = await browser.get('/sso/hostile/login');
    expect(new URL(begun.location!).searchParams.get('scope')).toBe('openid profile email');
    await browser.get(provider.authorize(begun.location!));
    const me = JSON.parse((await browser.get('/v1/me')).text) as { attendee: object };
    expect(me.attendee).toMatchObject({ email: 'ada@example.org', firstName: 'Ada', lastName: 'Lovelace' });
  });
  check('oidcc-client-test-client-secret-basic', 'the secret in the header only', async () => {
    await expectAccepted({}, 'hostile');
    const [scheme, basic] = authorizationAt('token')!.split(' ');
    // Each part is encoded as a form is (RFC 6749, 2.3.1).
    const parts = Buffer.from(basic!, 'base64').toString().split(':').map(decodeURIComponent);
    expect([scheme, ...parts]).toEqual(['Basic', 'foyer', 'hostile-secret']);
    expect(provider.tokenRequests.at(-1)!.toString()).not.toContain('hostile-secret');
  });
  check('oidcc-client-test-userinfo-bearer-header', 'the access token in the header', async () => {
    await expectAccepted({}, 'hostile');
    expect(authorizationAt('userinfo')).toBe('Bearer access-token-of-the-tests');
  });
  check('oidcc-client-test-discovery-openid-config', 'its metadata is asked for, once', async () => {
    const [before, name] = [provider.calls.length, unasked()];
    await expectAccepted({}, name);
    await expectAccepted({}, name);
    const asked = provider.calls.slice(before).filter((endpoint) => endpoint === 'discovery');
    expect(asked.length).toBe(1);
  });
  check('oidcc-client-test-discovery-jwks-uri-keys', 'keys come from where the metadata says', () =>
    expectAccepted({ metadata: { jwks_uri: `${provider.issuer}/jwks?of=today` } }, unasked()),
  );
  check('oidcc-client-test-signing-key-rotation', 'between two logins', async () => {
    const name = unasked();
    await expectAccepted({}, name);
    await provider.rotate();
    await expectAccepted({}, name);
  });
  check(
    'oidcc-client-test-signing-key-rotation-just-before-signing',
    'while many are logging in',
    async () => {
      const name = unasked();
      await expectAccepted({}, name);
      const browsers = Array.from({ length: 8 }, () => sso.browser());
      const answers = await Promise.all(browsers.map((one) => sso.answerOf(one, provider, '', name)));
      await provider.rotate();
      const done = await Promise.all(browsers.map((one, n) => one.get(answers[n]!)));
      expect(done.map(({ status }) => status)).toEqual(Array(8).fill(303));
    },
  );
  check('foyer-groups', 'of which the provider tells only where they are', async () => {
    const overage = {
      _claim_names: { groups: 'src1' },
      _claim_sources: { src1: { endpoint: 'https://x.example' } },
    };
    const browser = await expectAccepted({ claims: overage, userinfo: { groups: undefined } }, 'hostile');
    expect(JSON.parse((await browser.get('/v1/me')).text)).toMatchObject({ role: null });
  });
});

describe('Logging out by the client', () => {
  const variants = [
    ['oidcc-client-test-rp-init-logout', 'the state comes back', (state: string) => `?state=${state}`],
    ['oidcc-client-test-rp-init-logout-other-state', 'another state comes', () => '?state=random'],
    ['oidcc-client-test-rp-init-logout-no-state', 'no state comes', () => ''],
  ] as const;
  for (const [id, variant, query] of variants)
    check(id, variant, async () => {
      const browser = await expectAccepted({}, 'hostile');
      const out = await browser.post('/sso/logout', new URLSearchParams());
      const asked = new URL(out.location!);
      expect(asked.origin + asked.pathname).toBe(`${provider.issuer}/end-session`);
      expect(asked.searchParams.get('id_token_hint')).toMatch(/^eyJ/);
      const back = asked.searchParams.get('post_logout_redirect_uri')!;
      const page = await browser.get(back + query(asked.searchParams.get('state')!));
      expect([page.status, page.text.includes('<h1>')]).toEqual([200, true]);
      expect((await browser.get('/v1/me')).status).toBe(401);
    });
});

describe('A logout token', () => {
  const tell = (token: string): Promise<Page> =>
    sso.browser().post('/sso/hostile/backchannel-logout', new URLSearchParams({ logout_token: token }));
  const passes = (ms: number): void => void (now = new Date(now.getTime() + ms));

  for (const who of [{ sub: 'ada' }, { sub: undefined, sid: 'provider-session' }])
    check('oidcc-client-test-rp-backchannel-rpinitlogout', `by ${Object.keys(who).at(-1)!}`, async () => {
      const browser = await expectAccepted({}, 'hostile');
      const told = await tell(await provider.logoutToken(who));
      expect([told.status, told.headers.get('cache-control')]).toEqual([200, 'no-store']);
      passes(1_001);
      expect((await browser.get('/v1/me')).status).toBe(401);
    });

  check('foyer-logout-jti', 'counts once', async () => {
    const token = await provider.logoutToken();
    expect([(await tell(token)).status, (await tell(token)).status]).toEqual([200, 400]);
    expect(sso.refusals.at(-1)?.code).toBe('logout-jti-replayed');
  });

  for (const [id, variant, forge, code] of LOGOUT_TOKEN_CASES)
    check(id, `${variant}: not obeyed`, async () => {
      const browser = await expectAccepted({}, 'hostile');
      expect((await tell(await forge(provider, stranger))).status).toBe(400);
      expect(sso.refusals.at(-1)?.code).toBe(code);
      passes(1_001);
      expect((await browser.get('/v1/me')).status).toBe(200);
    });
});

it('Every module of the four plans is among these', () => {
  expect(OFFICIAL.filter((id) => !ran.has(id))).toEqual([]);
});

function authorizationAt(endpoint: string): string | undefined {
  return provider.authorizations.findLast(([at]) => at === endpoint)?.[1];
}
