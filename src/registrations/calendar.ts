import { observances } from './time-zone-observances.js';

const LINE_OCTETS_MAX = 75;

/** What a calendar shows of a registration. */
export interface CalendarEntry {
  /** Worldwide the same over all versions, so that a calendar updates what it has. */
  readonly uid: string;
  readonly summary: string;
  readonly location?: string | undefined;
  readonly url?: string | undefined;
  readonly startsAt: Date;
  readonly endsAt: Date;
}

/**
 * A calendar by RFC 5545: lines of at most 75 octets ended by CRLF, times in the event's zone with the zone's own
 * rules beside them.
 */
export function calendar(
  entries: readonly CalendarEntry[],
  by: {
    readonly timeZone: string;
    readonly status: 'CONFIRMED' | 'TENTATIVE' | 'CANCELLED';
    readonly sequence: number;
    readonly at: Date;
  },
): string {
  const times = entries.flatMap(({ startsAt, endsAt }) => [startsAt.getTime(), endsAt.getTime()]);
  const span = [new Date(Math.min(...times)), new Date(Math.max(...times))] as const;
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Foyer//Foyer//EN',
    'CALSCALE:GREGORIAN',
    'METHOD:PUBLISH',
    ...zone(by.timeZone, span),
    ...entries.flatMap((entry) => event(entry, by)),
    'END:VCALENDAR',
  ];
  return lines.map((line) => `${fold(line)}\r\n`).join('');
}

function event(
  { uid, summary, location, url, startsAt, endsAt }: CalendarEntry,
  { timeZone, status, sequence, at }: Parameters<typeof calendar>[1],
): string[] {
  return [
    'BEGIN:VEVENT',
    `UID:${uid}`,
    `DTSTAMP:${stamp(at.getTime())}Z`,
    `DTSTART${local(timeZone, startsAt)}`,
    `DTEND${local(timeZone, endsAt)}`,
    `SUMMARY:${escaped(summary)}`,
    ...(location === undefined ? [] : [`LOCATION:${escaped(location)}`]),
    ...(url === undefined ? [] : [`URL:${url}`]),
    `STATUS:${status}`,
    `SEQUENCE:${sequence}`,
    `TRANSP:${status === 'CANCELLED' ? 'TRANSPARENT' : 'OPAQUE'}`,
    'END:VEVENT',
  ];
}

function zone(timeZone: string, [from, to]: readonly [Date, Date]): string[] {
  if (isUtc(timeZone)) return [];
  return [
    'BEGIN:VTIMEZONE',
    `TZID:${timeZone}`,
    ...observances(timeZone, from, to).flatMap(({ startsAt, before, after, isDaylight, name }) => [
      `BEGIN:${isDaylight ? 'DAYLIGHT' : 'STANDARD'}`,
      // By the clock as it was until then (RFC 5545 §3.6.5).
      `DTSTART:${stamp(startsAt.getTime() + before)}`,
      `TZOFFSETFROM:${offset(before)}`,
      `TZOFFSETTO:${offset(after)}`,
      `TZNAME:${escaped(name)}`,
      `END:${isDaylight ? 'DAYLIGHT' : 'STANDARD'}`,
    ]),
    'END:VTIMEZONE',
  ];
}

function local(timeZone: string, at: Date): string {
  if (isUtc(timeZone)) return `:${stamp(at.getTime())}Z`;
  const [first] = observances(timeZone, at, at).slice(-1);
  return `;TZID=${timeZone}:${stamp(at.getTime() + first!.after)}`;
}

function isUtc(timeZone: string): boolean {
  return ['UTC', 'Etc/UTC', 'Etc/GMT', 'GMT'].includes(timeZone);
}

function stamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 19).replace(/[-:]/g, '');
}

function offset(milliseconds: number): string {
  const minutes = Math.abs(Math.round(milliseconds / 60_000));
  const pad = (n: number): string => String(n).padStart(2, '0');
  return `${milliseconds < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}${pad(minutes % 60)}`;
}

function escaped(text: string): string {
  return text.replace(/[\\;,]/g, '\\$&').replace(/\r?\n/g, '\\n');
}

/** Not within a character: the octets of one stay together. */
function fold(line: string): string {
  let [folded, octets] = ['', 0];
  for (const character of line) {
    const size = Buffer.byteLength(character);
    if (octets + size > LINE_OCTETS_MAX) {
      folded += '\r\n ';
      octets = 1;
    }
    folded += character;
    octets += size;
  }
  return folded;
}
