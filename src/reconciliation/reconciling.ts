import type { CallOptions } from '../connectors/connector.js';
import type { Comparing, OurRecord } from './compare.js';

/** What a comparison of both sides asks of those around it. */
export interface Reconciling extends Comparing {
  readonly options: () => CallOptions;
  /** How records of ours stand now; by key. */
  readonly again: (keys: readonly string[]) => Promise<ReadonlyMap<string, OurRecord>>;
  /** Of these keys at the target, those that a record of ours has now. */
  readonly known: (targetKeys: readonly string[]) => Promise<ReadonlySet<string>>;
  /** Of these records, those that still have no delivery though nothing of theirs is unread or under way. */
  readonly unaccounted: (keys: readonly string[]) => Promise<readonly string[]>;
}
