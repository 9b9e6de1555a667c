import { describe, expect, it } from 'vitest';
import { findProgram } from '../../scripts/launcher/find-program.mjs';
import { rehearse } from './rehearsal.js';

const LOAD_MS_MAX = 45_000;
const TIMEOUT_MS = 150_000;
const HITS = 2;

describe('While everything breaks', () => {
  for (const redis of ['redis-server', 'js-redis-server'] as const) {
    const isThere = redis === 'js-redis-server' || findProgram('redis-server', 'valkey-server') !== undefined;
    if (!isThere) console.warn('redis-server is not on PATH: the rehearsal on a real Redis is skipped');

    it.skipIf(!isThere)(
      `no acknowledged registration is lost, doubled or out of place (${redis})`,
      { timeout: TIMEOUT_MS },
      async () => {
        const rehearsed = await rehearse({
          redis,
          hitsWanted: HITS,
          rounds: 1,
          clients: 6,
          peopleEach: 60,
          loadMsMax: LOAD_MS_MAX,
          seed: 1,
        });
        console.log(rehearsed.summary);
        expect(rehearsed.violations).toEqual([]);
        expect(rehearsed.falls).toEqual([]);
        for (const [name, hits] of Object.entries(rehearsed.hits)) {
          expect(hits, `${name} is hit`).toBeGreaterThanOrEqual(HITS);
        }
      },
    );
  }
});
