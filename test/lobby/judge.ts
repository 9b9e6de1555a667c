import { execFile } from 'node:child_process';

/** Of the oracle, which shares no code with the lobby. */
export interface Verdict {
  readonly violations: string[];
  readonly registered: number;
  readonly acknowledged: number;
  readonly activeMax: number;
  readonly usePercent: number | null;
  readonly judgedSeconds: number;
  readonly takeovers: number;
  /** From a slot's becoming free to its next call, while somebody waited and nothing had failed. */
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
