/** What the lobby itself says at one moment. */
export interface Sample {
  readonly atMs: number;
  readonly active: number;
  readonly releasedLastMinute: number;
  readonly waiting: number;
  readonly present: number;
  readonly issued: number;
  readonly called: number;
}

const SAMPLES = 600;
const EVERY_MS_MIN = 500;

/** Often enough for a plot, and for a peak to be seen. */
export function sampleEveryMs(durationMs: number): number {
  return Math.max(EVERY_MS_MIN, durationMs / SAMPLES);
}
