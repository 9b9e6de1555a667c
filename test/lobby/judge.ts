import { execFile } from 'node:child_process';

/** Of the oracle, which shares no code with the lobby. */
export interface Verdict {
  readonly violations: string[];
  readonly registered: number;
  readonly acknowledged: number;
  readonly activeMax: number;
  readonly minuteMax: number;
  /** In which somebody waited and a slot was free, but the minute was used up. */
  readonly minuteBoundSeconds: number;
  /** Registered without standing in line. */
  readonly straight: number;
  readonly usePercent: number | null;
  readonly judgedSeconds: number;
  readonly takeovers: number;
  /** From when both budgets allowed it to the next call, while somebody waited and nothing had failed. */
  readonly offerMs: { readonly p50: number; readonly p99: number; readonly max: number };
}

/** @param log what the visitors noted, a file of JSON lines */
export function judge(database: string, event: string, log: string): Promise<Verdict> {
  const args = ['scripts/lobby-oracle.mjs', '--database', database, '--event', event, '--log', log];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, (error, stdout) => {
      if (stdout.trim() === '') reject(error ?? new Error('the oracle said nothing'));
      else resolve(JSON.parse(stdout) as Verdict);
    });
  });
}
