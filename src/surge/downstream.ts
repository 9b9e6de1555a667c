/** How one mapping kept up while people registered, from its own ledger. */
export interface Downstream {
  readonly mapping: string;
  readonly destination: string;
  /** Changes that the run made for it. */
  readonly changes: number;
  readonly settled: number;
  /** Of records, by the ledger at the end; what was there before is not counted. */
  readonly verified: number;
  readonly rejected: number;
  readonly unaccounted: number;
  readonly backlogMax: number;
  /** From a change until it was settled (verified, where the backend can be read); null where nothing was. */
  readonly lagMs: {
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly max: number;
  } | null;
  /** Between two looks at the ledger: lags are no finer than this. */
  readonly everyMs: number;
  /** Settled a minute while there was a backlog; null where there was none. */
  readonly perMinute: number | null;
  readonly quota: {
    readonly calls: number;
    readonly used: number | null;
    readonly max: number | null;
    readonly forecast: number | null;
  };
  readonly series: { readonly atSeconds: readonly number[]; readonly waiting: readonly number[] };
}
