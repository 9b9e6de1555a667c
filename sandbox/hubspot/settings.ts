/** What can be set about the HubSpot twin, with HubSpot's own figures as defaults. */
export interface HubspotSettings {
  token: string;
  /** A token that is known and has no scopes at all. */
  scopelessToken: string;
  /** A public app's client and refresh token, and how long its access tokens are good. */
  clientId: string;
  clientSecret: string;
  refreshToken: string;
  accessTokenSeconds: number;
  secondlyMax: number;
  tenSecondlyMax: number;
  dailyMax: number;
  searchSecondlyMax: number;
  /** How long a write takes to reach the search index. */
  searchLagMs: number;
}

export function hubspotSettings(env: Record<string, string | undefined>): HubspotSettings {
  return {
    token: env.TWIN_HUBSPOT_TOKEN ?? 'pat-twin-0000',
    scopelessToken: env.TWIN_HUBSPOT_SCOPELESS_TOKEN ?? 'pat-twin-scopeless',
    clientId: env.TWIN_HUBSPOT_CLIENT_ID ?? 'twin-client',
    clientSecret: env.TWIN_HUBSPOT_CLIENT_SECRET ?? 'twin-secret',
    refreshToken: env.TWIN_HUBSPOT_REFRESH_TOKEN ?? 'twin-refresh',
    accessTokenSeconds: Number(env.TWIN_HUBSPOT_ACCESS_TOKEN_SECONDS ?? 1800),
    secondlyMax: Number(env.TWIN_HUBSPOT_SECONDLY_MAX ?? 10),
    tenSecondlyMax: Number(env.TWIN_HUBSPOT_TEN_SECONDLY_MAX ?? 100),
    dailyMax: Number(env.TWIN_HUBSPOT_DAILY_MAX ?? 250_000),
    searchSecondlyMax: Number(env.TWIN_HUBSPOT_SEARCH_SECONDLY_MAX ?? 5),
    searchLagMs: Number(env.TWIN_HUBSPOT_SEARCH_LAG_MS ?? 3000),
  };
}
