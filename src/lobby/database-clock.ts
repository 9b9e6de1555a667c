const READINGS_MAX = 40;
/** The database's time comes in whole milliseconds. */
const ROUNDED_MS = 1;

/** How far the database's clock is from ours, at least and at most. */
interface Reading {
  readonly leastMs: number;
  readonly mostMs: number;
}

/**
 * The database's time without asking it, from what it said lately.
 *
 * 1. It was read somewhere between question and answer, so the offset is known to half of the time between them.
 * 2. Of the last readings the quickest counts: one that waited for a connection, or for this process, is off by more.
 * 3. Where a new reading contradicts that, a clock was set, and what was read before is forgotten.
 */
export class DatabaseClock {
  private readings: Reading[] = [];
  private best: Reading;

  /** @param untilReadMs what stands in until the first reading */
  constructor(untilReadMs: number) {
    const offsetMs = untilReadMs - performance.now();
    this.best = { leastMs: offsetMs, mostMs: offsetMs };
  }

  nowMs(): number {
    return performance.now() + (this.best.leastMs + this.best.mostMs) / 2;
  }

  /** @param saidMs what the database said; when it was asked and had answered by `performance.now()` */
  note(saidMs: number, askedMs: number, answeredMs: number): void {
    const reading = { leastMs: saidMs - answeredMs, mostMs: saidMs - askedMs };
    const contradicts =
      reading.mostMs < this.best.leastMs - ROUNDED_MS || reading.leastMs > this.best.mostMs + ROUNDED_MS;
    this.readings = [...(contradicts ? [] : this.readings.slice(1 - READINGS_MAX)), reading];
    this.best = this.readings.reduce((best, one) => (widthOf(one) < widthOf(best) ? one : best));
  }
}

function widthOf({ leastMs, mostMs }: Reading): number {
  return mostMs - leastMs;
}
