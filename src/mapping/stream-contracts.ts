/** What the type checker knows of each stream's snapshot. Beside `source-contract.ts`, which says the same as types. */
import { registrationStatuses, type Stream } from './source-contract.js';

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

const event: Attributes = {
  id: text,
  slug: text,
  name: text,
  startsAt: text,
  endsAt: text,
  timeZone: text,
};

const consentRecord: Attributes = {
  purpose: text,
  granted: { type: 'bool' },
  textVersion: optionalText,
  at: text,
};

const person: StreamContract = {
  stream: 'person',
  variables: {
    person: { type: 'Person' },
    registrations: { type: 'list<Registration>' },
    consents,
    attendance: { type: 'list<dyn>' },
  },
  types: {
    Event: event,
    ConsentRecord: consentRecord,
    Person: { id: text, ...attendee, createdAt: text },
    Registration: {
      id: text,
      event: { type: 'Event' },
      status,
      answers,
      sessions: { type: 'list<string>' },
      source: texts,
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

const contracts: ReadonlyMap<Stream, StreamContract> = new Map([
  ['person', person],
  ['registration', registration],
]);

/** The streams whose snapshots can be mapped today. */
export const mappableStreams: readonly Stream[] = [...contracts.keys()];

export function contractOf(stream: Stream): StreamContract | null {
  return contracts.get(stream) ?? null;
}
