import type { LineFigures } from './controller.js';
import { expectedWaitSeconds, type Flow } from './flow.js';

const FORECAST_EVERY_MS = 5_000;
const FORECASTS_MAX = 2_000;
/** Of the latest so many, a quarter of an hour at least, the error is told. */
const SETTLED_MAX = 200;

/** Of what was told lately and has come true: in nine of ten cases it was off by at most so much of itself. */
export interface EstimateError {
  readonly judged: number;
  readonly p90: number;
}

/** Judges the estimates: what the last in line was told, against when the front came there. */
export class Forecasts {
  private readonly settled: number[] = [];
  private told: { atMs: number; number: number; waitMs: number }[] = [];

  note({ nowMs, issued, called }: LineFigures, flow: Flow): void {
    const last = this.told.at(-1);
    if (issued <= called || (last && (nowMs - last.atMs < FORECAST_EVERY_MS || issued === last.number)))
      return;
    const waitMs = expectedWaitSeconds(issued - called - 1, flow) * 1000;
    if (waitMs > 0 && this.told.length < FORECASTS_MAX)
      this.told.push({ atMs: nowMs, number: issued, waitMs });
  }

  /** @returns for each that has come true: how far it was off, as a share of what was told */
  settle({ nowMs, called }: Pick<LineFigures, 'nowMs' | 'called'>): number[] {
    const errors: number[] = [];
    while (this.told.length > 0 && this.told[0]!.number <= called) {
      const { atMs, waitMs } = this.told.shift()!;
      errors.push(Math.abs(nowMs - atMs - waitMs) / waitMs);
    }
    this.settled.push(...errors);
    this.settled.splice(0, this.settled.length - SETTLED_MAX);
    return errors;
  }

  /** Null where nothing that was told has come true yet. */
  get error(): EstimateError | null {
    const errors = this.settled.toSorted((a, b) => a - b);
    const p90 = errors[Math.ceil(errors.length * 0.9) - 1];
    return p90 === undefined ? null : { judged: errors.length, p90 };
  }
}
