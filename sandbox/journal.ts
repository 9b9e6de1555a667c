import type { Note, Outcome } from './call.js';

/** Items kept in memory; the oldest go first. */
export const JOURNAL_ITEMS_MAX = 2_000_000;
/** Items that keep their request and response; older ones keep the rest. */
export const JOURNAL_BODIES_MAX = 250_000;
/** The oldest items are dropped in slices of this size, so that a drop costs nothing per item. */
const DROP_SLICE = 100_000;

/** What the items of one call share. */
export interface JournalCall {
  at: number;
  method: string;
  path: string;
  status: number;
}

export interface JournalItem extends Note {
  n: number;
  at: string;
  method: string;
  path: string;
  status: number;
}

export interface JournalPage {
  items: JournalItem[];
  next: string | null;
}

interface Entry extends Note {
  call: JournalCall;
}

/** What arrived, one item per record, in the order of arrival. Entries are references, rendered on reading. */
export class Journal {
  private entries: Entry[] = [];
  private dropped = 0;
  private bodiesFrom = 0;
  private counts: Record<Outcome, number> = noCounts();
  /** Changes whenever the journal is emptied, so that a reader with a cursor notices. */
  epoch = 1;

  constructor(
    private readonly itemsMax = JOURNAL_ITEMS_MAX,
    private readonly bodiesMax = JOURNAL_BODIES_MAX,
    private readonly dropSlice = DROP_SLICE,
  ) {}

  add(call: JournalCall, notes: readonly Note[]): void {
    for (const note of notes) {
      const { object, key, id, outcome, request, response } = note;
      this.entries.push({ call, object, key, id, outcome, request, response });
      this.counts[outcome] += 1;
    }
    this.bound();
  }

  /** The items after the cursor, which is the `n` of the last item seen; `next` is null at the end. */
  page(cursor: number, limit: number): JournalPage {
    const from = Math.max(0, cursor - this.dropped);
    const items = this.entries
      .slice(from, from + limit)
      .map((entry, index) => render(entry, this.dropped + from + index + 1));
    const isMore = from + limit < this.entries.length;
    return { items, next: isMore ? String(items.at(-1)!.n) : null };
  }

  summary(): { total: number; kept: number; outcomes: Record<Outcome, number>; epoch: number } {
    const kept = this.entries.length;
    return { total: this.dropped + kept, kept, outcomes: { ...this.counts }, epoch: this.epoch };
  }

  empty(): void {
    this.entries = [];
    this.dropped = 0;
    this.bodiesFrom = 0;
    this.counts = noCounts();
    this.epoch += 1;
  }

  private bound(): void {
    while (this.entries.length - this.bodiesFrom > this.bodiesMax) {
      const entry = this.entries[this.bodiesFrom]!;
      entry.request = null;
      entry.response = null;
      this.bodiesFrom += 1;
    }
    if (this.entries.length < this.itemsMax + this.dropSlice) return;
    const surplus = this.entries.length - this.itemsMax;
    this.entries = this.entries.slice(surplus);
    this.dropped += surplus;
    this.bodiesFrom = Math.max(0, this.bodiesFrom - surplus);
  }
}

function render(entry: Entry, n: number): JournalItem {
  const { call, object, key, id, outcome } = entry;
  return {
    n,
    at: new Date(call.at).toISOString(),
    method: call.method,
    path: call.path,
    status: call.status,
    object,
    key,
    id,
    outcome,
    request: entry.request ?? null,
    response: readable(entry.response),
  };
}

/** Responses are rendered only when somebody reads them. */
export function readable(response: unknown): unknown {
  return typeof response === 'function' ? (response as () => unknown)() : (response ?? null);
}

function noCounts(): Record<Outcome, number> {
  return { created: 0, updated: 0, rejected: 0, throttled: 0, lied: 0, unanswered: 0 };
}
