import { Counter, Histogram } from 'prom-client';

/** What was decided, by outcome; counted once per decision. */
export const decisions = new Counter({
  name: 'foyer_registrations_total',
  help: 'Registrations decided, by outcome',
  labelNames: ['outcome'] as const,
});

export const batchSizes = new Histogram({
  name: 'foyer_registration_batch_size',
  help: 'Registrations that shared a commit',
  buckets: [1, 4, 16, 64, 128, 256],
});

export const batchSeconds = new Histogram({
  name: 'foyer_registration_batch_seconds',
  help: 'Time of a batch, from its statement to its answer',
  buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2],
});
