/**
 * Reads an agenda as pretalx and the CCC's tools export it (schedule.json, by the schema of voc/schedule) into an
 * event and its sessions. Pure; every fault is named by its place in the file and nothing is half read. Judged by the
 * schema is what Foyer reads: real exports carry members that the schema does not know, and slugs that it forbids.
 */
import { type AgendaFault, AgendaPlace, isObject, type Json } from './agenda-place.js';
import { type ImportedSession, readSession } from './agenda-session.js';
import { isTimeZone, zoneOfOffsets } from './agenda-time.js';

export interface ImportedAgenda {
  readonly event: {
    readonly slug: string;
    readonly name: string;
    readonly startsAt: string;
    readonly endsAt: string;
    readonly timeZone: string;
  };
  /** `offsets`: the file names no zone, and all its times share this offset. */
  readonly timeZoneFrom: 'asked' | 'file' | 'offsets';
  readonly sessions: readonly ImportedSession[];
}

/** What the caller knows better than the file. */
export interface AgendaWishes {
  readonly slug?: string | undefined;
  readonly timeZone?: string | undefined;
}

export type AgendaRead =
  | { readonly ok: true; readonly agenda: ImportedAgenda }
  | { readonly ok: false; readonly faults: readonly AgendaFault[] };

export const SESSIONS_MAX = 5_000;
const NAME_CHARACTERS_MAX = 200;
const SLUG_CHARACTERS_MAX = 80;

export function readAgenda(document: unknown, wishes: AgendaWishes = {}): AgendaRead {
  const faults: AgendaFault[] = [];
  const schedule = isObject(document) ? document.schedule : undefined;
  const conference = isObject(schedule) ? schedule.conference : undefined;
  const place = new AgendaPlace('/schedule/conference', faults);
  if (!isObject(schedule) || !isObject(conference)) {
    place.fault('is missing: this is no schedule.json export');
    return { ok: false, faults };
  }
  if (schedule.rooms !== undefined)
    new AgendaPlace('/schedule/rooms', faults).fault('does not belong here: rooms stand in the conference');
  const slug = wishes.slug ?? slugOf(place.at('acronym'), conference.acronym);
  const name = place.at('title').line(conference.title, NAME_CHARACTERS_MAX);
  const offsets = new Set<string>();
  const sessions = readSessions(place.at('days'), conference.days, (offset) => offsets.add(offset));
  const zone = zoneOf(place.at('time_zone_name'), conference, wishes, offsets);
  if (faults.length > 0) return { ok: false, faults };
  const startsAt = sessions.map((session) => session.startsAt).sort()[0]!;
  const endsAt = sessions
    .map((session) => session.endsAt)
    .sort()
    .at(-1)!;
  const event = { slug, name, startsAt, endsAt, timeZone: zone.timeZone };
  return { ok: true, agenda: { event, timeZoneFrom: zone.from, sessions } };
}

function readSessions(
  place: AgendaPlace,
  days: unknown,
  noteOffset: (offset: string) => void,
): ImportedSession[] {
  const places = talksIn(place, days);
  if (places.length > SESSIONS_MAX) {
    place.fault(`holds ${places.length} sessions, at most ${SESSIONS_MAX} fit`);
    return [];
  }
  const seen = new Map<string, string>();
  return places.map((talk) => {
    const session = readSession(talk, noteOffset);
    const first = seen.get(session.code);
    if (session.code !== '' && first !== undefined) talk.fault(`has the code ${session.code} of ${first}`);
    else seen.set(session.code, talk.pointer);
    return session;
  });
}

function talksIn(place: AgendaPlace, days: unknown): AgendaPlace[] {
  if (!Array.isArray(days)) {
    place.fault('must be a list');
    return [];
  }
  let unread = 0;
  const talks = days.flatMap((day: unknown, d) => {
    const rooms = place.at(d).at('rooms');
    const byRoom = isObject(day) ? day.rooms : undefined;
    if (!isObject(byRoom)) {
      rooms.fault('must map each room to its sessions');
      unread += 1;
      return [];
    }
    return Object.entries(byRoom).flatMap(([room, list]) => {
      if (Array.isArray(list)) return list.map((talk: unknown, i) => rooms.at(room).at(i, talk));
      rooms.at(room).fault('must be a list');
      unread += 1;
      return [];
    });
  });
  if (talks.length === 0 && unread === 0) place.fault('holds no session');
  return talks;
}

/** What was asked for, else what the file names, else the offset that all its times share. Never a guess. */
function zoneOf(
  place: AgendaPlace,
  conference: Json,
  wishes: AgendaWishes,
  offsets: ReadonlySet<string>,
): { timeZone: string; from: ImportedAgenda['timeZoneFrom'] } {
  if (wishes.timeZone !== undefined) return { timeZone: wishes.timeZone, from: 'asked' };
  const named = conference.time_zone_name;
  if (named !== undefined && named !== null) {
    if (typeof named === 'string' && isTimeZone(named)) return { timeZone: named, from: 'file' };
    place.fault('is no time zone of the IANA database, such as Europe/Berlin');
    return { timeZone: '', from: 'file' };
  }
  const timeZone = zoneOfOffsets(offsets);
  if (timeZone === null && offsets.size > 0) {
    const told = [...offsets].sort().join(', ');
    place.fault(`is missing, and the offsets of the times (${told}) do not tell the zone: name it`);
  }
  return { timeZone: timeZone ?? '', from: 'offsets' };
}

function slugOf(place: AgendaPlace, acronym: unknown): string {
  const text = place.text(acronym);
  const slug = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  if (text !== '' && slug === '') place.fault('holds no letter or digit to make an address of');
  if (slug.length > SLUG_CHARACTERS_MAX) place.fault(`makes an address of ${slug.length} characters`);
  return slug;
}
