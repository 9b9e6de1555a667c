import type { TwinName } from '../chaos/processes.js';
import { NO_DAYS_END } from '../support/no-days-end.js';

/** How far a rehearsal goes. */
export interface Extent {
  readonly people: number;
  readonly changes: number;
  /** Over how long they are made. */
  readonly loadMs: number;
  /** Of workers and of Redis together. */
  readonly kills: number;
  readonly redisKills: number;
  readonly flushes: number;
  /** Workers stopped while a call of theirs is on its way, and workers stopped at any time. */
  readonly midSendStops: number;
  readonly longStops: number;
  readonly seed: number;
  readonly pace: Pace;
  /** How many calls for each that was needed; null where a rehearsal is too short to say. */
  readonly callsRatioMax: number | null;
  readonly throttleRate: number;
  readonly settleMsMax: number;
}

/** What each backend allows. */
export interface Pace {
  readonly hubspotInTenSeconds: number;
  readonly salesforcePerSecond: number;
  readonly marketoInTwentySeconds: number;
}

export interface Destination {
  /** What is part of the address of every write. */
  readonly writePath: string;
  readonly mapping: string;
  readonly batchMax: number;
  readonly windows: readonly { readonly calls: number; readonly ms: number }[];
}

export function destinationsOf(pace: Pace): Readonly<Record<TwinName, Destination>> {
  return {
    hubspot: {
      writePath: 'batch/upsert',
      mapping: 'hubspot.contact',
      batchMax: 100,
      windows: [{ calls: pace.hubspotInTenSeconds, ms: 10_000 }],
    },
    salesforce: {
      writePath: 'sobjects/Lead/Foyer_Person_Id__c',
      mapping: 'salesforce.lead',
      batchMax: 200,
      // No window of the vendor's, but our own rate; a login just before a call makes it later than its turn.
      windows: [{ calls: pace.salesforcePerSecond * 30, ms: 30_000 }],
    },
    marketo: {
      writePath: 'leads.json',
      mapping: 'marketo.lead',
      batchMax: 300,
      windows: [{ calls: pace.marketoInTwentySeconds, ms: 20_000 }],
    },
  };
}

/** The twins refuse what is beyond the pace, as the backends do. */
export function twinSettings(pace: Pace): Record<TwinName, Record<string, string>> {
  return {
    hubspot: {
      TWIN_HUBSPOT_TEN_SECONDLY_MAX: String(pace.hubspotInTenSeconds),
      TWIN_HUBSPOT_SECONDLY_MAX: String(pace.hubspotInTenSeconds),
      ...NO_DAYS_END,
    },
    salesforce: NO_DAYS_END,
    marketo: {
      TWIN_MARKETO_WINDOW_MAX: String(pace.marketoInTwentySeconds),
      ...NO_DAYS_END,
    },
  };
}

/** Five of a hundred calls are answered with an error of the server, two of a hundred writes never; some are throttled. */
export function faultsAt(
  twin: TwinName,
  { throttleRate }: Extent,
  writePath: string,
  seed: number,
): object[] {
  const faults = [
    { kind: 'status', rate: 0.025, status: 500, seed },
    { kind: 'status', rate: 0.0257, status: 503, seed: seed + 1 },
    { kind: 'timeoutAfterCommit', rate: 0.02, path: writePath, delayMs: 5_000, seed: seed + 2 },
  ];
  // Salesforce has no limit but the day's, and whoever has used that up waits long.
  const isThrottling = twin !== 'salesforce' && throttleRate > 0;
  return isThrottling ? [...faults, { kind: 'throttle', rate: throttleRate, seed: seed + 3 }] : faults;
}
