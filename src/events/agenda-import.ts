/**
 * Reads an agenda as pretalx and the CCC's tools export it (schedule.json, by the schema of voc/schedule) into an
 * event and its sessions. Pure; every fault is named by its place in the file and nothing is half read.
 */
export interface ImportedAgenda {
  readonly event: {
    readonly slug: string;
    readonly name: string;
    readonly startsAt: string;
    readonly endsAt: string;
    readonly timeZone: string;
  };
  readonly sessions: readonly ImportedSession[];
}

export interface ImportedSession {
  readonly code: string;
  readonly title: string;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly room?: string;
  readonly kind: 'talk' | 'lab' | 'networking' | 'other';
  readonly speakers: readonly { readonly name: string }[];
}

/** Where in the file (a JSON pointer) and what to mend there. */
export interface AgendaFault {
  readonly pointer: string;
  readonly message: string;
}

export const SESSIONS_MAX = 5_000;

type Json = Record<string, unknown>;

export function readAgenda(
  document: unknown,
): { ok: true; agenda: ImportedAgenda } | { ok: false; faults: AgendaFault[] } {
  const faults: AgendaFault[] = [];
  const conference = at(document, 'schedule', 'conference');
  if (!isObject(conference)) {
    return {
      ok: false,
      faults: [{ pointer: '/schedule/conference', message: 'is missing: this is no schedule.json export' }],
    };
  }
  const place = '/schedule/conference';
  const sessions = rawSessions(conference, place, faults).map(({ raw, pointer }) =>
    session(raw, pointer, faults),
  );
  noteRepeatedCodes(sessions, faults);
  const slug = text(conference, 'acronym', place, faults);
  const name = text(conference, 'title', place, faults);
  if (sessions.length === 0) faults.push({ pointer: `${place}/days`, message: 'holds no session' });
  if (sessions.length > SESSIONS_MAX)
    faults.push({ pointer: `${place}/days`, message: `holds more than ${SESSIONS_MAX} sessions` });
  if (faults.length > 0) return { ok: false, faults };
  const starts = sessions.map((s) => s.startsAt).sort();
  const ends = sessions.map((s) => s.endsAt).sort();
  const timeZone = timeZoneOf(conference);
  const event = { slug: slugOf(slug), name, startsAt: starts[0]!, endsAt: ends.at(-1)!, timeZone };
  return { ok: true, agenda: { event, sessions } };
}

/**
 * The same agenda, moved by whole days so that it begins on that day.
 * @param day YYYY-MM-DD
 */
export function shifted(agenda: ImportedAgenda, day: string): ImportedAgenda {
  const from = Date.parse(agenda.event.startsAt.slice(0, 10));
  const byMs = Date.parse(day) - from;
  const move = (time: string): string => new Date(Date.parse(time) + byMs).toISOString();
  const moved = <T extends { startsAt: string; endsAt: string }>(it: T): T => ({
    ...it,
    startsAt: move(it.startsAt),
    endsAt: move(it.endsAt),
  });
  return { event: moved(agenda.event), sessions: agenda.sessions.map(moved) };
}

