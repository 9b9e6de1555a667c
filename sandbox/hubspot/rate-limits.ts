import type { Answer } from '../call.js';
import { policyThrottle, secondlyThrottle } from './errors.js';
import type { HubspotSettings } from './settings.js';

const SECOND_MS = 1000;
const ROLLING_MS = 10_000;
const DAY_MS = 86_400_000;

/** HubSpot's limits of a private app: by second, by ten rolling seconds, by day; search has its own by second. */
export class RateLimits {
  isOn = true;
  /** When the calls of the last ten seconds were let in, oldest first. */
  private calls: number[] = [];
  private searches: number[] = [];
  private day = 0;
  private usedToday = 0;

  constructor(private readonly settings: HubspotSettings) {}

  /** Counts a call in, or answers the 429. A refused call counts against the day only. */
  admit(at: number, isSearch: boolean): Answer | undefined {
    this.startDay(at);
    this.usedToday += 1;
    if (!this.isOn) return undefined;
    this.calls = newerThan(this.calls, at - ROLLING_MS);
    this.searches = newerThan(this.searches, at - SECOND_MS);
    const { secondlyMax, tenSecondlyMax, dailyMax, searchSecondlyMax } = this.settings;
    if (this.usedToday > dailyMax) return policyThrottle('DAILY');
    if (isSearch) {
      if (this.searches.length >= searchSecondlyMax) return secondlyThrottle();
      this.searches.push(at);
      return undefined;
    }
    if (this.inLastSecond(at) >= secondlyMax) return secondlyThrottle();
    if (this.calls.length >= tenSecondlyMax) return policyThrottle('TEN_SECONDLY_ROLLING');
    this.calls.push(at);
    return undefined;
  }

  /** The headers every answer carries; search answers, and all where limits are off, carry the daily ones only. */
  headers(at: number, isSearch: boolean): Record<string, string> {
    const { secondlyMax, tenSecondlyMax, dailyMax } = this.settings;
    const daily = {
      'X-HubSpot-RateLimit-Daily': String(dailyMax),
      'X-HubSpot-RateLimit-Daily-Remaining': String(
        this.isOn ? Math.max(0, dailyMax - this.usedToday) : dailyMax,
      ),
    };
    if (isSearch || !this.isOn) return daily;
    return {
      ...daily,
      'X-HubSpot-RateLimit-Interval-Milliseconds': String(ROLLING_MS),
      'X-HubSpot-RateLimit-Max': String(tenSecondlyMax),
      'X-HubSpot-RateLimit-Remaining': String(tenSecondlyMax - this.calls.length),
      'X-HubSpot-RateLimit-Secondly': String(secondlyMax),
      'X-HubSpot-RateLimit-Secondly-Remaining': String(secondlyMax - this.inLastSecond(at)),
    };
  }

  private inLastSecond(at: number): number {
    let count = 0;
    for (let i = this.calls.length - 1; i >= 0 && this.calls[i]! > at - SECOND_MS; i -= 1) count += 1;
    return count;
  }

  private startDay(at: number): void {
    const day = Math.floor(at / DAY_MS);
    if (day === this.day) return;
    this.day = day;
    this.usedToday = 0;
  }
}

function newerThan(times: number[], since: number): number[] {
  let from = 0;
  while (from < times.length && times[from]! <= since) from += 1;
  return from === 0 ? times : times.slice(from);
}
