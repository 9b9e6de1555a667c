/** As the documentation shows them. */
export const STATUS_EXAMPLE = {
  state: 'queueing',
  called: 1200,
  issued: 48210,
  checkIn: 1900,
  voids: [[1340, 1340]],
  ratePerMinute: 600,
  abandonment: 0.0004,
  placesLeft: 1450,
  message: 'All workshops still have places.',
  at: '2027-01-12T09:30:00.000Z',
};

export const JOINED_EXAMPLE = {
  ticket: 'AQAAAAABAAAAALxSAAABlK6c8lBLyB1q7nM2yO3m0a5XkVtR',
  number: 48210,
  position: 47009,
  state: 'queueing',
  estimatedWaitSeconds: { low: 3900, high: 4700 },
  checkInAt: '2027-01-12T10:40:00.000Z',
};

export const PASS_EXAMPLE = {
  pass: 'AgAAAAABAAAAALxSAAABlK6c8lBLyB1q7nM2yO3m0a5XkVtR',
  expiresAt: '2027-01-12T10:51:00.000Z',
};

export const SETTINGS_EXAMPLE = {
  mode: 'auto',
  maxActive: 200,
  maxPerMinute: 600,
  passSeconds: 600,
  claimSeconds: 45,
  opensAt: null,
  message: null,
  onFailure: 'hold',
  state: 'open',
  links: { self: '/v1/events/summit-2027/lobby' },
};

export const FIGURES_EXAMPLE = {
  state: 'queueing',
  settings: { mode: 'auto', maxActive: 200, maxPerMinute: 600 },
  waiting: 47009,
  present: 312,
  active: 200,
  registering: 187,
  releasedLastMinute: 598,
  ratePerMinute: 599.2,
  abandonment: 0.0004,
  estimateError: { p90: 0.064, judged: 200 },
  issued: 48210,
  called: 1200,
  endings: { registered: 980, lapsed: 31, left: 2 },
  at: '2027-01-12T09:30:00.000Z',
};
