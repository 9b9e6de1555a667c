import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type IdentityProvider, startIdentityProvider } from '../../../sandbox/identity/identity-provider.js';
import { CHROMIUM, startChromium } from '../../support/chromium.js';
import { sandboxConfig, SECRET } from './sandbox-config.js';
import { SsoApp } from './sso-app.js';

let provider: IdentityProvider;
let sso: SsoApp;
let chromium: Browser;
let context: BrowserContext;
let page: Page;

describe.skipIf(CHROMIUM === undefined)('In a real browser', () => {
  beforeAll(async () => {
    provider = await startIdentityProvider({ clientSecret: SECRET });
    sso = await SsoApp.start({ sandbox: sandboxConfig(provider.url) });
    chromium = await startChromium();
  });
  afterAll(async () => {
    await chromium.close();
    await sso.stop();
    await provider.stop();
  });
  beforeEach(async () => {
    context = await chromium.newContext({ locale: 'en-GB', baseURL: sso.app.url });
    context.setDefaultTimeout(10_000);
    page = await context.newPage();
  });
  afterEach(() => context.close());

  const pick = (person: string, on = page) => on.click(`button[value="${person}"]`);
  const heading = (on = page) => on.textContent('h1');
  const role = async (): Promise<unknown> => {
    const answer = await context.request.get('/v1/me');
    return answer.ok() ? ((await answer.json()) as { role: string | null }).role : answer.status();
  };

  it('an operator logs in, reads, changes something, and logs out here and at the provider', async () => {
    await page.goto('/sso/login');
    await pick('agnes');
    await page.waitForURL('**/sso/account');
    expect([await heading(), await page.textContent('dl')]).toEqual([
      'You are logged in',
      'NameAgnes NovakE-mailagnes.novak@opendoor.exampleThroughSandbox peopleYour roleadmin',
    ]);
    const cookie = (await context.cookies()).find(({ name }) => name === 'foyer-login');
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', expires: -1 });

    const me = (await (await context.request.get('/v1/me')).json()) as { csrfToken: string; role: string };
    expect(me.role).toBe('admin');
    const makeKey = (headers: Record<string, string>) =>
      context.request.post('/v1/api-keys', { data: { name: 'by hand', role: 'viewer' }, headers });
    expect((await makeKey({})).status()).toBe(403);
    expect((await makeKey({ 'foyer-csrf': me.csrfToken })).status()).toBe(201);

    await page.click('button:text-is("Log out")');
    expect(await heading()).toBe('Log out here too?');
    await page.click('button[value=yes]');
    await page.waitForURL(/\/sso\/signed-out/);
    expect([await heading(), await role()]).toEqual(['You are logged out', 401]);
    await page.goto('/sso/login');
    expect(await heading()).toBe('Who are you today?');
  });

  it('an attendee is led from the form to the login and back, finds it filled in, and registers by it', async () => {
    const event = await sso.app.openEvent({ sso: 'optional' });
    await page.goto(`/e/${event}`);
    expect(await page.inputValue('#email')).toBe('');
    await page.click('text=Log in with your organisation');
    await pick('iris');
    await page.waitForURL(`**/e/${event}`);
    const fields = ['email', 'firstName', 'lastName', 'company', 'jobTitle'];
    expect(await Promise.all(fields.map((field) => page.inputValue(`#${field}`)))).toEqual([
      'iris.vega@northwind.example',
      'Iris',
      'Vega',
      'Northwind Robotics',
      'Product Manager',
    ]);
    await page.click('main form button');
    expect(await heading()).toBe('You are in');
    expect(await page.textContent('main')).toContain('It belongs to your login');
  });

  it('the back button after a login harms nobody, and the address that logs in does so once', async () => {
    let callback = '';
    page.on('request', (request) => {
      if (request.url().includes('/callback?')) callback = request.url();
    });
    await page.goto('/sso/login');
    await pick('omar');
    await page.waitForURL('**/sso/account');
    await page.goBack();
    expect(await heading()).toBe('Nobody is logging in here');
    await page.goForward();
    expect([await heading(), await role()]).toEqual(['You are logged in', 'operator']);

    await page.goto(callback);
    expect(await heading()).toBe('This browser does not remember the login');
    expect(sso.refusals.at(-1)).toMatchObject({ code: 'state-unknown', provider: 'sandbox' });
    expect(await role()).toBe('operator');
  });

  it('two tabs may log in at once', async () => {
    const other = await context.newPage();
    await page.goto('/sso/login?returnTo=/sso/account?tab=1');
    await other.goto('/sso/login?returnTo=/sso/account?tab=2');
    await pick('vincent');
    await page.waitForURL('**/sso/account?tab=1');
    await pick('vincent', other);
    await other.waitForURL('**/sso/account?tab=2');
    await page.reload();
    expect([await heading(), await heading(other), await role()]).toEqual([
      'You are logged in',
      'You are logged in',
      'viewer',
    ]);
  });

  it('cookies lost in mid-login end in a page from which the login works', async () => {
    await page.goto('/sso/login');
    await context.clearCookies({ name: /^foyer-/ });
    await pick('elena');
    expect(await heading()).toBe('This browser does not remember the login');
    expect(await page.textContent('footer')).toContain('state-unknown');
    expect(await role()).toBe(401);
    await page.click('a.button');
    // The provider knows the person by now and asks nothing.
    await page.waitForURL('**/sso/account');
    expect(await role()).toBe('engineer');
  });

  it('whoever turns back at the provider is told so, and may begin again', async () => {
    await page.goto('/sso/login');
    await pick('');
    expect([await heading(), await role()]).toEqual(['The login was cancelled', 401]);
    await page.click('a.button');
    expect(await heading()).toBe('Who are you today?');
  });
});
