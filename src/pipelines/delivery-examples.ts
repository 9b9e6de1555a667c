const KEY = '0190b5a0-0000-7000-8000-000000000001';
const MAPPING = 'hubspot.contact';
const FILE = 'mappings/hubspot.contact.yaml';
const ATTEMPT_ID = '0190b5a0-0000-7000-8000-0000000000a1';
const REPLAY_ID = '0190b5a0-0000-7000-8000-0000000000b1';
const LINKS = { self: `/v1/deliveries/${MAPPING}/${KEY}` };

/** Answers of the API as they look; a test holds them against real ones. */
export const DELIVERY_EXAMPLE = {
  mapping: MAPPING,
  key: KEY,
  stream: 'person',
  version: 3,
  state: 'verified',
  targetId: '70000000006',
  attempts: 1,
};

export const WHY_EXAMPLE = {
  mapping: MAPPING,
  key: KEY,
  stream: 'person',
  version: 3,
  state: 'verified',
  targetId: '70000000006',
  attempts: [
    {
      id: ATTEMPT_ID,
      at: '2027-03-01T09:00:00.394Z',
      deadline: '2027-03-01T09:00:30.394Z',
      requestId: 'c1f2',
      outcome: 'written',
      status: 200,
      message: null,
    },
  ],
  why: { isThere: true, sentence: 'It stands there as 70000000006 as of version 3, read back.' },
  when: {
    expression: { file: FILE, line: 8, text: 'consent.granted("marketing")' },
    holds: true,
    sources: [{ path: 'consent.granted("marketing")', value: true }],
  },
  versions: [{ version: 3, topic: 'person.updated', at: '2027-03-01T09:00:00.103Z', seq: 26 }],
  fields: {
    email: {
      value: 'ana@example.com',
      isKnown: true,
      mapped: 'ana@example.com',
      sources: [{ path: 'person.email', value: 'Ana@example.com' }],
      given: 'ana@example.com',
      expression: { file: FILE, line: 16, column: 19, text: 'person.email.trim().lowerAscii()' },
      mappingVersion: 1,
      attempt: ATTEMPT_ID,
      readBack: { isVerified: true, value: 'ana@example.com', at: '2027-03-01T09:00:00.469Z' },
    },
  },
  links: LINKS,
};

export const RESOLVED_EXAMPLE = { mapping: MAPPING, key: KEY, outcome: 'written', links: LINKS };

const REPLAY_LINKS = { self: `/v1/deliveries/replay/${REPLAY_ID}` };

export const REPLAYED_EXAMPLE = { id: REPLAY_ID, matched: 6, links: REPLAY_LINKS };

export const REPLAY_EXAMPLE = {
  id: REPLAY_ID,
  mapping: MAPPING,
  matched: 6,
  waiting: 2,
  createdAt: '2027-03-01T09:00:00.741Z',
  links: REPLAY_LINKS,
};

const RECORD_PLACE = {
  stream: 'person',
  key: KEY,
  version: 3,
  at: '2027-03-01T09:00:00.103Z',
  links: { self: `/v1/records/person/${KEY}` },
};

export const RECORD_EXAMPLE = {
  ...RECORD_PLACE,
  record: {
    person: {
      id: KEY,
      email: 'Ana@example.com',
      firstName: 'Ana',
      lastName: 'Ruiz',
      company: 'Example Ltd',
      jobTitle: 'Engineer',
      country: 'ES',
      createdAt: '2027-03-01T09:00:00.016Z',
    },
    registrations: [
      {
        id: '0190b5a0-0000-7000-8000-0000000000c2',
        event: {
          id: '0190b5a0-0000-7000-8000-0000000000e1',
          slug: 'summit-2027',
          name: 'Summit 2027',
          startsAt: '2027-06-01T08:00:00.000Z',
          endsAt: '2027-06-02T17:00:00.000Z',
          timeZone: 'Europe/Berlin',
        },
        status: 'confirmed',
        answers: {},
        sessions: [],
        source: {},
        createdAt: '2027-03-01T09:00:00.016Z',
        updatedAt: '2027-03-01T09:00:00.045Z',
      },
    ],
    consents: [{ purpose: 'marketing', granted: true, textVersion: '1', at: '2027-03-01T09:00:00.100Z' }],
    attendance: [],
  },
};

export const RECORD_PLACE_EXAMPLE = RECORD_PLACE;

export const DESTINATION_EXAMPLE = {
  destination: 'hubspot',
  connector: 'hubspot',
  enabled: true,
  trouble: null,
  troubleSince: null,
  heldUntil: null,
  callsToday: 1_204,
  callsLastHour: 96,
  quota: { used: 1_204, max: 250_000, endsAt: '2027-03-02T00:00:00.000Z', forecast: 2_644, isEnough: true },
};
