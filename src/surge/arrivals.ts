import type { Random } from './random.js';

/** People in one stretch of time; only the proportions of many count. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
  readonly people: number;
}

export const SHAPES = ['poisson', 'spike', 'ramp'] as const;
export type Shape = (typeof SHAPES)[number];

const SPIKE = { timeShare: 1 / 30, peopleShare: 0.4 };
const RAMP_STEPS = 60;
const RAMP_PEAK = 2 / 3;

/** `poisson`: evenly; `spike`: four in ten come in the first thirtieth; `ramp`: rises for two thirds, then falls. */
export function stretchesOf(shape: Shape, durationMs: number): Stretch[] {
  if (shape === 'poisson') return [{ fromMs: 0, toMs: durationMs, people: 1 }];
  if (shape === 'spike') {
    const until = durationMs * SPIKE.timeShare;
    return [
      { fromMs: 0, toMs: until, people: SPIKE.peopleShare },
      { fromMs: until, toMs: durationMs, people: 1 - SPIKE.peopleShare },
    ];
  }
  return Array.from({ length: RAMP_STEPS }, (_, i) => {
    const at = (i + 0.5) / RAMP_STEPS;
    const people = at < RAMP_PEAK ? at / RAMP_PEAK : (1 - at) / (1 - RAMP_PEAK);
    return { fromMs: (durationMs * i) / RAMP_STEPS, toMs: (durationMs * (i + 1)) / RAMP_STEPS, people };
  });
}

/**
 * When each one comes, in order. Given how many come, the times of a Poisson process are independent draws from its
 * intensity: so the number is exact, and the gaps are as random as those of people who know nothing of each other.
 */
export function arrivalTimes(stretches: readonly Stretch[], visitors: number, random: Random): number[] {
  const ends: number[] = [];
  let total = 0;
  for (const { people } of stretches) ends.push((total += people));
  const times = Array.from({ length: visitors }, () => {
    const drawn = random() * total;
    const i = firstAtLeast(ends, drawn);
    const { fromMs, toMs } = stretches[i]!;
    return fromMs + random() * (toMs - fromMs);
  });
  return times.sort((a, b) => a - b);
}

function firstAtLeast(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
