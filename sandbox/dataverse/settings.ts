/** What can be set about the Dataverse twin, with Microsoft's own figures as defaults. */
export interface DataverseSettings {
  tenant: string;
  clientId: string;
  clientSecret: string;
  /** A client of the tenant that has no application user in this environment: its valid tokens are refused with 403. */
  strangerId: string;
  tokenSeconds: number;
  /** Service protection, in any 300 seconds: calls, and milliseconds of work; and calls at once. */
  windowMax: number;
  executionMsMax: number;
  concurrencyMax: number;
  /** What the work on one record counts; a real one depends on the organisation's plug-ins. */
  recordMs: number;
}

export function dataverseSettings(env: Record<string, string | undefined>): DataverseSettings {
  return {
    tenant: env.TWIN_DATAVERSE_TENANT ?? 'twin-tenant',
    clientId: env.TWIN_DATAVERSE_CLIENT_ID ?? 'twin-client',
    clientSecret: env.TWIN_DATAVERSE_CLIENT_SECRET ?? 'twin-secret',
    strangerId: env.TWIN_DATAVERSE_STRANGER_ID ?? 'twin-stranger',
    tokenSeconds: Number(env.TWIN_DATAVERSE_TOKEN_SECONDS ?? 3599),
    windowMax: Number(env.TWIN_DATAVERSE_WINDOW_MAX ?? 6000),
    executionMsMax: Number(env.TWIN_DATAVERSE_EXECUTION_MS_MAX ?? 1_200_000),
    concurrencyMax: Number(env.TWIN_DATAVERSE_CONCURRENCY_MAX ?? 52),
    recordMs: Number(env.TWIN_DATAVERSE_RECORD_MS ?? 10),
  };
}
