/** A snapshot of any stream at random, for promises that every mapping has to keep. */
import fc from 'fast-check';
import {
  attendanceModes,
  attendanceStatuses,
  eventStates,
  registrationStatuses,
  sessionKinds,
  type Stream,
} from '../../src/mapping/source-contract.js';

export interface Snapshot {
  readonly [part: string]: unknown;
  readonly consents?: readonly { readonly purpose: string }[];
  readonly registrations?: readonly unknown[];
}

const time = fc
  .date({ min: new Date('2025-01-01'), max: new Date('2027-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString());
const optional = fc.option(fc.string({ maxLength: 30 }), { nil: undefined });
const status = fc.constantFrom(...registrationStatuses);
const slug = fc.constantFrom('academy', 'summit', 'zenith', 'kick-off');

const event = fc.record({ slug, startsAt: time, endsAt: time }).map(({ slug: name, ...times }) => ({
  id: name,
  slug: name,
  name: name.toUpperCase(),
  ...times,
  timeZone: 'UTC',
}));
const changed = { version: fc.nat(9), createdAt: time, updatedAt: time };
const consents = fc.array(
  fc.record({ purpose: fc.constantFrom('marketing', 'sales'), granted: fc.boolean(), at: time }),
  { maxLength: 4 },
);
const attendee = {
  email: fc.emailAddress(),
  firstName: fc.string({ maxLength: 50 }),
  lastName: fc.string({ maxLength: 90 }),
  company: optional,
  jobTitle: optional,
  country: optional,
  phone: optional,
};
const person = fc.record({ id: fc.uuid(), ...attendee, createdAt: time });
const place = {
  id: fc.uuid(),
  status,
  answers: fc.constant({}),
  sessions: fc.constant([]),
  source: fc.constant({}),
  createdAt: time,
};
const session = fc.record({
  id: fc.uuid(),
  code: fc.string({ maxLength: 8 }),
  title: fc.string({ maxLength: 60 }),
  startsAt: time,
  endsAt: time,
  kind: fc.constantFrom(...sessionKinds),
  speakers: fc.constant([]),
});
const seen = {
  status: fc.constantFrom(...attendanceStatuses),
  mode: fc.option(fc.constantFrom(...attendanceModes), { nil: undefined }),
  minutes: fc.nat(600),
  firstSeenAt: fc.option(time, { nil: undefined }),
  lastSeenAt: fc.option(time, { nil: undefined }),
};
const belongs = {
  person,
  registration: fc.record(place),
  event,
  session: fc.option(session, { nil: undefined }),
  consents,
};

export const snapshots: Readonly<Record<Stream, fc.Arbitrary<Snapshot>>> = {
  event: fc.record({
    event: fc.tuple(event, fc.record({ state: fc.constantFrom(...eventStates), ...changed })).map(merged),
  }),
  session: fc.record({ session: fc.tuple(session, fc.record(changed)).map(merged), event }),
  person: fc.record({
    person,
    registrations: fc.array(fc.record({ ...place, event, updatedAt: time }), { maxLength: 6 }),
    consents,
    attendance: fc.constant([]),
  }),
  registration: fc.record({
    ...place,
    personId: fc.uuid(),
    event,
    version: fc.nat(9),
    attendee: fc.record(attendee),
    consents,
    updatedAt: time,
  }),
  attendance: fc.record({ attendance: fc.record({ id: fc.uuid(), ...seen, ...changed }), ...belongs }),
  interaction: fc.record({
    interaction: fc.record({
      id: fc.uuid(),
      type: fc.constantFrom('watched', 'asked', 'downloaded'),
      at: time,
      platform: fc.constantFrom('zoom', 'app'),
      data: fc.constant({}),
      createdAt: time,
    }),
    ...belongs,
  }),
};

function merged<A extends object, B extends object>([one, other]: [A, B]): A & B {
  return { ...one, ...other };
}
