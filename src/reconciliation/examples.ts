const RUN_ID = '0190b5a0-0000-7000-8000-0000000000d1';
const SELF = `/v1/reconciliations/${RUN_ID}`;
const LINKS = { self: SELF, discrepancies: `${SELF}/discrepancies`, repair: `${SELF}/repair` };

const KEY = {
  kty: 'OKP',
  crv: 'Ed25519',
  kid: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  use: 'sig',
  alg: 'EdDSA',
};

/** Answers of the API as they look; a test holds them against real ones. */
export const BEGUN_EXAMPLE = {
  id: RUN_ID,
  mapping: 'hubspot.contact',
  state: 'running',
  createdAt: '2027-03-01T09:00:00.000Z',
  finishedAt: null,
  failure: null,
  schedule: null,
  certificate: null,
  progress: { reading: 'theirs', done: 12_000, of: 100_000 },
  links: LINKS,
};

export const RUN_EXAMPLE = {
  ...BEGUN_EXAMPLE,
  state: 'done',
  finishedAt: '2027-03-01T09:02:10.500Z',
  progress: null,
  certificate: {
    format: 3,
    run: RUN_ID,
    mapping: 'hubspot.contact',
    mappingVersion: 4,
    startedAt: '2027-03-01T09:00:00.010Z',
    finishedAt: '2027-03-01T09:02:10.480Z',
    kind: 'full',
    basedOn: null,
    position: '48213',
    coverage: 'list',
    counts: { compared: 1180, moving: 2, leftOut: 18, afresh: 1180, theirs: 1180, cleared: 0 },
    discrepancies: {
      missing: 0,
      stale: 0,
      extra: 0,
      duplicate: 0,
      drifted: 1,
      merged: 0,
      deleted: 0,
      unaccounted: 0,
    },
    notLookedFor: [],
    oursSha256: '4f36b1cab396f00d8d692a7177f627699f33ab130d30065a7c2d3b4f0be0d637',
    theirsSha256: '91934637de644a9b2c62405a3376e23e77dcbe6d658cc77fb85ef9ad4f1f2ff8',
    discrepanciesSha256: 'ca92e9aada5e6ede75c397adcc9dba7e85969f188ea024c055dd69f029088624',
    publicKey: KEY.x,
    keyId: KEY.kid,
    sha256: 'ce748e6d4571b34b2077053d445edf825b965a91c4dc11385b584462ed3b3904',
    signature: 'gwp0RDWCEmxVdWlCRTUHv5CwZmiQ5hXOGrRNBGcGTvSqEFPBfYO3nT8PTEMyPGvLlJdIXNkDyCH4ABAMK1iyAQ',
  },
};

export const DISCREPANCY_EXAMPLE = {
  place: 0,
  kind: 'drifted',
  key: '0190b5a0-0000-7000-8000-000000000001',
  targetKey: '0190b5a0-0000-7000-8000-000000000001',
  targetId: '70000000002',
  fields: [{ field: 'lastname', theirs: 'Other', ours: 'Ruiz', lastWritten: 'Ruiz', owner: 'foyer' }],
  repair: 'write',
  repairedAt: null,
};

export const REPAIRED_EXAMPLE = { run: RUN_ID, repaired: 1, left: 0, links: LINKS };

export const KEYS_EXAMPLE = { keys: [KEY] };
