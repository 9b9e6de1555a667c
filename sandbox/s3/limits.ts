import type { Call } from '../call.js';
import type { S3Settings } from './settings.js';

const SECOND_MS = 1000;

/** Writes and reads in one second, for each prefix of a bucket; beyond them S3 says SlowDown. */
export class Limits {
  isOn = true;
  private second = 0;
  private readonly counts = new Map<string, number>();

  constructor(private readonly settings: S3Settings) {}

  admits({ at, method, path }: Call): boolean {
    if (!this.isOn) return true;
    const second = Math.floor(at / SECOND_MS);
    if (second !== this.second) this.counts.clear();
    this.second = second;
    const isRead = method === 'GET' || method === 'HEAD';
    const kind = `${isRead ? 'r' : 'w'} ${path.slice(0, path.lastIndexOf('/') + 1)}`;
    const count = (this.counts.get(kind) ?? 0) + 1;
    this.counts.set(kind, count);
    return count <= (isRead ? this.settings.readsPerSecondMax : this.settings.writesPerSecondMax);
  }
}
