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
