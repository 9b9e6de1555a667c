/**
 * What the type checker knows of each stream's snapshot; a test holds it against real ones (decision 0041). Beside
 * `source-contract.ts`, which says the same as types.
 */
import {
  attendanceModes,
  attendanceStatuses,
  eventStates,
  registrationStatuses,
  sessionKinds,
  type Stream,
} from './source-contract.js';

export interface Attribute {
  /** As expressions name it: `string`, `int`, `list<Registration>`, `map<string, dyn>`. */
  readonly type: string;
  /** May be absent or null. */
  readonly optional?: true;
  /** Says something about a person that may leave only with consent (rule 5). */
  readonly consentBound?: true;
  /** The only values there are. */
  readonly values?: readonly string[];
}

export type Attributes = Readonly<Record<string, Attribute>>;

export interface StreamContract {
  readonly stream: Stream;
  /** The names an expression starts from: the snapshot's own attributes. */
  readonly variables: Attributes;
  readonly types: Readonly<Record<string, Attributes>>;
}

const text: Attribute = { type: 'string' };
const optionalText: Attribute = { type: 'string', optional: true };
const personal: Attribute = { type: 'string', consentBound: true };
const optionalPersonal: Attribute = { type: 'string', optional: true, consentBound: true };
const status: Attribute = { type: 'string', values: registrationStatuses };
const answers: Attribute = { type: 'map<string, dyn>', consentBound: true };
const texts: Attribute = { type: 'map<string, string>' };
const consents: Attribute = { type: 'list<ConsentRecord>' };

const attendee: Attributes = {
  email: personal,
  firstName: personal,
  lastName: personal,
  company: optionalPersonal,
  jobTitle: optionalPersonal,
  country: optionalPersonal,
  phone: optionalPersonal,
  locale: optionalPersonal,
};

const version: Attribute = { type: 'int' };
const optionalNumber: Attribute = { type: 'int', optional: true };
const kind: Attribute = { type: 'string', values: sessionKinds };

/** When and how long somebody was there says something about a person; that they were, as little as a status. */
const seen: Attributes = {
  status: { type: 'string', values: attendanceStatuses },
  mode: { type: 'string', values: attendanceModes, optional: true },
  minutes: { type: 'int', consentBound: true },
  firstSeenAt: optionalPersonal,
  lastSeenAt: optionalPersonal,
};

const event: Attributes = {
  id: text,
  slug: text,
  name: text,
  startsAt: text,
  endsAt: text,
  timeZone: text,
};

const session: Attributes = {
  id: text,
  code: text,
  title: text,
  startsAt: text,
  endsAt: text,
  room: optionalText,
  kind,
  speakers: { type: 'list<Speaker>' },
};

const speaker: Attributes = { name: text };

const consentRecord: Attributes = {
  purpose: text,
  granted: { type: 'bool' },
  textVersion: optionalText,
  at: text,
};

const personAttributes: Attributes = { id: text, ...attendee, createdAt: text, erasedAt: optionalText };

const person: StreamContract = {
  stream: 'person',
  variables: {
    person: { type: 'Person' },
    registrations: { type: 'list<Registration>' },
    consents,
    attendance: { type: 'list<Attendance>' },
  },
  types: {
    Event: event,
    ConsentRecord: consentRecord,
    Person: personAttributes,
    Attendance: {
      id: text,
      registrationId: text,
      eventId: text,
      eventSlug: text,
      eventName: text,
      sessionId: text,
      sessionCode: text,
      sessionTitle: text,
      sessionKind: kind,
      ...seen,
    },
    Seen: seen,
    Registration: {
      id: text,
      event: { type: 'Event' },
      status,
      answers,
      sessions: { type: 'list<string>' },
      source: texts,
      attendance: { type: 'Seen', optional: true },
      createdAt: text,
      updatedAt: text,
    },
  },
};

const registration: StreamContract = {
  stream: 'registration',
  variables: {
    id: text,
    personId: text,
    event: { type: 'Event' },
    status,
    position: { type: 'int', optional: true },
    version: { type: 'int' },
    attendee: { type: 'Attendee' },
    answers,
    consents,
    sessions: { type: 'list<string>' },
    source: texts,
    createdAt: text,
    updatedAt: text,
  },
  types: { Event: event, ConsentRecord: consentRecord, Attendee: attendee },
};

const changed: Attributes = { version, createdAt: text, updatedAt: text };

const eventStream: StreamContract = {
  stream: 'event',
  variables: { event: { type: 'Event' } },
  types: {
    Event: {
      ...event,
      state: { type: 'string', values: eventStates },
      capacity: optionalNumber,
      attendanceClosedAt: optionalText,
      ...changed,
    },
  },
};

const sessionStream: StreamContract = {
  stream: 'session',
  variables: { session: { type: 'Session' }, event: { type: 'Event' } },
  types: {
    Event: event,
    Speaker: speaker,
    Session: { ...session, capacity: optionalNumber, ...changed },
  },
};

/** Whose it is and where it happened. */
const belongs: StreamContract['types'] = {
  Event: event,
  Speaker: speaker,
  Session: session,
  ConsentRecord: consentRecord,
  Person: personAttributes,
  Registration: { id: text, status, answers, source: texts, createdAt: text },
};

const belongings: Attributes = {
  person: { type: 'Person' },
  registration: { type: 'Registration' },
  event: { type: 'Event' },
  session: { type: 'Session', optional: true },
  consents,
};

const attendance: StreamContract = {
  stream: 'attendance',
  variables: { attendance: { type: 'Attendance' }, ...belongings },
  types: { ...belongs, Attendance: { id: text, ...seen, ...changed } },
};

const interaction: StreamContract = {
  stream: 'interaction',
  variables: { interaction: { type: 'Interaction' }, ...belongings },
  types: {
    ...belongs,
    Interaction: {
      id: text,
      type: text,
      at: text,
      until: optionalText,
      platform: text,
      data: { type: 'map<string, dyn>', consentBound: true },
      createdAt: text,
    },
  },
};

const contracts: ReadonlyMap<Stream, StreamContract> = new Map([
  ['event', eventStream],
  ['session', sessionStream],
  ['person', person],
  ['registration', registration],
  ['attendance', attendance],
  ['interaction', interaction],
]);

/** The streams whose snapshots can be mapped today. */
export const mappableStreams: readonly Stream[] = [...contracts.keys()];

export function contractOf(stream: Stream): StreamContract | null {
  return contracts.get(stream) ?? null;
}
