import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentityProvider, startIdentityProvider } from '../../sandbox/identity/identity-provider.js';
import { runCli } from '../../src/cli/run-cli.js';
import { HostileProvider, send } from '../identity/sso/hostile-provider.js';
import { sandboxConfig, SECRET } from '../identity/sso/sandbox-config.js';
import { providersFile } from '../identity/sso/sso-app.js';

const HERE = 'http://127.0.0.1:3000';
let sandbox: IdentityProvider;
let hostile: HostileProvider;

beforeAll(async () => {
  sandbox = await startIdentityProvider({ clientSecret: SECRET });
  hostile = await HostileProvider.start();
});
afterAll(() => Promise.all([sandbox.stop(), hostile.stop()]));

interface Told {
  readonly ok: boolean;
  readonly keys: number;
  readonly redirectUri: string | null;
  readonly findings: { readonly code: string; readonly message: string }[];
  readonly notes: string[];
}

/** `foyer doctor` of one provider; both forms of its answer. */
async function doctor(
  config: Record<string, unknown>,
  publicUrl = HERE,
): Promise<{ code: number; text: string; told: Told }> {
  const said = async (...more: string[]) => {
    let out = '';
    const file = providersFile({ sandbox: config });
    const stdout = { write: (text: string) => (out += text) };
    const args = ['doctor', 'sandbox', '--providers', file, '--public-url', publicUrl, ...more];
    return { code: await runCli(args, { stdout, stderr: stdout }), out };
  };
  const { code, out: text } = await said();
  const json = JSON.parse((await said('--json')).out) as { providers: Told[] };
  return { code, text, told: json.providers[0]! };
}

const codesOf = ({ findings }: Told) => findings.map(({ code }) => code);

describe('foyer doctor', () => {
  it('finds nothing wrong with a provider where everything is as it must be, and says 0', async () => {
    const { code, text, told } = await doctor(sandboxConfig(sandbox.url));
    expect([code, text]).toEqual([
      0,
      `✓ sandbox (logins)\n  1 key, leads back to ${HERE}/sso/sandbox/callback\n`,
    ]);
    expect(told).toMatchObject({ ok: true, keys: 1, findings: [], notes: [] });
  });

  it('names the redirect address to register, where the provider does not lead back to it', async () => {
    const { code, text, told } = await doctor(sandboxConfig(sandbox.url), 'https://events.example.org/');
    expect([code, codesOf(told)]).toEqual([1, ['redirect-not-registered']]);
    expect(text).toContain('Register exactly this address');
    expect(text).toContain('https://events.example.org/sso/sandbox/callback');
  });

  it.each([
    ['a secret that is not ours', { clientSecret: 'another' }, ['client-refused']],
    ['a client that is not there', { clientId: 'nobody' }, ['client-unknown', 'client-refused']],
    ['a way to authenticate that is not offered', { clientAuthentication: 'none' }, ['client-refused']],
  ])('sees %s', async (_what, wrong, codes) => {
    const { code, told } = await doctor({ ...sandboxConfig(sandbox.url), ...wrong });
    expect([code, codesOf(told)]).toEqual([1, codes]);
  });

  it('says what is wrong with the settings, before Foyer does not start with them', async () => {
    const { code, text } = await doctor({ ...sandboxConfig(sandbox.url), clientId: '', colour: 'red' });
    expect(code).toBe(1);
    for (const part of ['clientId is needed', 'colour is no entry', 'does not start'])
      expect(text).toContain(part);
  });

  it('tells that a provider is down', async () => {
    const gone = await HostileProvider.start();
    const config = gone.config();
    await gone.stop();
    const { code, text, told } = await doctor(config);
    expect([code, codesOf(told)]).toEqual([1, ['provider-unreachable']]);
    expect(text).toContain('Nothing answers at');
  });

  it.each([
    ['a page for metadata', { answers: { discovery: page } }, 'discovery-not-json', 'a page instead of JSON'],
    ['a failing provider', { answers: { discovery: failing } }, 'provider-failing', 'Open it in a browser'],
    [
      'another issuer',
      { metadata: { issuer: 'https://else.example' } },
      'discovery-issuer-wrong',
      'else.example',
    ],
    ['no token endpoint', { metadata: { token_endpoint: undefined } }, 'endpoint-missing', 'token_endpoint'],
    [
      'PKCE without S256',
      { metadata: { code_challenge_methods_supported: ['plain'] } },
      'pkce-unsupported',
      'S256',
    ],
    ['a page for keys', { answers: { jwks: page } }, 'keys-not-json', 'holds no keys (JWK set)'],
    ['no keys', { answers: { jwks: noKeys } }, 'keys-missing', 'publish a signing key'],
    ['keys that fail', { answers: { jwks: failing } }, 'keys-unreachable', 'status 500'],
    [
      'no signature',
      { metadata: { id_token_signing_alg_values_supported: ['none'] } },
      'alg-unexpected',
      'RS256',
    ],
    [
      'other credentials',
      { metadata: { token_endpoint_auth_methods_supported: ['tls_client_auth'] } },
      'authentication-unsupported',
      'tls_client_auth',
    ],
  ] as const)('recognises %s, and says what to change', async (_what, wrong, code, words) => {
    hostile.wrong = wrong;
    const { code: exit, text, told } = await doctor(hostile.config());
    expect([exit, codesOf(told)]).toEqual([1, [code]]);
    expect(text).toContain(words);
  });

  it('says what it cannot see', async () => {
    hostile.wrong = {
      metadata: { end_session_endpoint: undefined, backchannel_logout_supported: undefined },
    };
    const { code, told } = await doctor(hostile.config());
    expect([code, codesOf(told)]).toEqual([0, []]);
    expect(told.notes.map((note) => note.split(' ').slice(0, 4).join(' '))).toEqual([
      'It has no logout',
      'It does not say',
      `Whether ${HERE}/sso/sandbox/callback is registered`,
    ]);
  });
});

type Response = Parameters<typeof send>[0];

function page(response: Response): void {
  send(response, 200, '<html>Welcome</html>', 'text/html');
}

function failing(response: Response): void {
  send(response, 500, 'no', 'text/plain');
}

function noKeys(response: Response): void {
  send(response, 200, { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] });
}
