import { Heap } from './heap.js';

interface Due {
  readonly atMs: number;
  /** What was asked for first happens first. */
  readonly turn: number;
  readonly then: (dueMs: number) => void;
}

const SLOT_MS = 128;

/**
 * Time that goes on when everything due has happened: an hour passes as quickly as it can be worked through. What is
 * due later lies unsorted in slots of a tenth of a second; only the slot that is now is kept in order, so that a hundred
 * thousand who wait cost no more than those whose turn it is.
 */
export class SimulatedClock {
  nowMs = 0;
  private turns = 0;
  private slot = 0;
  private readonly now = new Heap<Due>((a, b) => a.atMs < b.atMs || (a.atMs === b.atMs && a.turn < b.turn));
  private readonly later = new Map<number, Due[]>();

  after(ms: number, then: (dueMs: number) => void): void {
    const atMs = this.nowMs + Math.max(0, ms);
    const due = { atMs, turn: this.turns++, then };
    const slot = Math.floor(atMs / SLOT_MS);
    if (slot <= this.slot) {
      this.now.push(due);
      return;
    }
    const list = this.later.get(slot);
    if (list) list.push(due);
    else this.later.set(slot, [due]);
  }

  /** @returns how many things happened */
  run(untilMs: number, isOver: () => boolean): number {
    let happened = 0;
    while (!isOver()) {
      const next = this.now.pop();
      if (next === undefined) {
        if (this.later.size === 0 || this.slot * SLOT_MS > untilMs) break;
        this.turnTo(this.slot + 1);
        continue;
      }
      if (next.atMs > untilMs) break;
      this.nowMs = next.atMs;
      next.then(next.atMs);
      happened++;
    }
    return happened;
  }

  private turnTo(slot: number): void {
    this.slot = slot;
    for (const due of this.later.get(slot) ?? []) this.now.push(due);
    this.later.delete(slot);
  }
}
