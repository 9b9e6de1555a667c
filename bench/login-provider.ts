/**
 * An identity provider that costs little while it is measured against: it signs each ID token when the login begins, and
 * only hands it out when the code comes.
 */
import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const KID = 'bench';
const TOKEN_SECONDS = 3_600;
const ACCESS_TOKEN = 'access-token-of-the-benchmark';
const AT_HASH = createHash('sha256').update(ACCESS_TOKEN).digest().subarray(0, 16).toString('base64url');

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwk = { ...publicKey.export({ format: 'jwk' }), kid: KID, use: 'sig', alg: 'RS256' };
const answers = new Map<string, string>();

const server = createServer((request, response) => {
  const url = new URL(request.url!, issuer());
  const send = (body: unknown): void => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
  if (url.pathname === '/token') {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => send(answers.get(new URLSearchParams(text).get('code')!)!));
  } else if (url.pathname === '/code') send(newCode(url.searchParams.get('nonce')!));
  else send(url.pathname === '/jwks' ? { keys: [jwk] } : metadata());
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ url: issuer() })));

function newCode(nonce: string): { code: string; idToken: string } {
  const code = randomUUID();
  const now = Math.floor(Date.now() / 1000);
  const idToken = signed({
    iss: issuer(),
    aud: 'foyer',
    sub: code,
    nonce,
    iat: now,
    auth_time: now,
    exp: now + TOKEN_SECONDS,
    at_hash: AT_HASH,
    sid: randomUUID(),
    email: `${code}@example.org`,
    given_name: 'Ada',
    family_name: 'Lovelace',
    groups: ['staff', 'foyer-viewers'],
  });
  const tokens = { access_token: ACCESS_TOKEN, token_type: 'Bearer', expires_in: 60, id_token: idToken };
  answers.set(code, JSON.stringify(tokens));
  return { code, idToken };
}

function signed(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${part({ alg: 'RS256', kid: KID, typ: 'JWT' })}.${part(claims)}`;
  return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`;
}

function issuer(): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function metadata(): object {
  return {
    issuer: issuer(),
    authorization_endpoint: `${issuer()}/authorize`,
    token_endpoint: `${issuer()}/token`,
    jwks_uri: `${issuer()}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
  };
}
