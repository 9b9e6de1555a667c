import { isSignedWithPrivateKey, isSignedWithSecret } from '../webhooks/standard-webhooks.js';
import type { Message, Received, Receiver } from '../webhooks/receiver.js';
import { EVENTS, type LoggedPerson, type LoggedRegistration } from './clients.js';
import { type Ledger, ledgerFaults, type TwinRecord } from './twin-records.js';

/** All that the checker may know: what clients were told, what arrived outside, and the ledger. */
export interface Evidence {
  readonly people: readonly LoggedPerson[];
  readonly hubspot: readonly TwinRecord[];
  readonly salesforce: readonly TwinRecord[];
  readonly ledgers: readonly Ledger[];
  readonly receiver: Receiver;
  readonly keys: { readonly secret: string; readonly publicKey: string };
}

interface Told {
  readonly status: string;
  readonly firstName: string;
  /** Its number on the waitlist, where it ever had one. */
  readonly number: number | null;
}

const HUBSPOT_STATUS: Record<string, string> = {
  confirmed: 'registered',
  waitlisted: 'waitlisted',
  cancelled: 'cancelled',
};
const SALESFORCE_STATUS: Record<string, string> = {
  confirmed: 'Open',
  waitlisted: 'Working',
  cancelled: 'Withdrawn',
};
const RANK = ['confirmed', 'waitlisted', 'cancelled'];

/** What does not hold, in sentences; empty where everything does. */
export function check(evidence: Evidence): string[] {
  const told = toldByWebhooks(evidence.receiver);
  return [
    ...evidence.ledgers.flatMap((ledger) => ledgerFaults(ledger, evidence.people)),
    ...webhookFaults(evidence, told),
    ...placeFaults(evidence.people, told),
    ...twinFaults('HubSpot', evidence.people, evidence.hubspot, (person) => ({
      firstname: person.firstName,
      foyer_status: HUBSPOT_STATUS[bestStatus(person, told)]!,
      foyer_event_count: String(livingEvents(person)),
    })),
    ...twinFaults('Salesforce', evidence.people, evidence.salesforce, (person) => ({
      FirstName: person.firstName,
      Status: SALESFORCE_STATUS[bestStatus(person, told)]!,
      Foyer_Event_Count__c: String(livingEvents(person)),
    })),
  ];
}

/** The newest message of each registration, and its waitlist number from whichever message named one. */
function toldByWebhooks(receiver: Receiver): Map<string, Told> {
  const told = new Map<string, Told>();
  for (const { message } of receiver.accepted()) {
    const { id, status, attendee, position } = message.data.registration;
    const number = position ?? told.get(id)?.number ?? null;
    told.set(id, { status, firstName: attendee.firstName, number });
  }
  return told;
}

function webhookFaults({ people, receiver, keys }: Evidence, told: Map<string, Told>): string[] {
  const faults: string[] = [];
  for (const { registration } of all(people)) {
    const { id, firstName, isCancelled } = registration;
    const last = told.get(id);
    const isNewest = last?.firstName === firstName && (last.status === 'cancelled') === isCancelled;
    if (!isNewest)
      faults.push(`the endpoint does not know the newest state of ${id}: ${JSON.stringify(last)}`);
  }
  const known = new Set([...all(people)].map(({ registration }) => registration.id));
  for (const id of told.keys())
    if (!known.has(id)) faults.push(`the endpoint heard of ${id}, which nobody made`);
  for (const [id, messages] of byRegistration(receiver)) {
    const isGapless = messages.every(({ data }, i) => data.sequence === i + 1);
    const isOrdered = messages.every(
      ({ data }, i) => i === 0 || data.version > messages[i - 1]!.data.version,
    );
    const sequences = messages.map(({ data }) => data.sequence).join();
    if (!isGapless || !isOrdered) faults.push(`messages of ${id} came as ${sequences}`);
  }
  const forged = receiver.received.filter((message) => !isGenuine(message, keys));
  if (forged.length > 0) faults.push(`${forged.length} messages have no valid signature`);
  return faults;
}