/** The zone that the export names; where it names none, the fixed offset that all its times share, else UTC. */
function timeZoneOf(conference: Json): string {
  if (typeof conference.time_zone_name === 'string') return conference.time_zone_name;
  const dates = JSON.stringify(conference.days).match(/"date":"[^"]{16,}"/g) ?? [];
  const offsets = new Set(dates.map((date) => /([+-]\d\d):00"$/.exec(date)?.[1]));
  const [only] = offsets;
  if (offsets.size !== 1 || only === undefined || Number(only) === 0) return 'UTC';
  // POSIX turns the sign round: Etc/GMT-1 is one hour east of Greenwich.
  return `Etc/GMT${Number(only) > 0 ? '-' : '+'}${Math.abs(Number(only))}`;
}

function rawSessions(
  conference: Json,
  place: string,
  faults: AgendaFault[],
): { raw: unknown; pointer: string }[] {
  const { days } = conference;
  if (!Array.isArray(days)) {
    faults.push({ pointer: `${place}/days`, message: 'must be a list' });
    return [];
  }
  return days.flatMap((day: unknown, d) => {
    const rooms = at(day, 'rooms');
    if (!isObject(rooms)) {
      faults.push({ pointer: `${place}/days/${d}/rooms`, message: 'must map a room to its sessions' });
      return [];
    }
    return Object.entries(rooms).flatMap(([room, list]) => {
      const pointer = `${place}/days/${d}/rooms/${room.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      if (Array.isArray(list)) return list.map((raw: unknown, i) => ({ raw, pointer: `${pointer}/${i}` }));
      faults.push({ pointer, message: 'must be a list' });
      return [];
    });
  });
}

function session(raw: unknown, pointer: string, faults: AgendaFault[]): ImportedSession {
  const talk = isObject(raw) ? raw : {};
  const title = text(talk, 'title', pointer, faults);
  const date = text(talk, 'date', pointer, faults);
  const duration = text(talk, 'duration', pointer, faults);
  const starts = new Date(date);
  const minutes = minutesOf(duration);
  if (date !== '' && Number.isNaN(starts.getTime()))
    faults.push({ pointer: `${pointer}/date`, message: 'must be a date with a zone' });
  if (duration !== '' && minutes === null)
    faults.push({ pointer: `${pointer}/duration`, message: 'must be HH:MM' });
  const ends = new Date(starts.getTime() + (minutes ?? 0) * 60_000);
  const isDated = !Number.isNaN(starts.getTime());
  return {
    code: codeOf(talk, pointer, faults),
    title: title.slice(0, 300),
    startsAt: isDated ? starts.toISOString() : '',
    endsAt: isDated ? ends.toISOString() : '',
    ...(typeof talk.room === 'string' && talk.room !== '' ? { room: talk.room } : {}),
    kind: kindOf(talk.type),
    speakers: speakersOf(talk.persons),
  };
}

/** The talk's short code; its guid where there is none or it is too long for one. */
function codeOf(talk: Json, pointer: string, faults: AgendaFault[]): string {
  for (const candidate of [talk.slug, talk.code, talk.guid]) {
    if (typeof candidate === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(candidate))
      return candidate;
  }
  faults.push({ pointer, message: 'has neither slug nor guid to know it by' });
  return '';
}

function kindOf(type: unknown): ImportedSession['kind'] {
  const word = typeof type === 'string' ? type.toLowerCase() : '';
  if (/workshop|lab|tutorial|hands.?on/.test(word)) return 'lab';
  if (/talk|keynote|lecture|panel/.test(word)) return 'talk';
  return /network|meetup|social|party/.test(word) ? 'networking' : 'other';
}

function speakersOf(persons: unknown): { name: string }[] {
  if (!Array.isArray(persons)) return [];
  return persons.flatMap((person: unknown) => {
    const name = at(person, 'public_name') ?? at(person, 'name');
    return typeof name === 'string' && name.trim() !== '' ? [{ name }] : [];
  });
}

function minutesOf(duration: string): number | null {
  const match = /^(\d{1,3}):([0-5]\d)(?::[0-5]\d)?$/.exec(duration);
  return match ? Number(match[1]) * 60 + Number(match[2]) : null;
}

function noteRepeatedCodes(sessions: readonly ImportedSession[], faults: AgendaFault[]): void {
  const seen = new Set<string>();
  for (const { code } of sessions) {
    if (code !== '' && seen.has(code)) {
      faults.push({ pointer: '/schedule/conference/days', message: `holds the session ${code} twice` });
    }
    seen.add(code);
  }
}

function slugOf(acronym: string): string {
  return acronym
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

function text(from: Json, name: string, pointer: string, faults: AgendaFault[]): string {
  const value = from[name];
  if (typeof value === 'string' && value !== '') return value;
  faults.push({ pointer: `${pointer}/${name}`, message: 'is missing' });
  return '';
}

function at(value: unknown, ...names: string[]): unknown {
  return names.reduce<unknown>((inner, name) => (isObject(inner) ? inner[name] : undefined), value);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
