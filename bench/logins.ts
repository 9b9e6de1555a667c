import { mkdtempSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { loginCheck } from './login-check.js';
import { type Load, loadOf } from './open-sockets.js';
import { startNode } from './processes.js';
import { Stage } from './stage.js';
import { median, type Table, table } from './table.js';

const ROUNDS = 3;
const LOGINS = 1_500;
const WARM_LOGINS = 300;
const AT_ONCE = 32;
const NAME = 'bench';

/** A login that has begun: the browser is at the provider, which knows the answer. */
interface Begun {
  readonly state: string;
  readonly nonce: string;
  readonly cookie: string;
  readonly callback: string;
  readonly idToken: string;
}

/** Logins through the callback, each with a person of its own, beside the same answers judged by the library alone. */
export function logins(): Promise<Table[]> {
  return Stage.with(async (stage) => {
    const provider = await startNode([path.join(import.meta.dirname, 'login-provider.js')], {}, ({ url }) =>
      String(url),
    );
    try {
      const api = await stage.start('api', { FOYER_IDENTITY_PROVIDERS_FILE: providersFile(provider.url) });
      const judge = await library(provider.url, api.url);
      const keys = createRemoteJWKSet(new URL(`${provider.url}/jwks`));
      const expected = { issuer: provider.url, audience: 'foyer' };
      const verify = (begun: Begun): Promise<unknown> => jwtVerify(begun.idToken, keys, expected);
      const complete = (begun: Begun): Promise<void> => call(api.url, begun);
      const [ours, bare, signatures]: [Load[], Load[], Load[]] = [[], [], []];
      const warm = await beginAll(WARM_LOGINS, api.url, provider.url);
      for (const work of [complete, judge, verify]) await timed(warm, work);
      for (let round = 0; round < ROUNDS; round++) {
        const begun = await beginAll(LOGINS, api.url, provider.url);
        ours.push(await timed(begun, complete));
        bare.push(await timed(begun, judge));
        signatures.push(await timed(begun, verify));
      }
      return [
        table(
          `Logins through the callback, ${AT_ONCE} at once, RS256: the code redeemed, the ID token judged, the login stored`,
          ['', 'per second', 'p50 ms', 'p99 ms', 'failed', 'Foyer ÷ it'],
          [
            row('Foyer', ours, ours),
            row('openid-client alone: no server, nothing stored', bare, ours),
            row('jose alone: the signature and claims', signatures, ours),
          ],
        ),
        await loginCheck(stage),
      ];
    } finally {
      await provider.stop();
    }
  });
}

function providersFile(issuer: string): string {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'foyer-bench-')), 'identity.yaml');
  const roles = { claim: 'groups', viewer: ['foyer-viewers'] };
  writeFileSync(
    file,
    JSON.stringify({ [NAME]: { issuer, clientId: 'foyer', clientSecret: 'secret', roles } }),
  );
  return file;
}

async function beginAll(count: number, api: string, provider: string): Promise<Begun[]> {
  const begun: Begun[] = [];
  let left = count;
  const one = async (): Promise<void> => {
    while (left-- > 0) begun.push(await begin(api, provider));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return begun;
}

async function begin(api: string, provider: string): Promise<Begun> {
  const { headers } = await get(`${api}/sso/${NAME}/login`);
  const asked = new URL(headers.location!).searchParams;
  const [state, nonce] = [asked.get('state')!, asked.get('nonce')!];
  const { text } = await get(`${provider}/code?nonce=${nonce}`);
  const { code, idToken } = JSON.parse(text) as { code: string; idToken: string };
  const callback = `/sso/${NAME}/callback?${new URLSearchParams({ code, state, iss: provider })}`;
  const cookie = headers['set-cookie']![0]!.split(';')[0]!;
  return { state, nonce, cookie, callback, idToken };
}

async function call(api: string, { callback, cookie }: Begun): Promise<void> {
  const { headers } = await get(api + callback, cookie);
  if (!headers['set-cookie']?.[0]?.startsWith('foyer-login=')) throw new Error('no login was opened');
}

/** What Foyer lets the library do, and nothing else. */
async function library(issuer: string, api: string): Promise<(begun: Begun) => Promise<unknown>> {
  const configuration = await client.discovery(new URL(issuer), 'foyer', 'secret', undefined, {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- on this machine.
    execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
  });
  return ({ callback, state, nonce }) =>
    client.authorizationCodeGrant(configuration, new URL(callback, api), {
      expectedState: state,
      expectedNonce: nonce,
      // The provider of the benchmark takes any.
      pkceCodeVerifier: client.randomPKCECodeVerifier(),
      idTokenExpected: true,
    });
}

async function timed(begun: readonly Begun[], work: (one: Begun) => Promise<unknown>): Promise<Load> {
  const left = [...begun];
  const took: number[] = [];
  let failed = 0;
  const began = performance.now();
  const one = async (): Promise<void> => {
    for (let next = left.pop(); next; next = left.pop()) {
      const start = performance.now();
      await work(next).catch(() => (failed += 1));
      took.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return loadOf(took, failed, performance.now() - began);
}

function row(name: string, loads: readonly Load[], ours: readonly Load[]): (string | number)[] {
  const of = (pick: (load: Load) => number): number => median(loads.map(pick));
  const ratio = median(ours.map((load, i) => load.perSecond / loads[i]!.perSecond));
  const failed = String(loads.reduce((sum, load) => sum + load.failed, 0));
  return [
    name,
    of((l) => l.perSecond),
    of((l) => l.p50Ms),
    of((l) => l.p99Ms),
    failed,
    `${ratio.toFixed(2)}×`,
  ];
}

const agent = new http.Agent({ keepAlive: true });

function get(url: string, cookie = ''): Promise<{ headers: http.IncomingHttpHeaders; text: string }> {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent, headers: cookie ? { cookie } : {} }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ headers: response.headers, text }));
    });
    request.on('error', reject);
  });
}
