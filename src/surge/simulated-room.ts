import { type Budgets, decide, freeOf, isAnyoneWaiting } from '../lobby/controller.js';
import type { Flow } from '../lobby/flow.js';
import { FlowMeter } from '../lobby/flow-meter.js';
import type { LineStatus } from './door.js';
import { Heap } from './heap.js';

/** A lease outlives its pass by this, as in the lobby's service. */
const SKEW_MS = 5_000;
const PUBLISH_MS = 250;

export interface RoomSettings extends Budgets {
  readonly mode: 'auto' | 'always';
  readonly passSeconds: number;
  readonly claimSeconds: number;
  /** Before this nobody is called. */
  readonly opensAtMs: number;
}

interface Call {
  readonly number: number;
  readonly turn: number;
  untilMs: number;
  hasPass: boolean;
  isOver: boolean;
}

export type Claim =
  | { readonly state: 'uncalled' | 'spent' | 'lapsed' }
  | { readonly state: 'called'; readonly turn: number; readonly untilMs: number };

/**
 * The ledger of one room, in memory: what the lobby's tables and their functions keep, in the same terms. What is
 * released, how far the front goes and what people are told is decided by the lobby's own controller.
 */
export class SimulatedRoom {
  readonly line = { called: 0, issued: 0, frontier: 0, frontierAtMs: 0 };
  active = 0;
  released = 0;
  activeMax = 0;
  perMinuteMax = 0;
  /** Slots × ms held while somebody present waits, and what could have been held. */
  readonly use = { heldMs: 0, couldMs: 0 };
  private readonly present = new Map<number, number>();
  private readonly front = new Heap<number>((a, b) => a < b);
  private readonly calls = new Map<number, Call>();
  private readonly spent = new Set<number>();
  private readonly leases = new Heap<{ untilMs: number; call: Call }>((a, b) => a.untilMs < b.untilMs);
  private readonly window: { atMs: number; n: number }[] = [];
  private windowFrom = 0;
  private readonly meter = new FlowMeter();
  /** What replicas know: as it was published. */
  flow: Flow;
  private published: LineStatus;
  private publishedAtMs = 0;

  constructor(
    readonly settings: RoomSettings,
    private readonly joinedAtMs: (number: number) => number,
  ) {
    this.flow = this.meter.flow(settings);
    this.published = this.status();
  }

  join(): number {
    return ++this.line.issued;
  }

  /** Straight through holds a slot from here until `finishStraight`, and counts as released for a minute from then. */
  takeStraight(nowMs: number): boolean {
    this.expire(nowMs);
    const { settings, line, present } = this;
    if (settings.mode !== 'auto' || nowMs < settings.opensAtMs) return false;
    if (isAnyoneWaiting({ ...line, present: present.size }) || freeOf(this, settings) < 1) return false;
    this.hold(1);
    this.count(nowMs, 1);
    return true;
  }

  finishStraight(): void {
    this.active--;
  }

  isNearFront(number: number): boolean {
    return number <= this.line.frontier;
  }

  checkIn(number: number, nowMs: number): void {
    const call = this.calls.get(number);
    if (this.spent.has(number) || (call && !call.isOver) || this.present.has(number)) return;
    this.present.set(number, nowMs - this.joinedAtMs(number));
    this.front.push(number);
  }

  claim(number: number, nowMs: number): Claim {
    if (this.spent.has(number)) return { state: 'spent' };
    const call = this.calls.get(number);
    if (!call) return { state: 'uncalled' };
    if (call.isOver || call.untilMs <= nowMs) return { state: 'lapsed' };
    if (!call.hasPass) {
      call.hasPass = true;
      this.lease(call, nowMs + this.settings.passSeconds * 1000 + SKEW_MS);
    }
    return { state: 'called', turn: call.turn, untilMs: call.untilMs };
  }

  /** @returns what the registration's transaction finds */
  spend(number: number, turn: number, nowMs: number): 'registered' | 'pass-spent' | 'pass-expired' {
    if (this.spent.has(number)) return 'pass-spent';
    const call = this.calls.get(number);
    if (!call || call.turn !== turn || call.isOver || call.untilMs <= nowMs) return 'pass-expired';
    this.spent.add(number);
    this.finish(call);
    return 'registered';
  }

