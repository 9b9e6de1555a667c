import { type AgendaPlace, isObject, type Json } from './agenda-place.js';
import { readInstant } from './agenda-time.js';

export interface ImportedSession {
  readonly code: string;
  readonly title: string;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly room?: string;
  readonly kind: 'talk' | 'lab' | 'networking' | 'other';
  readonly speakers: readonly { readonly name: string }[];
}

// What the API takes (event.dto.ts): longer is a fault of the file, since cutting would change what somebody wrote.
const TITLE_CHARACTERS_MAX = 300;
const ROOM_CHARACTERS_MAX = 100;
const SPEAKERS_MAX = 50;
const NAME_CHARACTERS_MAX = 200;
const CODE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/;

/**
 * One talk of an export, judged by the schema where Foyer reads it; what it does not read may be as it likes.
 * @param noteOffset told the offset of the talk's time
 */
export function readSession(place: AgendaPlace, noteOffset: (offset: string) => void): ImportedSession {
  const talk = place.object();
  const starts = readStart(place, talk);
  if (starts) noteOffset(starts.offset);
  const minutes = readMinutes(place, talk);
  if (talk.id !== undefined && !isPositiveInteger(talk.id)) place.at('id').fault('must be a whole number');
  const room = talk.room === null || talk.room === '' ? undefined : talk.room;
  return {
    code: readCode(place, talk),
    title: place.at('title').line(talk.title, TITLE_CHARACTERS_MAX),
    startsAt: starts?.at.toISOString() ?? '',
    endsAt: starts ? new Date(starts.at.getTime() + minutes * 60_000).toISOString() : '',
    ...(room === undefined ? {} : { room: place.at('room').line(room, ROOM_CHARACTERS_MAX) }),
    kind: kindOf(talk.type),
    speakers: readSpeakers(place.at('persons'), talk.persons),
  };
}

function readStart(place: AgendaPlace, talk: Json): ReturnType<typeof readInstant> {
  const text = place.at('date').text(talk.date);
  const starts = text === '' ? null : readInstant(text);
  if (text !== '' && !starts)
    place.at('date').fault('must be a time with its offset, such as 2027-03-01T09:00:00+01:00');
  return starts;
}

function readMinutes(place: AgendaPlace, talk: Json): number {
  const text = place.at('duration').text(talk.duration);
  const match = /^(\d{1,3}):([0-5]\d)(?::[0-5]\d)?$/.exec(text);
  const minutes = match ? Number(match[1]) * 60 + Number(match[2]) : 0;
  if (text !== '' && minutes === 0) place.at('duration').fault('must be HH:MM and more than nothing');
  return minutes;
}

/** The talk's short code; its guid where it has none, or one that is too long or unfit for an address. */
function readCode(place: AgendaPlace, talk: Json): string {
  const found = [talk.slug, talk.code, talk.guid].find(
    (candidate) => typeof candidate === 'string' && CODE.test(candidate),
  );
  if (found === undefined) place.fault('has neither a slug nor a guid to know it by');
  return (found as string | undefined) ?? '';
}

function kindOf(type: unknown): ImportedSession['kind'] {
  const word = typeof type === 'string' ? type.toLowerCase() : '';
  if (/workshop|lab|tutorial|hands.?on/.test(word)) return 'lab';
  if (/talk|keynote|lecture|panel/.test(word)) return 'talk';
  return /network|meetup|social|party/.test(word) ? 'networking' : 'other';
}

function readSpeakers(place: AgendaPlace, persons: unknown): { name: string }[] {
  if (persons === undefined || persons === null) return [];
  if (!Array.isArray(persons)) {
    place.fault('must be a list');
    return [];
  }
  if (persons.length > SPEAKERS_MAX)
    place.fault(`holds ${persons.length} people, at most ${SPEAKERS_MAX} fit`);
  return persons.map((person: unknown, i) => readSpeaker(place.at(i), person));
}

function readSpeaker(place: AgendaPlace, person: unknown): { name: string } {
  const given = isObject(person) ? person : {};
  if (given.id !== undefined && !isPositiveInteger(given.id)) place.at('id').fault('must be a whole number');
  if (given.name === undefined && given.public_name === undefined) {
    place.fault('has neither a name nor a public_name');
    return { name: '' };
  }
  const key = given.public_name === undefined ? 'name' : 'public_name';
  return { name: place.at(key).line(given[key], NAME_CHARACTERS_MAX) };
}

function isPositiveInteger(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) > 0;
}
