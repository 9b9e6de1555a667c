import type { SObject } from './sobject.js';

/** What can be set about the Salesforce twin. */
export interface SalesforceSettings {
  clientId: string;
  clientSecret: string;
  /** The certificate or public key (PEM) of the connected app; without one an assertion's signature is not checked. */
  jwtPublicKey: string | undefined;
  /** The user that the app is approved for. */
  username: string;
  /** A token ends after this many seconds, or this many calls, whatever comes first. */
  tokenSeconds: number;
  tokenCallsMax: number;
  dailyMax: number;
  /** Further objects of the org, besides the standard ones. */
  sobjects: SObject[];
}

export function salesforceSettings(env: Record<string, string | undefined>): SalesforceSettings {
  return {
    clientId: env.TWIN_SALESFORCE_CLIENT_ID ?? 'twin-client',
    clientSecret: env.TWIN_SALESFORCE_CLIENT_SECRET ?? 'twin-secret',
    jwtPublicKey: env.TWIN_SALESFORCE_JWT_PUBLIC_KEY,
    username: env.TWIN_SALESFORCE_USERNAME ?? 'foyer@example.com',
    tokenSeconds: Number(env.TWIN_SALESFORCE_TOKEN_SECONDS ?? 7200),
    tokenCallsMax: Number(env.TWIN_SALESFORCE_TOKEN_CALLS ?? Number.MAX_SAFE_INTEGER),
    dailyMax: Number(env.TWIN_SALESFORCE_DAILY_MAX ?? 100_000),
    sobjects: [],
  };
}
