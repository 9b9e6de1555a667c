const ID = '0190b5a0-0000-7000-8000-000000000001';
const PLAN_ID = '0190b5a0-0000-7000-8000-0000000000a1';

const LINKS = {
  mapping: '/v1/mappings/hubspot.contact',
  apply: '/v1/mappings/hubspot.contact/apply',
  ledger: '/v1/mappings/hubspot.contact/ledger',
};

export const PLAN_EXAMPLE = {
  id: PLAN_ID,
  mapping: 'hubspot.contact',
  from: { version: 3, hash: '9f86d081884c7d65' },
  to: { hash: '60303ae22b998861', file: 'mappings/hubspot.contact.yaml' },
  position: 48213,
  counts: {
    records: 1200,
    unchanged: 1190,
    created: 0,
    changed: 10,
    unknown: 0,
    rekeyed: 0,
    accepted: 0,
    suppressed: 0,
    retained: 0,
    removed: 0,
    rejected: 0,
    waiting: 0,
    standing: 1180,
    nulled: 0,
    unknownFields: 0,
    duplicates: 0,
    underWay: 2,
  },
  samples: [
    {
      key: ID,
      kind: 'changed',
      version: 4,
      fields: [
        {
          name: 'lastname',
          from: 'Ruiz',
          to: 'RUIZ',
          expression: { file: 'mappings/hubspot.contact.yaml', line: 18 },
        },
      ],
    },
  ],
  reasons: [],
  duplicates: [],
  calls: { writes: 10, send: 4, readBack: 4, total: 8, quota: null, seconds: 1 },
  limits: [{ limit: 'changed', max: { share: 0.2 }, records: 10, share: 0.0085, isExceeded: false }],
  createdAt: '2027-03-01T09:00:00.000Z',
  links: LINKS,
};

export const APPLIED_EXAMPLE = {
  mapping: 'hubspot.contact',
  plan: PLAN_ID,
  version: 4,
  redelivered: 10,
  moved: 0,
  inverse: '0190b5a0-0000-7000-8000-0000000000a2',
  unrestored: [],
  links: LINKS,
};

export const MAPPING_EXAMPLE = {
  mapping: 'hubspot.contact',
  stream: 'person',
  destination: 'hubspot',
  object: 'contacts',
  operation: 'upsert',
  file: 'mappings/hubspot.contact.yaml',
  version: 4,
  paused: false,
  links: {
    self: '/v1/mappings/hubspot.contact',
    ledger: '/v1/mappings/hubspot.contact/ledger',
    plan: '/v1/mappings/hubspot.contact/plan',
    apply: '/v1/mappings/hubspot.contact/apply',
  },
};

export const MAPPING_IN_FULL_EXAMPLE = {
  ...MAPPING_EXAMPLE,
  appliedAt: '2027-03-01T09:00:00.000Z',
  inverse: '0190b5a0-0000-7000-8000-0000000000a2',
  redelivering: 0,
  hash: 'a1af9a7798dc47efa26c54468d56ecd8ba442ce384e5878a1b5d5a0fda4c066f',
  source: 'mapping: hubspot.contact\nstream: person\n…',
};

export const LEDGER_EXAMPLE = {
  mapping: 'hubspot.contact',
  asOf: '2027-03-01T09:00:00.000Z',
  records: 3,
  states: {
    pending: 0,
    sending: 0,
    sent: 0,
    verified: 2,
    retrying: 0,
    inDoubt: 0,
    rejected: 0,
    suppressed: 1,
    retained: 0,
    erased: 0,
  },
  unaccounted: 0,
  changes: { total: 5, settled: 4, superseded: 1, waiting: 0 },
  oldestOpenAt: null,
};

export const CALLS_EXAMPLE = {
  items: [
    {
      id: '0195a0b2-7c31-7d0e-9a0f-3f2b6a1c8e10',
      at: '2027-03-01T09:00:00.000Z',
      mappingVersion: 2,
      requestId: 'c1f2',
      status: 200,
      records: [
        {
          key: '0195a0b2-7000-7d0e-9a0f-3f2b6a1c8e10',
          version: 1,
          targetKey: '0195a0b2-7000-7d0e-9a0f-3f2b6a1c8e10',
          fields: { email: 'ada@example.com', lastname: 'Lovelace' },
          isErased: false,
        },
      ],
    },
  ],
  next: null,
};
