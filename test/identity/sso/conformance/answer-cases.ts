import type { ServerResponse } from 'node:http';
import { type Misbehaviour, send } from '../hostile-provider.js';
import type { Case } from './id-token-cases.js';

const HTML = '<!doctype html><title>Please wait</title>';

/** An answer that is sent as it is. */
export const answer =
  (status: number, body: unknown, type?: string) =>
  (response: ServerResponse): void =>
    send(response, status, body, type);
export const html = (status = 200) => answer(status, HTML, 'text/html');
export const large = answer(200, `"${'x'.repeat(2_000_000)}"`);
export const cut = (response: ServerResponse): void => void response.destroy();
export const elsewhere = (response: ServerResponse): void =>
  void response.writeHead(307, { location: 'http://127.0.0.1:9/steal' }).end();
/** Nothing comes, for longer than anybody waits. */
export const silent = (): void => undefined;

const token = (own: (response: ServerResponse) => void): Misbehaviour => ({ answers: { token: own } });
const back = (change: (parameters: URLSearchParams) => void): Misbehaviour => ({ callback: change });

/** What the token and userinfo endpoints can answer wrongly, and what a browser can bring back. */
export const ANSWER_CASES: readonly Case[] = [
  ['foyer-token', 'no access token', { tokens: { access_token: undefined } }, 'token-malformed'],
  ['foyer-token', 'no token type', { tokens: { token_type: undefined } }, 'token-type-unknown'],
  ['foyer-token', 'an unknown token type', { tokens: { token_type: 'mac' } }, 'token-type-unknown'],
  ['foyer-token', 'HTML', token(html()), 'token-not-json'],
  ['foyer-token', 'half a JSON', token(answer(200, '{"access')), 'token-not-json'],
  ['foyer-token', 'a list', token(answer(200, [])), 'token-malformed'],
  ['foyer-token', '500', token(html(500)), 'provider-failing'],
  ['foyer-token', 'redirected elsewhere', token(elsewhere), 'token-redirected'],
  ['foyer-token', '2 MB', token(large), 'answer-too-large'],
  ['foyer-token', 'the line cut', token(cut), 'provider-unreachable'],
  ['foyer-token', 'silence', token(silent), 'provider-slow'],
  ['foyer-token', 'invalid_client', token(answer(401, { error: 'invalid_client' })), 'client-refused'],
  ['foyer-token', 'invalid_grant', token(answer(400, { error: 'invalid_grant' })), 'code-refused'],
  [
    'oidcc-client-test-userinfo-invalid-sub',
    'of another person',
    { userinfo: { sub: 'adainvalid' } },
    'userinfo-sub-wrong',
  ],
  ['foyer-userinfo', 'no subject', { userinfo: { sub: undefined } }, 'userinfo-sub-missing'],
  ['foyer-userinfo', 'HTML', { userinfo: html() }, 'userinfo-not-json'],
  ['foyer-userinfo', '401', { userinfo: answer(401, {}) }, 'userinfo-failing'],
  ['foyer-userinfo', '500', { userinfo: answer(500, {}) }, 'userinfo-failing'],
  ['foyer-userinfo', 'the line cut', { userinfo: cut }, 'provider-unreachable'],
  ['foyer-state', 'none', back((given) => given.delete('state')), 'state-missing'],
  ['foyer-state', 'another', back((given) => given.set('state', 'x')), 'state-unknown'],
  ['foyer-state', 'two', back((given) => given.append('state', 'x')), 'parameter-doubled'],
  ['foyer-code', 'none', back((given) => given.delete('code')), 'code-missing'],
  ['foyer-code', 'two', back((given) => given.append('code', 'x')), 'parameter-doubled'],
  ['foyer-code', 'of another', back((given) => given.set('code', 'stolen')), 'code-refused'],
  [
    'foyer-response',
    'a token in the address',
    back((given) => given.set('id_token', 'x')),
    'response-unexpected',
  ],
  ['foyer-response', 'a signed answer', back((given) => given.set('response', 'x')), 'response-unexpected'],
  ['foyer-response-iss', 'another', back((given) => given.set('iss', 'https://x.example')), 'iss-mismatch'],
  ['foyer-response-iss', 'none', back((given) => given.delete('iss')), 'iss-missing'],
  [
    'foyer-response-error',
    'access_denied',
    back((given) => given.set('error', 'access_denied')),
    'login-declined',
  ],
  [
    'foyer-response-error',
    'server_error',
    back((given) => given.set('error', 'server_error')),
    'login-refused',
  ],
];
