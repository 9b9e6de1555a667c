import { Injectable } from '@nestjs/common';
import path from 'node:path';
import { loadIdentityProviders } from '../platform/config/identity-providers.js';
import { Settings } from '../platform/config/settings.js';
import { LogoutTokens } from './logout-token.js';
import { OidcProvider } from './oidc.js';

/** The identity providers that are enabled, and which of them fits a person. */
@Injectable()
export class Providers {
  readonly all: readonly OidcProvider[];
  private readonly logoutTokens: ReadonlyMap<string, LogoutTokens>;

  constructor(settings: Settings) {
    const { providersFile, providerTimeoutMs } = settings.identity;
    this.all = loadIdentityProviders(path.resolve(providersFile)).map(
      (provider) => new OidcProvider(provider, providerTimeoutMs),
    );
    this.logoutTokens = new Map(
      this.all.map((provider) => [provider.settings.name, new LogoutTokens(provider, providerTimeoutMs)]),
    );
  }

  find(name: string): OidcProvider | null {
    return this.all.find(({ settings }) => settings.name === name) ?? null;
  }

  logoutTokensOf(name: string): LogoutTokens | null {
    return this.logoutTokens.get(name) ?? null;
  }

  /** Those that serve an event. @param slug null: for whatever is of no event */
  servingEvent(slug: string | null): OidcProvider[] {
    return this.all.filter((provider) => isServing(provider, slug));
  }

  /**
   * Home realm discovery: the provider of an e-mail's domain, else those that are not for certain domains only.
   * @param email null where the person has not said
   */
  choose(slug: string | null, email: string | null): OidcProvider[] {
    const serving = this.servingEvent(slug);
    if (email === null) return serving;
    const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase();
    const ofDomain = serving.filter(({ settings }) => settings.domains.includes(domain));
    return ofDomain.length > 0 ? ofDomain : serving.filter(({ settings }) => settings.domains.length === 0);
  }
}

export function isServing({ settings }: OidcProvider, slug: string | null): boolean {
  return settings.events.length === 0 || slug === null || settings.events.includes(slug);
}
