import { describe, expect, it } from 'vitest';
import { rehearseOnBoth } from './in-both-redis.js';
import { measureTakeover } from './takeover.js';

const TAKEOVER_MS_MAX = 5_000;

describe('While everything breaks', () => {
  rehearseOnBoth({
    hitsInAll: 4,
    hitsAtLeast: 1,
    rounds: 1,
    clients: 6,
    peopleEach: 60,
    loadMsMax: 90_000,
    seed: 1,
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
