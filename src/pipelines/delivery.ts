import type { Fields } from '../connectors/connector.js';

/** The states of a delivery; `deliveries.state` holds one. */
export const DELIVERY_STATES = [
  'pending',
  'sending',
  'sent',
  'verified',
  'retrying',
  'inDoubt',
  'rejected',
  'suppressed',
  'retained',
  'erased',
] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** In these a change has got its answer; in the others it still waits for one. */
export const SETTLED_STATES: ReadonlySet<DeliveryState> = new Set([
  'sent',
  'verified',
  'rejected',
  'suppressed',
  'retained',
  'erased',
]);

/** Why a record stands where it stands, for people: never contains a value of a person's field. */
export interface DeliveryReason {
  readonly code: string;
  readonly message: string;
  readonly owner: string;
  readonly file?: string;
  readonly line?: number;
  readonly field?: string | null;
  readonly status?: number;
}

/** A row of `deliveries`, as the lane's holder reads it. Nobody else writes it while the lease lasts. */
export interface Delivery {
  /** The newest version that got its answer; 0 before the first. */
  readonly version: number;
  /** The newest version taken up; above `version` while it waits. */
  readonly wanted: number;
  readonly state: DeliveryState;
  /** Whether anything was ever sent for this record, answered or not. */
  readonly sent: boolean;
  readonly targetId: string | null;
  readonly targetKey: string | null;
  /** What is known to stand at the backend; null: not known, so everything is written whole. */
  readonly shadow: Fields | null;
  readonly tries: number;
  readonly checks: number;
  readonly resends: number;
  readonly nextAttemptAt: Date | null;
  readonly recheckAt: Date | null;
}

/** The record is to be delivered again though it did not change; `redeliveries` holds a row of it. */
export interface Redelivery {
  /** The row's number: the settle takes away exactly what it answered. */
  readonly id: string;
  /** Write every field, whatever is known to stand there. */
  readonly whole: boolean;
}

/** A record that a round has in hand: its newest version, and what is known of it. */
export interface Taken {
  readonly key: string;
  readonly slot: number;
  readonly version: number;
  readonly snapshot: unknown;
  readonly previous: Delivery | null;
  /** The number of its newest change; absent where nobody asked for it. */
  readonly seq?: string;
  /** When that was made; absent where nobody asked for it. */
  readonly changedAt?: Date;
  readonly redelivery?: Redelivery | null;
  /** What an undo has to put back there where the mapping leaves it alone. */
  readonly restore?: Fields;
}

/** What `settle` writes for one record. */
export interface Settlement {
  readonly taken: Taken;
  readonly state: DeliveryState;
  readonly sent: boolean;
  readonly targetId: string | null;
  readonly targetKey: string | null;
  readonly shadow: Fields | null;
  readonly attempt: string | null;
  readonly tries: number;
  readonly checks: number;
  readonly resends: number;
  readonly nextAttemptAt: Date | null;
  readonly recheckAt: Date | null;
  readonly reason: DeliveryReason | null;
  /** The delivery that this one waits for, and how it stood. */
  readonly waitsFor?: {
    readonly mapping: string;
    readonly key: string;
    readonly state: DeliveryState | null;
    /** Where a newer version that is settled is a reason to look again, though the state is the same. */
    readonly version?: number | null;
  };
}

/** The record as it stands, to be changed in part: `{ ...unchanged(taken), state: 'verified' }`. */
export function unchanged(taken: Taken): Settlement {
  const { previous } = taken;
  return {
    taken,
    state: previous?.state ?? 'pending',
    sent: previous?.sent ?? false,
    targetId: previous?.targetId ?? null,
    targetKey: previous?.targetKey ?? null,
    shadow: previous?.shadow ?? null,
    attempt: null,
    tries: 0,
    checks: 0,
    resends: previous?.resends ?? 0,
    nextAttemptAt: null,
    recheckAt: previous?.recheckAt ?? null,
    reason: null,
  };
}
