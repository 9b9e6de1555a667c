import type { Sample } from './sample.js';
import { isAcknowledged, type Visit } from './visit.js';

const POINTS = 240;

/** What happened over time, in as many points as a plot can show. Counts of people are cumulative. */
export interface Series {
  readonly atSeconds: readonly number[];
  readonly arrived: readonly number[];
  readonly admitted: readonly number[];
  readonly registered: readonly number[];
  readonly waiting: readonly number[];
  /** The most in the stretch before the point. */
  readonly active: readonly number[];
  readonly releasedLastMinute: readonly number[];
}

export function seriesOf(visits: readonly Visit[], samples: readonly Sample[], endMs: number): Series {
  const everyMs = Math.max(1, endMs / POINTS);
  const at = Array.from({ length: POINTS }, (_, i) => (i + 1) * everyMs);
  const admittedMs = visits.flatMap((visit) => {
    const atMs = visit.passMs ?? (visit.isStraight ? visit.endedMs : null);
    return atMs === null ? [] : [atMs];
  });
  const peak = (of: (sample: Sample) => number): number[] => peaks(samples, of, at);
  return {
    atSeconds: at.map((ms) => Math.round(ms / 100) / 10),
    arrived: cumulative(
      visits.map(({ arrivedMs }) => arrivedMs),
      at,
    ),
    admitted: cumulative(admittedMs, at),
    registered: cumulative(
      visits.filter(isAcknowledged).map(({ endedMs }) => endedMs!),
      at,
    ),
    waiting: peak(({ waiting }) => waiting),
    active: peak(({ active }) => active),
    releasedLastMinute: peak(({ releasedLastMinute }) => releasedLastMinute),
  };
}

function cumulative(times: number[], at: readonly number[]): number[] {
  times.sort((a, b) => a - b);
  let passed = 0;
  return at.map((ms) => {
    while (passed < times.length && times[passed]! <= ms) passed++;
    return passed;
  });
}

/** Where a stretch has no sample, the last one still holds. */
function peaks(samples: readonly Sample[], of: (sample: Sample) => number, at: readonly number[]): number[] {
  let next = 0;
  let last = 0;
  return at.map((ms) => {
    let most: number | null = null;
    for (; next < samples.length && samples[next]!.atMs <= ms; next++) {
      last = of(samples[next]!);
      most = Math.max(most ?? 0, last);
    }
    return most ?? last;
  });
}
