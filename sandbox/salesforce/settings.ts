import type { SObject } from './sobject.js';

/** What can be set about the Salesforce twin. */
export interface SalesforceSettings {
  clientId: string;
  clientSecret: string;
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
    tokenSeconds: Number(env.TWIN_SALESFORCE_TOKEN_SECONDS ?? 7200),
    tokenCallsMax: Number(env.TWIN_SALESFORCE_TOKEN_CALLS ?? Number.MAX_SAFE_INTEGER),
    dailyMax: Number(env.TWIN_SALESFORCE_DAILY_MAX ?? 100_000),
    sobjects: [],
  };
}
