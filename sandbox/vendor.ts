import type { Answer, Call } from './call.js';
import type { Store } from './store/store.js';

/** A record that a call carried, found without judging the call. */
export interface Part {
  object: string;
  key: string | null;
  request: unknown;
}

/** One vendor's protocol: everything a twin does that is not the twin's own control. */
export interface Vendor {
  name: 'hubspot' | 'salesforce';
  store: Store;
  answer: (call: Call) => Answer;
  /** The vendor's words for a status, for the fault `status`. */
  refusal: (call: Call, status: number) => Answer;
  /** The vendor's words for too many calls, for the fault `throttle`. */
  throttling: (call: Call) => Answer;
  /** The records of a write; empty for a read. */
  parts: (call: Call) => Part[];
  /** Switches the vendor's rate limits; faults are not affected. */
  enforceLimits: (isOn: boolean) => void;
  areLimitsOn: () => boolean;
  /** Control routes of this vendor only, below /_twin; undefined: not one of them. */
  control?: (method: string, path: string) => object | undefined;
  /** Called when the twin is emptied. */
  empty?: () => void;
}
