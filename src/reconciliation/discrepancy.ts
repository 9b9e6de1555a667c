import type { FieldValue } from '../connectors/connector.js';

/**
 * How both sides can disagree:
 * - `missing`: we say it stands there, nothing does, and no id of it was ever told;
 * - `deleted`: it stood there under an id that is gone;
 * - `merged`: what stands there under our key is another object than the one we wrote;
 * - `duplicate`: several stand there under one key;
 * - `extra`: something carries a key of ours that no record of ours has;
 * - `drifted`: fields hold something else than what was last written;
 * - `stale`: what was last written stands there, but our record has moved on and nothing is under way;
 * - `unaccounted`: a record of ours without any delivery.
 */
export type DiscrepancyKind =
  'missing' | 'stale' | 'extra' | 'duplicate' | 'drifted' | 'merged' | 'deleted' | 'unaccounted';

export const DISCREPANCY_KINDS: readonly DiscrepancyKind[] = [
  'missing',
  'stale',
  'extra',
  'duplicate',
  'drifted',
  'merged',
  'deleted',
  'unaccounted',
];

/** What only a list of all that carries our key shows. */
export const NEEDS_LIST: readonly DiscrepancyKind[] = ['extra', 'duplicate'];

/** One field that differs, and who wins. */
export interface DriftedField {
  readonly field: string;
  readonly theirs: FieldValue;
  readonly ours: FieldValue;
  readonly lastWritten: FieldValue;
  readonly owner: string;
}

/** `write`: delivered again; `remove`: taken away there, only where that is asked for; `people`: nothing we may do. */
export type Repair = 'write' | 'remove' | 'people';

export interface Discrepancy {
  readonly kind: DiscrepancyKind;
  /** The record's; null for what only they have. */
  readonly key: string | null;
  readonly targetKey: string | null;
  readonly targetId: string | null;
  readonly fields: readonly DriftedField[];
  readonly repair: Repair;
  /** Of what is too much: a digest of how it stood there. Absent: it cannot be read by its id. */
  readonly seen?: string;
}
