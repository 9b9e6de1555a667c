import { describe, expect, it } from 'vitest';
import { findProgram } from '../../scripts/launcher/find-program.mjs';
import { rehearse } from '../chaos/rehearsal.js';

/** Two rehearsals fit in a quarter of an hour. */
const LOAD_MS_MAX = 360_000;
const TIMEOUT_MS = 480_000;
const HITS = 20;

describe('While everything breaks, for long', () => {
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
          rounds: 4,
          clients: 8,
          peopleEach: 300,
          loadMsMax: LOAD_MS_MAX,
          seed: 7,
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
