import type { Answer } from '../call.js';
import { failure } from './envelope.js';
import type { MarketoSettings } from './settings.js';

const WINDOW_MS = 20_000;
const DAY_MS = 86_400_000;

/** Marketo's limits: calls in 20 rolling seconds (606), at once (615), in a day (607). What they refuse is not counted. */
export class Limits {
  isOn = true;
  private calls: number[] = [];
  private day = 0;
  private usedToday = 0;

  constructor(private readonly settings: MarketoSettings) {}

  admit(at: number, inFlight: number): Answer | undefined {
    if (!this.isOn) return undefined;
    const day = Math.floor(at / DAY_MS);
    if (day !== this.day) [this.day, this.usedToday] = [day, 0];
    this.calls = this.calls.filter((when) => when > at - WINDOW_MS);
    const { windowMax, concurrencyMax, dailyMax } = this.settings;
    if (inFlight > concurrencyMax) return failure('615');
    if (this.usedToday >= dailyMax) return failure('607', `Daily API request quota '${dailyMax}' reached`);
    if (this.calls.length >= windowMax)
      return failure('606', `Max rate limit '${windowMax}' exceeded with in '20' secs`);
    this.calls.push(at);
    this.usedToday += 1;
    return undefined;
  }
}
