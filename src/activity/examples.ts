/** What a platform sends, and what it is answered, as the documentation shows it. */
export const SIGNALS_EXAMPLE = [
  {
    source: 'zoom',
    sourceId: 'joined/4444AAAiAAAAAiAiAiiAii==/55555AAA/2027-06-01T09:00:02Z',
    type: 'joined',
    person: { email: 'ada@example.org' },
    session: 'opening',
    at: '2027-06-01T09:00:02Z',
    data: { connection: '55555AAA' },
  },
];

export const SIGNAL_RESULTS_EXAMPLE = { results: [{ index: 0, status: 'accepted' }] };

export const PLACE_EXAMPLE = {
  platform: 'zoom',
  place: '1234567890',
  session: 'opening',
  links: { self: '/v1/events/summit-2027/places/zoom/1234567890', event: '/v1/events/summit-2027' },
};

/** Zoom's, to an address that it is told of. */
export const CHECK_EXAMPLE = {
  plainToken: 'qgg8vlvZRS6UYooatFL8Aw',
  encryptedToken: '23a89b634c017e5364a1c8d9c8ea909b60dd5599e2bb04bb1558d9c3a121faa5',
};

export const HOOK_COUNTS_EXAMPLE = {
  items: [
    {
      platform: 'zoom',
      kind: 'webinar.participant_joined',
      state: 'turned',
      count: 412,
      lastAt: '2027-06-01T09:00:02.000Z',
    },
  ],
  next: null,
};
