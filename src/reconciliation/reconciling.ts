import type { InTurn } from '../pipelines/calls.js';
import type { Need } from '../pipelines/parents.js';
import type { Comparing, OurRecord } from './compare.js';

/** What is being read: our side, theirs, or once more what seemed to differ. */
export type Reading = 'ours' | 'theirs' | 'again';

/** How far a run is; of how many it is, is not known while our side is read. */
export interface RunProgress {
  readonly reading: Reading;
  readonly done: number;
  readonly of: number | null;
}

/** What a comparison of both sides asks of those around it. */
export interface Reconciling extends Comparing {
  /** The mappings whose deliveries must be there first. */
  readonly needs: readonly Need[];
  readonly inTurn: InTurn;
  readonly note: (progress: RunProgress) => void;
  /** How records of ours stand now; by key. */
  readonly again: (keys: readonly string[]) => Promise<ReadonlyMap<string, OurRecord>>;
  /** Of these keys at the target, those that a record of ours has now. */
  readonly known: (targetKeys: readonly string[]) => Promise<ReadonlySet<string>>;
  /** Of these records, those that still have no delivery though nothing of theirs is unread or under way. */
  readonly unaccounted: (keys: readonly string[]) => Promise<readonly string[]>;
}
