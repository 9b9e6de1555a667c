import { describe, expect, it } from 'vitest';
import { rehearseOnBoth } from '../chaos/rehearse-on.js';
import { measureTakeover } from '../chaos/takeover.js';

const TAKEOVER_MS_MAX = 5_000;

describe('While everything breaks, for long', () => {
  rehearseOnBoth({
    hitsInAll: 20,
    hitsAtLeast: 20,
    rounds: 4,
    clients: 8,
    peopleEach: 300,
    loadMsMax: 480_000,
    seed: 7,
  });
});

describe('The lanes of a worker that was killed in the middle of its calls', () => {
  it(`are taken over within ${TAKEOVER_MS_MAX / 1000} s`, { timeout: 150_000 }, async () => {
    const { lanes, tookMs, ledger, people } = await measureTakeover();
    console.log(`${lanes} lanes of a killed worker were taken over after ${Math.round(tookMs)} ms`);
    expect(tookMs).toBeLessThan(TAKEOVER_MS_MAX);
    expect(ledger).toMatchObject({ unaccounted: 0, changes: { total: people, waiting: 0 } });
  });
});
