import { offsetMs } from '../events/agenda-time.js';

const DAY_MS = 86_400_000;
/** Zones that change their clock do so within a year. */
const LOOK_BACK_DAYS = 400;

/** A stretch of time with one offset from UTC. */
export interface Observance {
  /** When the clock is changed. */
  readonly startsAt: Date;
  /** Milliseconds east of Greenwich, until then and from then on. */
  readonly before: number;
  readonly after: number;
  readonly isDaylight: boolean;
  readonly name: string;
}

/** The offsets of a zone from the one in force at `from` until `to`, found by asking for each day. */
export function observances(timeZone: string, from: Date, to: Date): Observance[] {
  const changes: Observance[] = [];
  const first = from.getTime() - LOOK_BACK_DAYS * DAY_MS;
  for (let day = first; day < to.getTime(); day += DAY_MS) {
    const next = Math.min(day + DAY_MS, to.getTime());
    const [before, after] = [offsetMs(timeZone, new Date(day)), offsetMs(timeZone, new Date(next))];
    if (before !== after)
      changes.push(observance(timeZone, changeBetween(timeZone, day, next), before, after));
  }
  const since = changes.filter(({ startsAt }) => startsAt <= from).at(-1);
  const later = changes.filter(({ startsAt }) => startsAt > from);
  if (since) return [since, ...later];
  const standing = offsetMs(timeZone, new Date(first));
  return [observance(timeZone, first, standing, standing), ...later];
}

function observance(timeZone: string, at: number, before: number, after: number): Observance {
  const startsAt = new Date(at);
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'short' });
  const name = format.formatToParts(startsAt).find(({ type }) => type === 'timeZoneName')?.value ?? timeZone;
  return { startsAt, before, after, isDaylight: after > before, name };
}

/** The second at which the offset changes. */
function changeBetween(timeZone: string, from: number, to: number): number {
  const old = offsetMs(timeZone, new Date(from));
  let [low, high] = [Math.floor(from / 1000), Math.floor(to / 1000)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetMs(timeZone, new Date(middle * 1000)) === old) low = middle;
    else high = middle;
  }
  return high * 1000;
}
