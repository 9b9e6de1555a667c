const RUNS = '/v1/reports/registrations-and-ledger/runs';
const SELF = `${RUNS}/0190b5a0-0000-7000-8000-0000000000f1`;

/** Answers of the API as they look; a test holds them against real ones. */
export const RUN_EXAMPLE = {
  id: '0190b5a0-0000-7000-8000-0000000000f1',
  report: 'registrations-and-ledger',
  slot: '2027-03-01T09:00:00.000Z',
  state: 'done',
  createdAt: '2027-03-01T09:00:00.200Z',
  finishedAt: '2027-03-01T09:00:00.412Z',
  links: { self: `${SELF}?format=csv`, csv: `${SELF}?format=csv`, json: `${SELF}?format=json` },
};

export const REPORT_EXAMPLE = {
  report: 'registrations-and-ledger',
  title: 'Registrations by status, and the ledger of each mapping',
  latest: RUN_EXAMPLE,
  links: { runs: RUNS },
};

export const CONTENT_EXAMPLE = [
  { section: 'registrations', name: 'summit-2027', measure: 'confirmed', value: 412 },
  { section: 'ledger', name: 'hubspot.contact', measure: 'verified', value: 398 },
];

export const SCHEDULES_EXAMPLE = {
  items: [
    {
      name: 'registrations-and-ledger',
      report: 'registrations-and-ledger',
      cron: '0 * * * *',
      timeZone: 'UTC',
    },
    { name: 'reconciliation', reconcile: 'all', cron: '30 3 * * *', timeZone: 'UTC', repair: 'none' },
  ],
  next: null,
};
