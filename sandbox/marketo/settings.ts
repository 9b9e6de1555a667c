/** What can be set about the Marketo twin, with Marketo's own figures as defaults. */
export interface MarketoSettings {
  clientId: string;
  clientSecret: string;
  tokenSeconds: number;
  /** Calls in any window of 20 seconds, at once, and in a day. */
  windowMax: number;
  concurrencyMax: number;
  dailyMax: number;
  /** Programs and the statuses of their channel, in the order of their steps. */
  programs: Record<string, string[]>;
  /** Custom activity types and their attributes. */
  activityTypes: Record<string, string[]>;
}

export function marketoSettings(env: Record<string, string | undefined>): MarketoSettings {
  return {
    clientId: env.TWIN_MARKETO_CLIENT_ID ?? 'twin-client',
    clientSecret: env.TWIN_MARKETO_CLIENT_SECRET ?? 'twin-secret',
    tokenSeconds: Number(env.TWIN_MARKETO_TOKEN_SECONDS ?? 3600),
    windowMax: Number(env.TWIN_MARKETO_WINDOW_MAX ?? 100),
    concurrencyMax: Number(env.TWIN_MARKETO_CONCURRENCY_MAX ?? 10),
    dailyMax: Number(env.TWIN_MARKETO_DAILY_MAX ?? 50_000),
    programs: {
      '1044': ['Invited', 'Registered', 'Waitlisted', 'No Show', 'Attended', 'Attended On-demand'],
    },
    activityTypes: { '100001': ['session', 'detail', 'minutes'] },
  };
}
