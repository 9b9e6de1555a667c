import type { CompiledMapping } from '../mapping/compiled-mapping.js';
import type { Delivering } from './delivering.js';
import type { Need } from './parents.js';
import type { WokenLane } from './waits.js';

/** A mapping in force, with what it delivers by. */
export interface Pipe extends Delivering {
  readonly mapping: CompiledMapping;
  readonly mappingVersion: number;
  /** What an undo would put in force again; null where there is none. */
  readonly before: CompiledMapping | null;
  /** Versions that an undo takes back. */
  readonly undone: readonly number[];
  readonly needs: readonly Need[];
  /** Another mapping, or a later record of this one, may wait for what is delivered here. */
  readonly isWaitedFor: boolean;
  /** Somewhere something was woken that waited for a delivery of this round. */
  readonly wake: (lanes: readonly WokenLane[]) => void;
}
