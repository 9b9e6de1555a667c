import { type HostileProvider, type Key } from '../hostile-provider.js';
import type { TestId } from './plans.js';

const seconds = (): number => Math.floor(Date.now() / 1000);
type Json = Record<string, unknown>;

/** Makes a token with one thing wrong. @param stranger a key of another algorithm, which is published too */
type Forge = (provider: HostileProvider, stranger: Key) => Promise<string>;

const claims =
  (changed: Json, header: Json = {}): Forge =>
  (provider) =>
    provider.logoutToken(changed, header);

async function unsigned(provider: HostileProvider): Promise<string> {
  const [, body] = (await provider.logoutToken()).split('.');
  return `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body!}.`;
}

/** Logout tokens that are not obeyed, each with the code in the log. */
export const LOGOUT_TOKEN_CASES: readonly (readonly [id: TestId, variant: string, Forge, code: string])[] = [
  ['oidcc-client-test-rp-backchannel-rpinitlogout-alg-none', 'unsigned', unsigned, 'logout-alg-wrong'],
  [
    'oidcc-client-test-rp-backchannel-rpinitlogout-no-event',
    'no events',
    claims({ events: undefined }),
    'logout-events-missing',
  ],
  [
    'oidcc-client-test-rp-backchannel-rpinitlogout-with-nonce',
    'a nonce',
    claims({ nonce: 'n' }),
    'logout-nonce-present',
  ],
  [
    'oidcc-client-test-rp-backchannel-rpinitlogout-wrong-alg',
    'ES256 instead of RS256, with a published key',
    (provider, stranger) => provider.logoutToken({}, {}, stranger),
    'logout-alg-wrong',
  ],
  [
    'oidcc-client-test-rp-backchannel-rpinitlogout-wrong-aud',
    'the client and a 1',
    claims({ aud: 'foyer1' }),
    'logout-aud-wrong',
  ],
  [
    'oidcc-client-test-rp-backchannel-rpinitlogout-wrong-event',
    'another event',
    claims({ events: { 'http://schemas.openid.net/event/foobar': {} } }),
    'logout-event-missing',
  ],
  [
    'oidcc-client-test-rp-backchannel-rpinitlogout-wrong-iss',
    'the issuer and a 1',
    (provider) => provider.logoutToken({ iss: `${provider.issuer}1` }),
    'logout-iss-wrong',
  ],
  ['foyer-logout-iat', 'an hour ago', claims({ iat: seconds() - 3_600 }), 'logout-iat-far'],
  ['foyer-logout-exp', 'a minute ago', claims({ exp: seconds() - 60 }), 'logout-exp-past'],
  ['foyer-logout-jti', 'none', claims({ jti: undefined }), 'logout-jti-missing'],
  ['foyer-logout-events', 'an empty object', claims({ events: {} }), 'logout-event-missing'],
  ['foyer-logout-events', 'a list', claims({ events: [] }), 'logout-event-missing'],
  ['foyer-logout-sub', 'nobody named', claims({ sub: undefined }), 'logout-nobody-named'],
  ['foyer-logout-sub', 'a number', claims({ sub: 7 }), 'logout-name-malformed'],
  ['foyer-logout-header', 'of another type', claims({}, { typ: 'at+jwt' }), 'logout-typ-wrong'],
  ['foyer-logout-header', 'an unknown key', claims({}, { kid: 'unknown' }), 'logout-key-unknown'],
  [
    'foyer-logout-signature',
    'of another key under this id',
    (provider) => provider.logoutToken({}, { kid: provider.published[0]!.kid }, provider.foreignKey),
    'logout-signature-wrong',
  ],
  ['foyer-logout-token', 'nonsense', () => Promise.resolve('nonsense'), 'logout-token-malformed'],
  ['foyer-logout-token', 'empty', () => Promise.resolve(''), 'logout-token-missing'],
];
