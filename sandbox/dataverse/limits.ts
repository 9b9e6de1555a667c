import type { Answer } from '../call.js';
import { CODES, throttled } from './errors.js';
import type { DataverseSettings } from './settings.js';

const WINDOW_MS = 300_000;

interface Counted {
  at: number;
  workMs: number;
}

/**
 * Service protection: calls and work in a sliding window of five minutes, and calls at once. A refused call counts as
 * none. The work of a call is modelled, `recordMs` for each record: nothing here takes as long as a real server.
 */
export class Limits {
  isOn = true;
  private calls: Counted[] = [];
  private workMs = 0;

  constructor(private readonly settings: DataverseSettings) {}

  admit(at: number, inFlight: number, records: number): Answer | undefined {
    if (!this.isOn) return undefined;
    this.forget(at);
    const { windowMax, executionMsMax, concurrencyMax, recordMs } = this.settings;
    if (inFlight > concurrencyMax) return throttled(CODES.concurrency, 1, concurrencyMax);
    if (this.calls.length >= windowMax) return throttled(CODES.requests, this.untilFree(at), windowMax);
    if (this.workMs > executionMsMax)
      return throttled(CODES.executionTime, this.untilFree(at), executionMsMax);
    const workMs = Math.max(1, records) * recordMs;
    this.calls.push({ at, workMs });
    this.workMs += workMs;
    return undefined;
  }

  /** For debugging, as Microsoft says of them. */
  headers(): Record<string, string> {
    if (!this.isOn) return {};
    const { windowMax, executionMsMax } = this.settings;
    const seconds = Math.max(0, executionMsMax - this.workMs) / 1000;
    return {
      'x-ms-ratelimit-burst-remaining-xrm-requests': String(Math.max(0, windowMax - this.calls.length)),
      'x-ms-ratelimit-time-remaining-xrm-requests': seconds.toLocaleString('en-US', {
        minimumFractionDigits: 2,
      }),
    };
  }

  private untilFree(at: number): number {
    return Math.max(1, Math.ceil((this.calls[0]!.at + WINDOW_MS - at) / 1000));
  }

  private forget(at: number): void {
    const fresh = this.calls.findIndex((call) => call.at > at - WINDOW_MS);
    const gone = this.calls.splice(0, fresh < 0 ? this.calls.length : fresh);
    for (const { workMs } of gone) this.workMs -= workMs;
  }
}