/** What was found genuine once: asking again would keep the receiver from its work. */
const genuine = new WeakSet<Received>();

function isGenuine(message: Received, { secret, publicKey }: Evidence['keys']): boolean {
  if (genuine.has(message)) return true;
  if (!isSignedWithSecret(message, secret) || !isSignedWithPrivateKey(message, publicKey)) return false;
  genuine.add(message);
  return true;
}

function byRegistration(receiver: Receiver): Map<string, Message[]> {
  const messages = new Map<string, Message[]>();
  for (const { message } of receiver.accepted()) {
    const { id } = message.data.registration;
    const known = messages.get(id);
    if (known) known.push(message);
    else messages.set(id, [message]);
  }
  return messages;
}

/** Capacity exact, nobody passed over, and first come, first on the list. */
function placeFaults(people: readonly LoggedPerson[], told: Map<string, Told>): string[] {
  const club = [...all(people)].filter(({ registration }) => registration.event === 'club');
  const of = (status: string): LoggedRegistration[] =>
    club.map(({ registration }) => registration).filter(({ id }) => told.get(id)?.status === status);
  const confirmed = of('confirmed');
  const waiting = of('waitlisted');
  const living = club.filter(({ registration }) => !registration.isCancelled).length;
  const wanted = Math.min(EVENTS.club, living);
  const faults: string[] = [];
  if (confirmed.length !== wanted) faults.push(`${confirmed.length} have a place in the club, not ${wanted}`);

  const number = ({ id }: LoggedRegistration): number => told.get(id)?.number ?? Infinity;
  const promoted = confirmed.filter(({ status }) => status === 'waitlisted');
  for (const one of waiting) {
    const before = promoted.find((other) => number(other) > number(one));
    if (before) faults.push(`${before.id} was promoted before ${one.id}, which had the lower number`);
    const later = confirmed.find((other) => other.status === 'confirmed' && other.askedAt > one.answeredAt);
    if (later) faults.push(`${later.id} got a place though ${one.id} was waiting already`);
  }
  const listed = club.map(({ registration }) => registration).filter(({ status }) => status === 'waitlisted');
  for (const one of listed) {
    const ahead = listed.find((other) => other.askedAt > one.answeredAt && number(other) <= number(one));
    if (ahead) faults.push(`${ahead.id} came after ${one.id} and stands before it on the waitlist`);
  }
  return faults;
}

function twinFaults(
  name: string,
  people: readonly LoggedPerson[],
  records: readonly TwinRecord[],
  expected: (person: LoggedPerson) => Record<string, string>,
): string[] {
  const faults: string[] = [];
  const byEmail = new Map<string, TwinRecord[]>();
  for (const record of records) byEmail.set(record.email, [...(byEmail.get(record.email) ?? []), record]);
  for (const person of people) {
    const found = byEmail.get(person.email) ?? [];
    byEmail.delete(person.email);
    const many = person.hasConsent ? 1 : 0;
    if (found.length !== many)
      faults.push(`${name} has ${found.length} records of ${person.email}, not ${many}`);
    if (found.length !== 1 || many !== 1) continue;
    for (const [field, value] of Object.entries(expected(person))) {
      const stands = String(found[0]!.fields[field]);
      if (stands !== value) faults.push(`${name} has ${field} ${stands}, not ${value}, for ${person.email}`);
    }
  }
  for (const email of byEmail.keys()) faults.push(`${name} has a record of ${email}, who never registered`);
  return faults;
}

function bestStatus(person: LoggedPerson, told: Map<string, Told>): string {
  const ranks = person.registrations.map(({ id }) => RANK.indexOf(told.get(id)?.status ?? 'cancelled'));
  return RANK[Math.min(...ranks)]!;
}

function livingEvents({ registrations }: LoggedPerson): number {
  return registrations.filter(({ isCancelled }) => !isCancelled).length;
}

function* all(
  people: readonly LoggedPerson[],
): Generator<{ person: LoggedPerson; registration: LoggedRegistration }> {
  for (const person of people) {
    for (const registration of person.registrations) yield { person, registration };
  }
}
