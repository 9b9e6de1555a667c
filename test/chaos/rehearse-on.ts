import { expect, it } from 'vitest';
import { findProgram } from '../../scripts/launcher/find-program.mjs';
import { rehearse, type RehearsalOptions } from './rehearsal.js';
import type { RedisKind } from './stack.js';

const KINDS: readonly RedisKind[] = ['redis-server', 'js-redis-server'];
/** For what stands around the load: starting, ending the round that was begun, settling, stopping. */
const AROUND_MS = 240_000;

export interface Extent extends Omit<RehearsalOptions, 'redis' | 'hitsWanted'> {
  /** How often each fail point is to be hit over all rehearsals; the load goes on for it as long as it may. */
  readonly hitsInAll: number;
  /** How often each must have been hit over all, or the rehearsals proved nothing there. */
  readonly hitsAtLeast: number;
}

const isReal = findProgram('redis-server', 'valkey-server') !== undefined;

/** One rehearsal on a real Redis, where there is one, and one on the Redis that came with npm. */
export function rehearseOnBoth(extent: Extent): void {
  if (!isReal) console.warn('redis-server is not on PATH: the rehearsal on a real Redis is skipped');
  rehearseOn(isReal ? KINDS : ['js-redis-server'], extent);
}

/** One rehearsal, on a real Redis where there is one. */
export function rehearseOnce(extent: Extent): void {
  rehearseOn([isReal ? 'redis-server' : 'js-redis-server'], extent);
}

function rehearseOn(kinds: readonly RedisKind[], { hitsInAll, hitsAtLeast, ...extent }: Extent): void {
  const hitsWanted = Math.ceil(hitsInAll / kinds.length);
  const total: Record<string, number> = {};

  for (const redis of kinds) {
    const title = `no acknowledged registration is lost, doubled or out of place (${redis})`;
    const timeout = extent.loadMsMax + AROUND_MS;
    it(title, { timeout }, async () => {
      const { summary, violations, falls, hits } = await rehearse({ ...extent, redis, hitsWanted });
      console.log(summary);
      expect(violations).toEqual([]);
      expect(falls, 'processes that ended by themselves').toEqual([]);
      for (const [name, count] of Object.entries(hits)) total[name] = (total[name] ?? 0) + count;
    });
  }

  it(`fail points are hit, ${hitsAtLeast} times or more each`, () => {
    console.log(`fail points in all: ${JSON.stringify(total)}`);
    expect(Object.keys(total)).toHaveLength(6);
    for (const [name, count] of Object.entries(total)) {
      expect(count, name).toBeGreaterThanOrEqual(hitsAtLeast);
    }
  });
}
