/** The times of an agenda: instants with an offset, the zone they belong to, and days moved in that zone. */

const INSTANT = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;
const DAY_MS = 86_400_000;

export interface Instant {
  readonly at: Date;
  /** As written: `+01:00`, or `Z`. */
  readonly offset: string;
}

/** Null where it is no time by ISO 8601 with an offset, or no day of the calendar. */
export function readInstant(text: string): Instant | null {
  const [, day, offset] = INSTANT.exec(text) ?? [];
  const at = new Date(text);
  if (day === undefined || offset === undefined || Number.isNaN(at.getTime()) || !isDay(day)) return null;
  return { at, offset };
}

/** @param day YYYY-MM-DD; `new Date` alone takes the 30th of February for the 1st of March */
export function isDay(day: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(day)) return false;
  const midnight = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day);
}

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return /^[A-Za-z]/.test(name);
  } catch {
    return false; // Intl says by an error that it does not know the zone.
  }
}

/** The zone of an offset that all times share; null where they do not, or where it is no whole hour. */
export function zoneOfOffsets(offsets: Iterable<string>): string | null {
  const [only, ...others] = new Set([...offsets].map((offset) => offset.replace(/^(Z|-00:00)$/, '+00:00')));
  const hours = /^([+-]\d\d):00$/.exec(only ?? '')?.[1];
  if (hours === undefined || others.length > 0) return null;
  if (Number(hours) === 0) return 'UTC';
  // POSIX turns the sign round: Etc/GMT-1 is one hour east of Greenwich.
  const zone = `Etc/GMT${Number(hours) > 0 ? '-' : '+'}${Math.abs(Number(hours))}`;
  return isTimeZone(zone) ? zone : null;
}

/** The day on which an instant falls in the zone, as YYYY-MM-DD. */
export function dayIn(timeZone: string, at: Date): string {
  return new Date(wallClock(timeZone, at)).toISOString().slice(0, 10);
}

/** The same time of day so many days later in the zone, whatever summer time does in between. */
export function moveDays(timeZone: string, at: Date, days: number): Date {
  return atWallClock(timeZone, wallClock(timeZone, at) + days * DAY_MS);
}

/** @param wall what the clock on the wall shows, written as if it were UTC */
export function atWallClock(timeZone: string, wall: number): Date {
  const guess = wall - offsetMs(timeZone, new Date(wall));
  // The offset was looked up beside the instant; once more on it, where the clock changes in between.
  return new Date(wall - offsetMs(timeZone, new Date(guess)));
}

export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS);
}

/** Milliseconds east of Greenwich. */
export function offsetMs(timeZone: string, at: Date): number {
  return wallClock(timeZone, at) - Math.floor(at.getTime() / 1_000) * 1_000;
}

/** What the clock on the wall shows, written as if it were UTC; to the second. */
function wallClock(timeZone: string, at: Date): number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(part.year!, part.month! - 1, part.day, part.hour, part.minute, part.second);
}
