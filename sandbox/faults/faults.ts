import type { Fault, Lie } from './fault.js';
import { seededRandom } from './seeded-random.js';

const SEED_DEFAULT = 1;
const SLOW_MS = 100;
const SKEW_MS = 3_600_000;

/** What the faults decided for one call, before it is read. */
export interface Strike {
  delayMs: number;
  /** How far the backend's clock is ahead. */
  skewMs: number;
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

  /** Decided per call: delays and skews add up, of the others the first that strikes is taken. */
  strike(path: string): Strike {
    const strike: Strike = { delayMs: 0, skewMs: 0, fault: undefined };
    for (const armed of this.armed) {
      const { kind, delayMs } = armed.fault;
      const isAdded = kind === 'slow' || kind === 'skew';
      if (kind === 'lie' || (!isAdded && strike.fault !== undefined)) continue;
      if (!strikes(armed, path)) continue;
      if (kind === 'slow') strike.delayMs += delayMs ?? SLOW_MS;
      else if (kind === 'skew') strike.skewMs += delayMs ?? SKEW_MS;
      else strike.fault = armed.fault;
    }
    return strike;
  }

  /** Decided per record: how this one is lied about, if it is. */
  lie(path: string): Lie | undefined {
    for (const armed of this.armed)
      if (armed.fault.kind === 'lie' && strikes(armed, path)) return armed.fault.how ?? 'lost';
    return undefined;
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
