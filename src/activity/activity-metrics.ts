import { Counter } from 'prom-client';

/** What became of signals; counted once for each. */
export const signalsTaken = new Counter({
  name: 'foyer_signals_total',
  help: 'Signals taken in, by outcome',
  labelNames: ['outcome'] as const,
});
