import type { Clock } from '../clock.js';
import { TransportError } from './http-transport.js';

/** Spaces calls evenly, so that a backend's rate limit is rarely met. Waiting ends with the caller's signal. */
export class Pace {
  private nextMs = 0;

  constructor(
    private readonly callsPerSecond: number,
    private readonly clock: Clock,
  ) {}

  async turn(signal: AbortSignal | undefined): Promise<void> {
    const nowMs = this.clock.now().getTime();
    const atMs = Math.max(nowMs, this.nextMs);
    this.nextMs = atMs + 1000 / this.callsPerSecond;
    if (atMs > nowMs) await wait(atMs - nowMs, signal);
  }
}

function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(new TransportError('aborted', false));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  });
}
