import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTHeaderParameters,
  SignJWT,
} from 'jose';

type Json = Record<string, unknown>;

/** What it does wrong, until told otherwise; nothing set is a provider without fault. */
export interface Misbehaviour {
  /** Changes the ID token's claims; undefined takes one away. */
  claims?: Json | ((right: Json) => Json);
  header?: Json;
  /** Makes the whole ID token. */
  idToken?: (claims: Json, self: HostileProvider) => Promise<string> | string;
  /** Changes the token endpoint's answer. */
  tokens?: Json;
  userinfo?: Json | ((response: ServerResponse) => void);
  /** The key set, instead of the published keys. */
  keys?: unknown[];
  metadata?: Json;
  /** Changes what the browser brings back. */
  callback?: (parameters: URLSearchParams) => void;
  /** Answers an endpoint in its own way. */
  answers?: Partial<Record<Endpoint, (response: ServerResponse, request: IncomingMessage) => void>>;
  /** Signs with a key that is not among the published ones. */
  signsWith?: 'unpublished' | 'other';
}

export type Endpoint = 'discovery' | 'jwks' | 'token' | 'userinfo';

export interface Key {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

/** An identity provider that does what it is told, wrong things too. Only for tests: it asks nobody for a password. */
export class HostileProvider {
  wrong: Misbehaviour = {};
  readonly calls: Endpoint[] = [];
  /** The body of each token request. */
  readonly tokenRequests: URLSearchParams[] = [];
  /** `Authorization` of each request, by endpoint. */
  readonly authorizations: [Endpoint, string | undefined][] = [];
  published: Key[];
  private readonly codes = new Map<string, { nonce: string; challenge: string }>();

  private constructor(
    private readonly server: Server,
    private key: Key,
    private readonly stranger: Key,
    readonly clientId: string,
  ) {
    this.published = [key];
  }

  static async start(clientId = 'foyer'): Promise<HostileProvider> {
    const [key, stranger] = await Promise.all([newKey(), newKey()]);
    const server = createServer();
    const self = new HostileProvider(server, key, stranger, clientId);
    server.on('request', (request, response) => void self.serve(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return self;
  }

  get issuer(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The settings that make Foyer believe in it. */
  config(more: Json = {}): Json {
    return {
      title: 'Hostile Works',
      issuer: this.issuer,
      clientId: this.clientId,
      clientSecret: 'hostile-secret',
      userinfo: true,
      roles: { claim: 'groups', viewer: ['v'], engineer: ['e'], operator: ['o'], admin: ['a'] },
      ...more,
    };
  }

  /** Whoever is at its door logs in at once. @returns where it sends the browser */
  authorize(location: string): string {
    const asked = new URL(location).searchParams;
    const code = randomUUID();
    this.codes.set(code, { nonce: asked.get('nonce')!, challenge: asked.get('code_challenge')! });
    const back = new URL(asked.get('redirect_uri')!);
    back.searchParams.set('code', code);
    back.searchParams.set('state', asked.get('state')!);
    back.searchParams.set('iss', this.issuer);
    this.wrong.callback?.(back.searchParams);
    return back.href;
  }

  /** Signs with another key from now on, and publishes that instead. */
  async rotate(): Promise<void> {
    const old = this.key;
    this.key = await newKey();
    this.published = this.published.map((key) => (key === old ? this.key : key));
  }

  async sign(claims: Json, header: Json = {}, key: Key = this.key): Promise<string> {
    const present = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
    const full = { alg: key.jwk.alg, kid: key.kid, ...header } as JWTHeaderParameters;
    const kept = Object.fromEntries(Object.entries(full).filter(([, value]) => value !== undefined));
    return new SignJWT(present).setProtectedHeader(kept as JWTHeaderParameters).sign(key.privateKey);
  }

  /** A logout token, right unless told otherwise. */
  logoutToken(claims: Json = {}, header: Json = {}, key: Key = this.key): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const right = {
      iss: this.issuer,
      aud: this.clientId,
      iat: now,
      exp: now + 120,
      jti: randomUUID(),
      sub: 'ada',
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    };
    return this.sign({ ...right, ...claims }, { typ: 'logout+jwt', ...header }, key);
  }

  get foreignKey(): Key {
    return this.stranger;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url!.split('?')[0]!;
    const endpoint = ENDPOINTS[path];
    if (!endpoint) {
      send(response, 404, { error: 'nothing here' });
      return;
    }
    this.calls.push(endpoint);
    this.authorizations.push([endpoint, request.headers.authorization]);
    const own = this.wrong.answers?.[endpoint];
    if (own) {
      own(response, request);
      return;
    }
    if (endpoint === 'discovery') {
      send(response, 200, { ...this.metadata(), ...this.wrong.metadata });
      return;
    }
    if (endpoint === 'jwks') {
      send(response, 200, { keys: this.wrong.keys ?? this.published.map(({ jwk }) => jwk) });
      return;
    }
    if (endpoint === 'token') return this.redeem(await bodyOf(request), response);
    const { userinfo } = this.wrong;
    if (typeof userinfo === 'function') {
      userinfo(response);
      return;
    }
    send(response, 200, { ...PERSON, ...userinfo });
  }

  private async redeem(form: URLSearchParams, response: ServerResponse): Promise<void> {
    this.tokenRequests.push(form);
    const code = this.codes.get(form.get('code') ?? '');
    const verifier = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (!code || code.challenge !== verifier) {
      send(response, 400, { error: 'invalid_grant' });
      return;
    }
    const now = Math.floor(Date.now() / 1000);
    const accessToken = 'access-token-of-the-tests';
    const right = {
      iss: this.issuer,
      aud: this.clientId,
      sub: 'ada',
      sid: 'provider-session',
      iat: now,
      exp: now + 300,
      auth_time: now,
      nonce: code.nonce,
      at_hash: createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url'),
    };
    const { claims: wrong = {} } = this.wrong;
    const claims: Json = { ...right, ...(typeof wrong === 'function' ? wrong(right) : wrong) };
    const key = this.wrong.signsWith === 'other' ? { ...this.stranger, kid: this.key.kid } : this.key;
    const signing = this.wrong.signsWith === 'unpublished' ? this.stranger : key;
    const idToken = this.wrong.idToken
      ? await this.wrong.idToken(claims, this)
      : await this.sign(claims, this.wrong.header, signing);
    const answer = { access_token: accessToken, token_type: 'Bearer', expires_in: 60, id_token: idToken };
    send(response, 200, { ...answer, ...this.wrong.tokens });
  }

  private metadata(): Json {
    return {
      issuer: this.issuer,
      authorization_endpoint: `${this.issuer}/authorize`,
      token_endpoint: `${this.issuer}/token`,
      userinfo_endpoint: `${this.issuer}/userinfo`,
      jwks_uri: `${this.issuer}/jwks`,
      end_session_endpoint: `${this.issuer}/end-session`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256', 'ES256', 'HS256', 'none'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      backchannel_logout_supported: true,
    };
  }
}

const ENDPOINTS: Record<string, Endpoint> = {
  '/.well-known/openid-configuration': 'discovery',
  '/jwks': 'jwks',
  '/token': 'token',
  '/userinfo': 'userinfo',
};

const PERSON = {
  sub: 'ada',
  email: 'ada@example.org',
  given_name: 'Ada',
  family_name: 'Lovelace',
  groups: ['everyone'],
};

export function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  type = 'application/json',
): void {
  response.writeHead(status, { 'content-type': type });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<URLSearchParams> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return new URLSearchParams(text);
}

export async function newKey(alg = 'RS256'): Promise<Key> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const kid = randomUUID();
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig', alg } };
}
