import type { FaultKind } from './faults/fault.js';

/** Calls kept in memory; the oldest go first. */
export const CALLS_MAX = 1_000_000;
/** The oldest are dropped in slices of this size, so that a drop costs nothing per call. */
const DROP_SLICE = 50_000;

/** One call to the vendor, reads and logins among them. */
export interface LoggedCall {
  /** When it was judged, in milliseconds: what the vendor's limits count by. */
  at: number;
  method: string;
  path: string;
  /** 0 for one that was never answered. */
  status: number;
  /** How many records it wrote or was refused with; a read has none. */
  records: number;
  /** A rate limit refused it, the vendor's own or the fault's. */
  isThrottled: boolean;
  /** The fault that struck it. */
  fault: FaultKind | null;
}

export interface CallPage {
  items: (LoggedCall & { n: number })[];
  next: string | null;
}

/** Every call that came, in the order in which they were judged. */
export class CallLog {
  private calls: LoggedCall[] = [];
  private dropped = 0;

  constructor(private readonly callsMax = CALLS_MAX) {}

  add(call: LoggedCall): void {
    this.calls.push(call);
    if (this.calls.length < this.callsMax + DROP_SLICE) return;
    const surplus = this.calls.length - this.callsMax;
    this.calls = this.calls.slice(surplus);
    this.dropped += surplus;
  }

  /** The calls after the cursor, which is the `n` of the last one seen; `next` is null at the end. */
  page(cursor: number, limit: number): CallPage {
    const from = Math.max(0, cursor - this.dropped);
    const items = this.calls
      .slice(from, from + limit)
      .map((call, index) => ({ n: this.dropped + from + index + 1, ...call }));
    const isMore = from + limit < this.calls.length;
    return { items, next: isMore ? String(items.at(-1)!.n) : null };
  }

  empty(): void {
    this.calls = [];
    this.dropped = 0;
  }
}
