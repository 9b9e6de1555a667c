import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentityProvider, startIdentityProvider } from '../../../sandbox/identity/identity-provider.js';
import { waitFor } from '../../support/wait-for.js';
import { Browser } from './browser.js';
import { SsoApp } from './sso-app.js';
import { sandboxConfig, SECRET } from './sandbox-config.js';

let provider: IdentityProvider;
let sso: SsoApp;

beforeAll(async () => {
  provider = await startIdentityProvider({ clientSecret: SECRET });
  sso = await SsoApp.start({ sandbox: sandboxConfig(provider.url) });
});
afterAll(async () => {
  await sso.stop();
  await provider.stop();
});

interface Me {
  readonly role: string | null;
  readonly attendee: Record<string, string>;
  readonly csrfToken: string;
  readonly authenticatedAt: string | null;
}

/** Through the provider's pages, as a browser would: one jar for Foyer, one for the provider. */
async function logIn(
  foyer: Browser,
  person: string,
  atProvider = new Browser(provider.url),
): Promise<string[]> {
  let location = (await foyer.get('/sso/sandbox/login')).location!;
  const visited: string[] = [];
  while (!location.startsWith(foyer.url)) {
    const page = await atProvider.get(location);
    visited.push(new URL(location, provider.url).pathname.split('/')[1]!);
    const next =
      page.location ??
      (await atProvider.post(location, new URLSearchParams({ person }), { origin: provider.url })).location!;
    location = new URL(next, provider.url).href;
  }
  expect((await foyer.get(location)).status).toBe(303);
  return visited;
}

async function me(foyer: Browser): Promise<Me> {
  return JSON.parse((await foyer.get('/v1/me')).text) as Me;
}

describe('The people of the sandbox', () => {
  it.each([
    ['iris', null],
    ['vincent', 'viewer'],
    ['elena', 'engineer'],
    ['omar', 'operator'],
    ['agnes', 'admin'],
  ])('log in by script: %s has the role %s', async (person, role) => {
    const foyer = sso.browser();
    await logIn(foyer, person);
    expect((await me(foyer)).role).toBe(role);
  });

  it('bring what fills in a form, and when they logged in', async () => {
    const foyer = sso.browser();
    await logIn(foyer, 'iris');
    const { attendee, authenticatedAt } = await me(foyer);
    expect(attendee).toEqual({
      email: 'iris.vega@northwind.example',
      firstName: 'Iris',
      lastName: 'Vega',
      company: 'Northwind Robotics',
      jobTitle: 'Product Manager',
      locale: 'en',
    });
    expect(Date.now() - Date.parse(authenticatedAt!)).toBeLessThan(10_000);
  });

  it('change things with the header that tells a script from another site, and not without', async () => {
    const foyer = sso.browser();
    await logIn(foyer, 'agnes');
    const { csrfToken } = await me(foyer);
    const make = (headers: Record<string, string>) =>
      foyer.ask('/v1/api-keys', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ name: 'made by a person', role: 'viewer' }),
      });
    expect((await make({})).status).toBe(403);
    expect((await make({ 'foyer-csrf': csrfToken })).status).toBe(201);
  });

  it('are known the second time, and everywhere logged out when they log out at the provider', async () => {
    const atProvider = new Browser(provider.url);
    const [desk, phone] = [sso.browser(), sso.browser()];
    expect(await logIn(desk, 'omar', atProvider)).toContain('interaction');
    expect(await logIn(phone, '', atProvider)).not.toContain('interaction');
    expect((await phone.get('/v1/me')).status).toBe(200);

    const { csrfToken } = await me(desk);
    const left = await desk.post('/sso/logout', new URLSearchParams({ csrf: csrfToken }));
    const question = await atProvider.get(left.location!);
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(question.text)![1]!;
    const done = await atProvider.post('/session/end/confirm', new URLSearchParams({ xsrf, logout: 'yes' }));
    expect(done.location).toMatch(/\/sso\/signed-out/);
    // Told by the back channel; an answer that was cached serves a second longer.
    await waitFor(
      async () => (await phone.get('/v1/me')).status,
      (status) => status === 401,
    );
  });
});

describe('The sandbox identity provider', () => {
  const ask = (parameters: Record<string, string>) => {
    const right = {
      client_id: 'foyer',
      response_type: 'code',
      scope: 'openid',
      state: 'of-the-test',
      redirect_uri: 'http://localhost:3999/sso/sandbox/callback',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    };
    return new Browser(provider.url).get(`/auth?${new URLSearchParams({ ...right, ...parameters })}`);
  };

  it('demands PKCE', async () => {
    expect((await ask({})).location).toMatch(/^\/interaction\//);
    const { location } = await ask({ code_challenge: '', code_challenge_method: '' });
    expect(new URL(location!).searchParams.get('error')).toBe('invalid_request');
  });

  it('leads back to Foyer on any port of this machine, and nowhere else', async () => {
    const { status, location } = await ask({
      redirect_uri: 'https://elsewhere.example/sso/sandbox/callback',
    });
    expect([status, location]).toEqual([400, null]);
  });

  it('signs with the same key after it was started again', async () => {
    const keysFile = path.join(mkdtempSync(path.join(tmpdir(), 'foyer-identity-')), 'keys.json');
    const keyIds: string[] = [];
    for (let start = 0; start < 2; start += 1) {
      const one = await startIdentityProvider({ clientSecret: SECRET, keysFile });
      const answer = (await (await fetch(`${one.url}/jwks`)).json()) as {
        keys: { kid: string; d?: string }[];
      };
      expect(answer.keys[0]!.d).toBeUndefined();
      keyIds.push(answer.keys[0]!.kid);
      await one.stop();
    }
    expect(keyIds[0]).toBe(keyIds[1]);
  });
});
