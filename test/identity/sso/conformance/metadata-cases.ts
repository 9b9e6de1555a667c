import type { ServerResponse } from 'node:http';
import type { Misbehaviour } from '../hostile-provider.js';
import { answer, cut, elsewhere, html, large, silent } from './answer-cases.js';
import type { Case } from './id-token-cases.js';

const metadata = (changed: Record<string, unknown>): Misbehaviour => ({ metadata: changed });
const discovery = (own: (response: ServerResponse) => void): Misbehaviour => ({
  answers: { discovery: own },
});
const jwks = (own: (response: ServerResponse) => void): Misbehaviour => ({ answers: { jwks: own } });

/** What a provider that was never asked before can say wrongly of itself, and of its keys. */
export const METADATA_CASES: readonly Case[] = [
  [
    'oidcc-client-test-discovery-issuer-mismatch',
    'another issuer',
    metadata({ issuer: 'https://other.example' }),
    'discovery-issuer-wrong',
  ],
  [
    'oidcc-client-test-invalid-sig-hs256',
    'only shared secrets sign',
    metadata({ id_token_signing_alg_values_supported: ['HS256', 'none'] }),
    'alg-unexpected',
  ],
  ['foyer-discovery', 'HTML', discovery(html()), 'discovery-not-json'],
  ['foyer-discovery', 'half a JSON', discovery(answer(200, '{"issuer')), 'discovery-not-json'],
  ['foyer-discovery', 'a list', discovery(answer(200, [])), 'discovery-malformed'],
  ['foyer-discovery', 'nothing there', discovery(html(404)), 'provider-failing'],
  ['foyer-discovery', '500', discovery(html(500)), 'provider-failing'],
  ['foyer-discovery', 'redirected elsewhere', discovery(elsewhere), 'provider-failing'],
  ['foyer-discovery', '2 MB', discovery(large), 'answer-too-large'],
  ['foyer-discovery', 'the line cut', discovery(cut), 'provider-unreachable'],
  ['foyer-discovery', 'silence', discovery(silent), 'provider-slow'],
  ['foyer-metadata', 'no token endpoint', metadata({ token_endpoint: undefined }), 'endpoint-missing'],
  ['foyer-metadata', 'a number for keys', metadata({ jwks_uri: 7 }), 'discovery-malformed'],
  [
    'foyer-metadata',
    'the token endpoint on plain http elsewhere',
    metadata({ token_endpoint: 'http://idp.example/token' }),
    'endpoint-insecure',
  ],
  [
    'foyer-metadata',
    'code challenges, but plain',
    metadata({ code_challenge_methods_supported: ['plain'] }),
    'pkce-unsupported',
  ],
  ['foyer-keys', 'HTML', jwks(html()), 'keys-not-json'],
  ['foyer-keys', 'no list', jwks(answer(200, {})), 'keys-malformed'],
  ['foyer-keys', 'none in it', { keys: [] }, 'key-unknown'],
  ['foyer-keys', '500', jwks(html(500)), 'provider-failing'],
  ['foyer-keys', 'redirected elsewhere', jwks(elsewhere), 'provider-failing'],
  ['foyer-keys', '2 MB', jwks(large), 'answer-too-large'],
  ['foyer-keys', 'the line cut', jwks(cut), 'provider-unreachable'],
  ['foyer-keys', 'silence', jwks(silent), 'provider-slow'],
];