  leave(number: number): void {
    this.present.delete(number);
    const call = this.calls.get(number);
    if (call) this.finish(call);
  }

  /** What the elected releaser does at each of its steps. */
  step(nowMs: number, stepMs: number): void {
    this.expire(nowMs);
    const { settings, line } = this;
    const flow = this.meter.flow(settings);
    const figures = {
      nowMs,
      active: this.active,
      released: this.released,
      present: this.present.size,
      ...line,
    };
    const isHeld = nowMs < settings.opensAtMs;
    const next = isHeld
      ? { release: 0, called: line.called, frontier: line.frontier }
      : decide(figures, settings, flow.ratePerMinute);
    const called = this.call(next.release, nowMs);
    const front = Math.max(line.called, next.called, called.last);
    this.meter.observe(figures, {
      released: called.count,
      passed: front - line.called,
      waitedMs: called.waitedMs,
    });
    line.called = front;
    if (next.frontier > line.frontier) Object.assign(line, { frontier: next.frontier, frontierAtMs: nowMs });
    // As many as wait could fill so many slots and no more; a minute that is used up holds them back by design.
    if (!isHeld && this.present.size > 0 && this.released < settings.maxPerMinute) {
      this.use.heldMs += this.active * stepMs;
      this.use.couldMs += Math.min(settings.maxActive, this.active + this.present.size) * stepMs;
    }
    if (called.count > 0 || nowMs - this.publishedAtMs >= PUBLISH_MS) {
      this.publishedAtMs = nowMs;
      this.flow = this.meter.flow(settings);
      this.published = this.status();
    }
  }

  get publicStatus(): LineStatus {
    return this.published;
  }

  get presentCount(): number {
    return this.present.size;
  }

  get waiting(): number {
    return this.line.issued - this.line.called;
  }

  private call(wanted: number, nowMs: number): { count: number; last: number; waitedMs: number } {
    let [count, last, waitedMs] = [0, 0, 0];
    while (count < wanted) {
      const number = this.front.pop();
      if (number === undefined) break;
      const waited = this.present.get(number);
      if (waited === undefined) continue; // Left meanwhile.
      this.present.delete(number);
      const turn = (this.calls.get(number)?.turn ?? -1) + 1;
      const call = { number, turn, untilMs: 0, hasPass: false, isOver: false };
      this.calls.set(number, call);
      this.lease(call, nowMs + this.settings.claimSeconds * 1000);
      [count, last, waitedMs] = [count + 1, number, waitedMs + waited];
    }
    if (count > 0) {
      this.hold(count);
      this.count(nowMs, count);
    }
    return { count, last, waitedMs: count === 0 ? 0 : waitedMs / count };
  }

  private hold(n: number): void {
    this.active += n;
    this.activeMax = Math.max(this.activeMax, this.active);
  }

  private count(nowMs: number, n: number): void {
    this.window.push({ atMs: nowMs, n });
    this.released += n;
    this.perMinuteMax = Math.max(this.perMinuteMax, this.released);
  }

  private lease(call: Call, untilMs: number): void {
    call.untilMs = untilMs;
    this.leases.push({ untilMs, call });
  }

  private finish(call: Call): void {
    if (call.isOver) return;
    call.isOver = true;
    this.active--;
  }

  /** Leases that are over, and releases that are a minute old. */
  private expire(nowMs: number): void {
    for (let least = this.leases.peek(); least && least.untilMs <= nowMs; least = this.leases.peek()) {
      this.leases.pop();
      // Its pass may have made it longer.
      if (least.call.untilMs <= nowMs) this.finish(least.call);
    }
    while (this.windowFrom < this.window.length && this.window[this.windowFrom]!.atMs <= nowMs - 60_000)
      this.released -= this.window[this.windowFrom++]!.n;
  }

  private status(): LineStatus {
    const { line, settings } = this;
    const isPaused = this.publishedAtMs < settings.opensAtMs;
    const isQueueing = settings.mode === 'always' || isAnyoneWaiting({ ...line, present: this.present.size });
    return {
      state: isPaused ? 'paused' : isQueueing ? 'queueing' : 'open',
      called: line.called,
      issued: line.issued,
      checkIn: line.frontier,
      ratePerMinute: this.flow.ratePerMinute,
    };
  }
}
