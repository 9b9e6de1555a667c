import type { Fault } from './fault.js';
import { seededRandom } from './seeded-random.js';

const SEED_DEFAULT = 1;

/** What the faults decided for one call, before it is read. */
export interface Strike {
  delayMs: number;
  fault: Fault | undefined;
}

interface Armed {
  fault: Fault;
  random: () => number;
  struck: number;
}

/** The faults in force. Deciding draws from each fault's own seeded sequence, in the order of arrival. */
export class Faults {
  private armed: Armed[] = [];

  replace(faults: readonly Fault[]): void {
    this.armed = faults.map((fault) => ({
      fault,
      random: seededRandom(fault.seed ?? SEED_DEFAULT),
      struck: 0,
    }));
  }

  /** Each fault with how often it struck. */
  list(): (Fault & { struck: number })[] {
    return this.armed.map(({ fault, struck }) => ({ ...fault, struck }));
  }

  /** Decided per call: delays add up, of the others the first that strikes is taken. */
  strike(path: string): Strike {
    const strike: Strike = { delayMs: 0, fault: undefined };
    for (const armed of this.armed) {
      const { kind } = armed.fault;
      if (kind === 'lie' || (kind !== 'slow' && strike.fault !== undefined)) continue;
      if (!strikes(armed, path)) continue;
      if (kind === 'slow') strike.delayMs += armed.fault.delayMs ?? 100;
      else strike.fault = armed.fault;
    }
    return strike;
  }

  /** Decided per record. */
  isLie(path: string): boolean {
    if (this.armed.length === 0) return false;
    return this.armed.some((armed) => armed.fault.kind === 'lie' && strikes(armed, path));
  }
}

function strikes(armed: Armed, path: string): boolean {
  const { rate, times, path: part } = armed.fault;
  if (part !== undefined && !path.includes(part)) return false;
  if (times !== undefined && armed.struck >= times) return false;
  if (armed.random() >= rate) return false;
  armed.struck += 1;
  return true;
}
