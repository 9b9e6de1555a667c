import type { Answer, Call } from './call.js';
import type { Store } from './store/store.js';
import type { Fields, Row } from './store/table.js';

/** Every twin there is. */
export const TWIN_NAMES = ['hubspot', 'salesforce', 'marketo', 'dataverse', 'mailchimp', 's3'] as const;
export type TwinName = (typeof TWIN_NAMES)[number];

/** A record that a call carried, found without judging the call. */
export interface Part {
  object: string;
  key: string | null;
  request: unknown;
}

/** One vendor's protocol: everything a twin does that is not the twin's own control. */
export interface Vendor {
  name: TwinName;
  store: Store;
  answer: (call: Call) => Answer;
  /** The vendor's words for a status, for the fault `status`. */
  refusal: (call: Call, status: number, code?: string) => Answer;
  /** The vendor's words for too many calls, for the fault `throttle`. */
  throttling: (call: Call, retryAfterSeconds?: number) => Answer;
  /** The records of a write; empty for a read. */
  parts: (call: Call) => Part[];
  /** Switches the vendor's rate limits; faults are not affected. */
  enforceLimits: (isOn: boolean) => void;
  areLimitsOn: () => boolean;
  /** A record that a colleague makes at the backend itself: its id, and its fields with what the vendor adds. */
  newRecord: (object: string, fields: Fields, at: number) => { id: string; fields: Fields };
  /** What the vendor leaves of two records that a colleague merges; absent: the winner takes what it lacks. */
  merge?: (object: string, loser: Row, winner: Row, at: number) => void;
  /** Control routes of this vendor only, below /_twin; undefined: not one of them. */
  control?: (method: string, path: string) => object | undefined;
  /** Called when the twin is emptied. */
  empty?: () => void;
}
