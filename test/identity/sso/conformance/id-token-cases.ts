import { createHmac } from 'node:crypto';
import type { LoginFaultCode } from '../../../../src/identity/login-fault.js';
import type { HostileProvider, Misbehaviour } from '../hostile-provider.js';
import type { TestId } from './plans.js';

/** One thing that the provider does wrong, and the code under which it is refused. */
export type Case = readonly [id: TestId, variant: string, Misbehaviour, LoginFaultCode];

const seconds = (): number => Math.floor(Date.now() / 1000);
const claims = (changed: Record<string, unknown>): Misbehaviour => ({ claims: changed });
/** As the Foundation's suite spoils a claim. */
const withOneMore = (name: string): Misbehaviour => ({
  claims: (right) => ({ [name]: `${right[name] as string}1` }),
});

type Json = Record<string, unknown>;
const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

async function signed(right: Json, self: HostileProvider): Promise<[string, string, string]> {
  return (await self.sign(right)).split('.') as [string, string, string];
}

function hs256(right: Json, secret: string): string {
  const input = `${encoded({ alg: 'HS256' })}.${encoded(right)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

/** The same token, with other bytes as its signature. */
export async function spoiled(token: Promise<string>): Promise<string> {
  const [header, body, signature] = (await token).split('.');
  const bytes = Buffer.from(signature!, 'base64url').map((byte) => byte ^ 0x5a);
  return [header, body, Buffer.from(bytes).toString('base64url')].join('.');
}

/** What an ID token can say wrongly, and how it can be signed wrongly. */
export const ID_TOKEN_CASES: readonly Case[] = [
  ['oidcc-client-test-invalid-iss', 'the issuer and a 1', withOneMore('iss'), 'iss-claim-wrong'],
  ['foyer-iss', 'another issuer', claims({ iss: 'https://other.example' }), 'iss-claim-wrong'],
  ['foyer-iss', 'a slash more', { claims: ({ iss }) => ({ iss: `${String(iss)}/` }) }, 'iss-claim-wrong'],
  ['foyer-iss', 'none', claims({ iss: undefined }), 'iss-claim-missing'],
  ['oidcc-client-test-missing-sub', 'none', claims({ sub: undefined }), 'sub-missing'],
  ['foyer-sub', 'an empty one', claims({ sub: '' }), 'sub-malformed'],
  ['foyer-sub', 'a number', claims({ sub: 7 }), 'claim-malformed'],
  ['foyer-sub', '256 characters', claims({ sub: 'x'.repeat(256) }), 'sub-malformed'],
  ['oidcc-client-test-invalid-aud', 'the client and a 1', withOneMore('aud'), 'aud-wrong'],
  ['oidcc-client-test-missing-aud', 'none', claims({ aud: undefined }), 'aud-missing'],
  ['foyer-aud', 'others only', claims({ aud: ['a', 'b'] }), 'aud-wrong'],
  ['foyer-aud', 'an empty list', claims({ aud: [] }), 'aud-wrong'],
  ['foyer-aud', 'a number', claims({ aud: 1 }), 'claim-malformed'],
  ['foyer-azp', 'several audiences, no azp', claims({ aud: ['foyer', 'b'] }), 'azp-missing'],
  ['foyer-azp', 'of another', claims({ aud: ['foyer', 'b'], azp: 'b' }), 'azp-wrong'],
  ['foyer-azp', 'one audience, azp of another', claims({ azp: 'b' }), 'azp-wrong'],
  ['oidcc-client-test-missing-iat', 'none', claims({ iat: undefined }), 'iat-missing'],
  ['foyer-iat', 'a text', claims({ iat: 'now' }), 'claim-malformed'],
  ['foyer-iat', 'an hour ago', claims({ iat: seconds() - 3_600 }), 'iat-far'],
  ['foyer-iat', 'in an hour', claims({ iat: seconds() + 3_600 }), 'iat-far'],
  ['foyer-exp', 'none', claims({ exp: undefined }), 'exp-missing'],
  ['foyer-exp', 'a minute ago', claims({ exp: seconds() - 60 }), 'exp-past'],
  ['foyer-exp', 'a text', claims({ exp: '2099' }), 'claim-malformed'],
  ['foyer-nbf', 'tomorrow', claims({ nbf: seconds() + 86_400 }), 'nbf-future'],
  ['oidcc-client-test-nonce-invalid', 'the nonce and a 1', withOneMore('nonce'), 'nonce-wrong'],
  ['foyer-nonce', 'none', claims({ nonce: undefined }), 'nonce-missing'],
  ['foyer-nonce', 'another', claims({ nonce: 'another' }), 'nonce-wrong'],
  ['oidcc-client-test-invalid-athash', 'the hash and a 1', withOneMore('at_hash'), 'at-hash-wrong'],
  ['foyer-at-hash', 'an empty one', claims({ at_hash: '' }), 'at-hash-wrong'],
  ['foyer-at-hash', 'another access token', { tokens: { access_token: 'swapped' } }, 'at-hash-wrong'],
  [
    'oidcc-client-test-invalid-sig-rs256',
    'a signature with other bytes',
    { idToken: (right, self) => spoiled(self.sign(right)) },
    'signature-wrong',
  ],
  ['foyer-signature', 'another key under this id', { signsWith: 'other' }, 'signature-wrong'],
  [
    'foyer-signature',
    'claims changed after signing',
    {
      idToken: async (right, self) => {
        const [header, , signature] = await signed(right, self);
        return [header, encoded({ ...right, groups: ['a'] }), signature].join('.');
      },
    },
    'signature-wrong',
  ],
  [
    'foyer-signature',
    'none',
    { idToken: async (right, self) => `${(await signed(right, self)).slice(0, 2).join('.')}.` },
    'signature-wrong',
  ],
  ['foyer-signature', 'of a key that nobody published', { signsWith: 'unpublished' }, 'key-unknown'],
  [
    'oidcc-client-test-idtoken-sig-none',
    'alg none',
    { idToken: (right) => `${encoded({ alg: 'none' })}.${encoded(right)}.` },
    'alg-none',
  ],
  [
    'foyer-alg',
    'nOnE',
    { idToken: (right) => `${encoded({ alg: 'nOnE' })}.${encoded(right)}.` },
    'alg-unexpected',
  ],
  [
    'foyer-alg',
    'HS256 with the client’s secret',
    { idToken: (right) => hs256(right, 'hostile-secret') },
    'alg-unexpected',
  ],
  [
    'foyer-alg',
    'HS256 with the public key as secret',
    { idToken: (right, self) => hs256(right, JSON.stringify(self.published[0]!.jwk)) },
    'alg-unexpected',
  ],
  [
    'foyer-header',
    'an extension that must be understood',
    {
      idToken: async (right, self) => {
        const { kid } = self.published[0]!;
        const header = encoded({ alg: 'RS256', kid, crit: ['exp'], exp: 1 });
        return [header, ...(await signed(right, self)).slice(1)].join('.');
      },
    },
    'header-critical',
  ],
  ['foyer-id-token', 'one part', { idToken: () => 'nonsense' }, 'id-token-malformed'],
  ['foyer-id-token', 'no JSON', { idToken: () => 'YWJj.YWJj.YWJj' }, 'id-token-malformed'],
  ['foyer-id-token', 'a list', { idToken: () => 'W10.W10.eA' }, 'id-token-malformed'],
  ['foyer-id-token', 'encrypted', { idToken: () => 'a.b.c.d.e' }, 'id-token-encrypted'],
  ['foyer-id-token', 'none', { tokens: { id_token: undefined } }, 'id-token-missing'],
  ['foyer-id-token', 'a number', { tokens: { id_token: 1 } }, 'id-token-missing'],
];
