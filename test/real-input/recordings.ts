/** What others' files and recorded calls hold. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export type Contact = Record<'Email' | 'FirstName' | 'LastName', string>;

interface Talk {
  slug: string;
  title: string;
  room: string;
  start: string;
  duration: string;
  persons: { public_name: string }[];
}

export function talksIn(file: string): Talk[] {
  const { schedule } = JSON.parse(readFileSync(file, 'utf8')) as {
    schedule: { conference: { days: { rooms: Record<string, Talk[]> }[] } };
  };
  return schedule.conference.days.flatMap(({ rooms }) => Object.values(rooms).flat());
}

export function minutes(duration: string): number {
  const [hours, rest] = duration.split(':').map(Number);
  return hours! * 60 + rest!;
}

/** The contacts of each recorded upsert, call by call. */
export function upsertsIn(file: string): Contact[][] {
  const { interactions } = parse(readFileSync(file, 'utf8'), { maxAliasCount: -1 }) as {
    interactions: { request?: { uri: string; body: string } }[];
  };
  return interactions
    .filter(({ request }) => request?.uri.endsWith('/composite/sobjects/Contact/Email'))
    .map(({ request }) => (JSON.parse(request!.body) as { records: Contact[] }).records);
}

/** The recorded client wrote contacts whole; Foyer writes what differs from what it knows to stand there. */
export function differenceOf(contact: Contact, before: readonly Contact[]): Contact {
  const known = before.find(({ Email }) => Email === contact.Email);
  if (!known) return contact;
  const { FirstName, LastName, ...rest } = contact;
  return {
    ...rest,
    ...(FirstName === known.FirstName ? {} : { FirstName }),
    ...(LastName === known.LastName ? {} : { LastName }),
  } as Contact;
}

export function createsIn(file: string): Record<'email' | 'firstname' | 'lastname', string>[] {
  const { http_interactions: interactions } = parse(readFileSync(file, 'utf8')) as {
    http_interactions: { request: { uri: string; body: { string: string } } }[];
  };
  const create = interactions.find(({ request }) => request.uri.endsWith('/contacts/batch/create'))!;
  type Inputs = { inputs: { properties: Record<'email' | 'firstname' | 'lastname', string> }[] };
  return (JSON.parse(create.request.body.string) as Inputs).inputs.map(({ properties }) => properties);
}
