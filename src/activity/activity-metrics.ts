import { Counter } from 'prom-client';

/** What became of signals; counted once for each. */
export const signalsTaken = new Counter({
  name: 'foyer_signals_total',
  help: 'Signals taken in, by outcome',
  labelNames: ['outcome'] as const,
});

/** Platforms' hooks; counted once for each time something was made of one. */
export const hooksTaken = new Counter({
  name: 'foyer_platform_hooks_total',
  help: 'Hooks of platforms, by what became of them',
  labelNames: ['platform', 'state'] as const,
});
