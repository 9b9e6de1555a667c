import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import type { Clock } from '../../../src/platform/clock.js';
import { LOGGER } from '../../../src/platform/logger.js';
import { TestApp } from '../../http/app.js';
import { Browser, type Page } from './browser.js';
import type { HostileProvider } from './hostile-provider.js';

export interface LogLine {
  readonly code?: string;
  readonly [name: string]: unknown;
}

/** An app that believes in these providers, and what it logged of refusals. */
export class SsoApp {
  readonly refusals: LogLine[] = [];

  private constructor(readonly app: TestApp) {
    const logger = app.nest.get<{ warn: (line: LogLine, message: string) => void }>(LOGGER);
    logger.warn = (line) => void this.refusals.push(line);
  }

  static async start(
    providers: Record<string, Record<string, unknown>>,
    given: { clock?: Clock; databaseUrl?: string; settings?: Record<string, Record<string, unknown>> } = {},
  ): Promise<SsoApp> {
    const { settings, ...rest } = given;
    const app = await TestApp.start({
      ...rest,
      settings: { ...settings, identity: { providersFile: providersFile(providers), ...settings?.identity } },
    });
    return new SsoApp(app);
  }

  browser(): Browser {
    return new Browser(this.app.url);
  }

  /** From the button to where the browser stands when it comes back from the provider. */
  async answerOf(browser: Browser, provider: HostileProvider, query = '', name = 'hostile'): Promise<string> {
    const begun = await browser.get(`/sso/${name}/login${query}`);
    if (begun.status !== 303) throw new Error(`the login did not begin: ${begun.status} ${begun.text}`);
    return provider.authorize(begun.location!);
  }

  /** The same, where the provider may not even be asked: then the page that says so. */
  async tryLogIn(browser: Browser, provider: HostileProvider, name: string): Promise<Page> {
    const begun = await browser.get(`/sso/${name}/login`);
    return begun.status === 303 ? browser.get(provider.authorize(begun.location!)) : begun;
  }

  async logIn(browser: Browser, provider: HostileProvider, query = '', name = 'hostile'): Promise<Page> {
    return browser.get(await this.answerOf(browser, provider, query, name));
  }

  stop(): Promise<void> {
    return this.app.stop();
  }
}

export function providersFile(providers: Record<string, Record<string, unknown>>): string {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'foyer-sso-')), 'identity.yaml');
  writeFileSync(file, stringify(providers));
  return file;
}
