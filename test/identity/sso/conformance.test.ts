import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LOGIN_FAULTS, type LoginFaultCode } from '../../../src/identity/login-fault.js';
import { HostileProvider, type Misbehaviour, send } from './hostile-provider.js';
import { SsoApp } from './sso-app.js';

let provider: HostileProvider;
let sso: SsoApp;

beforeAll(async () => {
  provider = await HostileProvider.start();
  sso = await SsoApp.start({ hostile: provider.config() });
});
afterAll(async () => {
  await sso.stop();
  await provider.stop();
});
afterEach(() => {
  provider.wrong = {};
});

const seconds = (): number => Math.floor(Date.now() / 1000);
const html = '<!doctype html><title>Please wait</title>';
const unsigned = (claims: object, header: object): string =>
  [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
const asText =
  (status: number, body: unknown, type?: string) =>
  (response: Parameters<typeof send>[0]): void =>
    send(response, status, body, type);

/**
 * The OpenID Foundation's tests of relying parties, by their official ids, and beside them what the same clauses say
 * in further variants. Each is one thing that the provider does wrong, and the code under which it is refused.
 */
const REFUSED: readonly [id: string, variant: string, Misbehaviour, LoginFaultCode][] = [
  [
    'oidcc-client-test-invalid-iss',
    'another issuer',
    { claims: { iss: 'https://other.example' } },
    'iss-claim-wrong',
  ],
  [
    'oidcc-client-test-invalid-iss',
    'a slash more',
    { claims: { iss: 'http://127.0.0.1/' } },
    'iss-claim-wrong',
  ],
  ['oidcc-client-test-missing-iss', 'no issuer', { claims: { iss: undefined } }, 'iss-claim-missing'],
  ['oidcc-client-test-missing-sub', 'no subject', { claims: { sub: undefined } }, 'sub-missing'],
  ['oidcc-client-test-missing-sub', 'an empty subject', { claims: { sub: '' } }, 'sub-malformed'],
  ['oidcc-client-test-missing-sub', 'a number', { claims: { sub: 7 } }, 'claim-malformed'],
  ['oidcc-client-test-missing-sub', '256 characters', { claims: { sub: 'x'.repeat(256) } }, 'sub-malformed'],
  ['oidcc-client-test-missing-aud', 'no audience', { claims: { aud: undefined } }, 'aud-missing'],
  ['oidcc-client-test-invalid-aud', 'another client', { claims: { aud: 'another' } }, 'aud-wrong'],
  ['oidcc-client-test-invalid-aud', 'others only', { claims: { aud: ['a', 'b'] } }, 'aud-wrong'],
  ['oidcc-client-test-invalid-aud', 'an empty list', { claims: { aud: [] } }, 'aud-wrong'],
  ['oidcc-client-test-invalid-aud', 'a number', { claims: { aud: 1 } }, 'claim-malformed'],
  [
    'oidcc-client-test-invalid-azp',
    'several audiences, no azp',
    { claims: { aud: ['foyer', 'b'] } },
    'azp-missing',
  ],
  [
    'oidcc-client-test-invalid-azp',
    'azp of another',
    { claims: { aud: ['foyer', 'b'], azp: 'b' } },
    'azp-wrong',
  ],
  ['oidcc-client-test-invalid-azp', 'one audience, azp of another', { claims: { azp: 'b' } }, 'azp-wrong'],
  ['oidcc-client-test-missing-iat', 'no time of issue', { claims: { iat: undefined } }, 'iat-missing'],
  ['oidcc-client-test-missing-iat', 'a text', { claims: { iat: 'now' } }, 'claim-malformed'],
  ['oidcc-client-test-invalid-iat', 'an hour ago', { claims: { iat: seconds() - 3_600 } }, 'iat-far'],
  ['oidcc-client-test-invalid-iat', 'in an hour', { claims: { iat: seconds() + 3_600 } }, 'iat-far'],
  ['oidcc-client-test-missing-exp', 'no end', { claims: { exp: undefined } }, 'exp-missing'],
  ['oidcc-client-test-expired', 'expired', { claims: { exp: seconds() - 60 } }, 'exp-past'],
  ['oidcc-client-test-expired', 'a text', { claims: { exp: '2099' } }, 'claim-malformed'],
  [
    'oidcc-client-test-not-yet-valid',
    'not before tomorrow',
    { claims: { nbf: seconds() + 86_400 } },
    'nbf-future',
  ],
  ['oidcc-client-test-nonce-invalid', 'another nonce', { claims: { nonce: 'another' } }, 'nonce-wrong'],
  ['oidcc-client-test-nonce-invalid', 'no nonce', { claims: { nonce: undefined } }, 'nonce-missing'],
  ['oidcc-client-test-nonce-invalid', 'a nonce in capitals', { claims: { nonce: 'ABC' } }, 'nonce-wrong'],
  [
    'oidcc-client-test-invalid-athash',
    'of another token',
    { claims: { at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' } },
    'at-hash-wrong',
  ],
  ['oidcc-client-test-invalid-athash', 'an empty one', { claims: { at_hash: '' } }, 'at-hash-wrong'],
  [
    'oidcc-client-test-invalid-athash',
    'of another access token',
    { tokens: { access_token: 'swapped' } },
    'at-hash-wrong',
  ],
  [
    'oidcc-client-test-invalid-sig-rs256',
    'another key under this id',
    { signsWith: 'other' },
    'signature-wrong',
  ],
  [
    'oidcc-client-test-invalid-sig-rs256',
    'claims changed after signing',
    {
      idToken: async (claims, self) => {
        const [header, , signature] = (await self.sign(claims)).split('.');
        const changed = Buffer.from(JSON.stringify({ ...claims, groups: ['a'] })).toString('base64url');
        return [header, changed, signature].join('.');
      },
    },
    'signature-wrong',
  ],
  [
    'oidcc-client-test-invalid-sig-rs256',
    'no signature',
    { idToken: async (claims, self) => `${(await self.sign(claims)).split('.').slice(0, 2).join('.')}.` },
    'signature-wrong',
  ],
  [
    'oidcc-client-test-idtoken-sig-none',
    'alg none',
    { idToken: (claims) => `${unsigned(claims, { alg: 'none' })}.` },
    'alg-none',
  ],
  [
    'oidcc-client-test-idtoken-sig-none',
    'alg nOnE',
    { idToken: (claims) => `${unsigned(claims, { alg: 'nOnE' })}.` },
    'alg-unexpected',
  ],
  [
    'oidcc-client-test-invalid-sig-hs256',
    'signed with the client’s secret',
    { idToken: (claims) => hs256(claims, 'hostile-secret') },
    'alg-unexpected',
  ],
  [
    'oidcc-client-test-invalid-sig-hs256',
    'signed with the public key as secret',
    { idToken: (claims, self) => hs256(claims, JSON.stringify(self.published[0]!.jwk)) },
    'alg-unexpected',
  ],
  [
    'oidcc-client-test-signing-key-unknown',
    'an id nobody published',
    { signsWith: 'unpublished' },
    'key-unknown',
  ],
  [
    'oidcc-client-test-header-crit',
    'an extension that must be understood',
    { idToken: critical },
    'header-critical',
  ],
  ['oidcc-client-test-idtoken-malformed', 'one part', { idToken: () => 'nonsense' }, 'id-token-malformed'],
  [
    'oidcc-client-test-idtoken-malformed',
    'no JSON',
    { idToken: () => 'YWJj.YWJj.YWJj' },
    'id-token-malformed',
  ],
  ['oidcc-client-test-idtoken-malformed', 'a list', { idToken: () => 'W10.W10.eA' }, 'id-token-malformed'],
  ['oidcc-client-test-idtoken-encrypted', 'five parts', { idToken: () => 'a.b.c.d.e' }, 'id-token-encrypted'],
  [
    'oidcc-client-test-idtoken-missing',
    'no ID token',
    { tokens: { id_token: undefined } },
    'id-token-missing',
  ],
  ['oidcc-client-test-idtoken-missing', 'a number', { tokens: { id_token: 1 } }, 'id-token-missing'],
  [
    'oidcc-client-test-token-response',
    'no access token',
    { tokens: { access_token: undefined } },
    'token-malformed',
  ],
  [
    'oidcc-client-test-token-response',
    'no token type',
    { tokens: { token_type: undefined } },
    'token-type-unknown',
  ],
  [
    'oidcc-client-test-token-response',
    'an unknown token type',
    { tokens: { token_type: 'mac' } },
    'token-type-unknown',
  ],
  [
    'oidcc-client-test-token-response',
    'HTML',
    { answers: { token: asText(200, html, 'text/html') } },
    'token-not-json',
  ],
  [
    'oidcc-client-test-token-response',
    'half a JSON',
    { answers: { token: asText(200, '{"access') } },
    'token-not-json',
  ],
  ['oidcc-client-test-token-response', 'a list', { answers: { token: asText(200, []) } }, 'token-malformed'],
  [
    'oidcc-client-test-token-response',
    '500',
    { answers: { token: asText(500, html, 'text/html') } },
    'provider-failing',
  ],
  [
    'oidcc-client-test-token-response',
    'redirected elsewhere',
    {
      answers: {
        token: (response) => response.writeHead(307, { location: 'http://127.0.0.1:9/steal' }).end(),
      },
    },
    'token-redirected',
  ],
  [
    'oidcc-client-test-token-response',
    '2 MB',
    { answers: { token: asText(200, `"${'x'.repeat(2_000_000)}"`) } },
    'answer-too-large',
  ],
  [
    'oidcc-client-test-token-response',
    'the line cut',
    { answers: { token: (r) => void r.destroy() } },
    'provider-unreachable',
  ],
  [
    'oidcc-client-test-token-response',
    'invalid_client',
    { answers: { token: asText(401, { error: 'invalid_client' }) } },
    'client-refused',
  ],
  [
    'oidcc-client-test-code-refused',
    'invalid_grant',
    { answers: { token: asText(400, { error: 'invalid_grant' }) } },
    'code-refused',
  ],
  [
    'oidcc-client-test-userinfo-invalid-sub',
    'another person',
    { userinfo: { sub: 'eve' } },
    'userinfo-sub-wrong',
  ],
  [
    'oidcc-client-test-userinfo-invalid-sub',
    'no subject',
    { userinfo: { sub: undefined } },
    'userinfo-sub-missing',
  ],
  [
    'oidcc-client-test-userinfo-response',
    'HTML',
    { userinfo: asText(200, html, 'text/html') },
    'userinfo-not-json',
  ],
  ['oidcc-client-test-userinfo-response', '401', { userinfo: asText(401, {}) }, 'userinfo-failing'],
  ['oidcc-client-test-userinfo-response', '500', { userinfo: asText(500, {}) }, 'userinfo-failing'],
  [
    'oidcc-client-test-state-missing',
    'no state',
    { callback: (back) => back.delete('state') },
    'state-missing',
  ],
  [
    'oidcc-client-test-state-invalid',
    'another state',
    { callback: (back) => back.set('state', 'x') },
    'state-unknown',
  ],
  [
    'oidcc-client-test-state-invalid',
    'two states',
    { callback: (back) => back.append('state', 'x') },
    'parameter-doubled',
  ],
  ['oidcc-client-test-code-missing', 'no code', { callback: (back) => back.delete('code') }, 'code-missing'],
  [
    'oidcc-client-test-code-missing',
    'two codes',
    { callback: (back) => back.append('code', 'x') },
    'parameter-doubled',
  ],
  [
    'oidcc-client-test-code-injected',
    'a code of another',
    { callback: (back) => back.set('code', 'stolen') },
    'code-refused',
  ],
  [
    'oidcc-client-test-response-type',
    'a token in the address',
    { callback: (back) => back.set('id_token', 'x') },
    'response-unexpected',
  ],
  [
    'oidcc-client-test-response-type',
    'a signed answer',
    { callback: (back) => back.set('response', 'x') },
    'response-unexpected',
  ],
  [
    'oidcc-client-test-authorization-response-iss',
    'another issuer',
    { callback: (back) => back.set('iss', 'https://x.example') },
    'iss-mismatch',
  ],
  [
    'oidcc-client-test-authorization-response-iss',
    'no issuer',
    { callback: (back) => back.delete('iss') },
    'iss-missing',
  ],
  [
    'oidcc-client-test-authorization-error',
    'access_denied',
    { callback: (back) => back.set('error', 'access_denied') },
    'login-declined',
  ],
  [
    'oidcc-client-test-authorization-error',
    'server_error',
    { callback: (back) => back.set('error', 'server_error') },
    'login-refused',
  ],
];

async function critical(claims: Record<string, unknown>, self: HostileProvider): Promise<string> {
  const { kid } = self.published[0]!;
  const header = Buffer.from(JSON.stringify({ alg: 'RS256', kid, crit: ['exp'], exp: 1 })).toString(
    'base64url',
  );
  return [header, ...(await self.sign(claims)).split('.').slice(1)].join('.');
}

async function hs256(claims: Record<string, unknown>, secret: string): Promise<string> {
  const { createHmac } = await import('node:crypto');
  const input = unsigned(claims, { alg: 'HS256' });
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

describe('A provider that does wrong is refused, with a reason in the log and a calm page', () => {
  it.each(REFUSED)('%s: %s', async (_id, _variant, wrong, code) => {
    const browser = sso.browser();
    provider.wrong = wrong;
    const before = sso.refusals.length;
    const done = await sso.logIn(browser, provider);
    const [line] = sso.refusals.slice(before);
    expect(line?.code).toBe(code);
    expect(browser.login).toBeUndefined();
    expect(done.text).toContain(String(line?.reference));
    expect(done.text).toContain('Begin again');
    expect(done.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(JSON.stringify(line)).not.toMatch(/ada@|eyJ|hostile-secret/);
    expect(Object.keys(LOGIN_FAULTS)).toContain(code);
  });

  it('counts at least sixty ways', () => {
    expect(REFUSED.length).toBeGreaterThanOrEqual(60);
  });

  it('is believed again as soon as it does right', async () => {
    expect((await sso.logIn(sso.browser(), provider)).status).toBe(303);
  });
});
