import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallOptions, Connector, ObjectTarget, Outcome, SendResult } from '../connectors/connector.js';
import type { Logger } from '../platform/logger.js';
import type { Holds } from './holds.js';
import { AllowanceSpentError, Limiter } from './limiter.js';
import { Slots } from './slots.js';
import { noteTrouble, WHOLE } from './troubles.js';

/** Makes a call when its turn has come. */
export type InTurn = <T>(call: (options: CallOptions) => Promise<T>) => Promise<T>;

/** The calls of this process to one destination: spaced, counted, and held back while it does not work. */
export class Calls {
  readonly limiter: Limiter;
  readonly slots: Slots;
  /** What was last said of the destination as a whole, and of each kind of call; null: that it goes through. */
  private readonly troubles = new Map<string, string | null>();
  /** When a record last got through, in epoch milliseconds by what was written and how. */
  private readonly gotThrough = new Map<string, number>();

  constructor(
    private readonly pool: pg.Pool,
    private readonly connector: Connector,
    private readonly holds: Holds,
    private readonly logger: Logger,
    private readonly now: () => Date,
    /** Names this process among those that call there. */
    worker: string = randomUUID(),
  ) {
    const limiter = new Limiter(pool, connector.destination, connector.limits ?? {});
    const most = (): number => limiter.concurrency();
    this.limiter = limiter;
    this.slots = new Slots(pool, connector.destination, worker, most, () => limiter.knowsPace());
  }

  /**
   * Waits for the turn of a call before its time begins to run.
   * @param mayCall throws where nothing may leave any more: asked at the last moment before each request, since a wait
   * for a turn may outlast whatever was asked before it
   * @returns what the call awaits before each request, of which the first has its turn already; or an outcome, where
   * nothing may be called
   */
  async open(lost: AbortSignal, mayCall: () => void): Promise<(() => Promise<void>) | Outcome> {
    try {
      await this.limiter.turn(lost);
    } catch (error) {
      if (error instanceof AllowanceSpentError) return this.spent(error.waitMs);
      throw error;
    }
    const takenAtMs = performance.now();
    let isPaid = true;
    return async () => {
      if (!isPaid || this.limiter.hasLapsed(takenAtMs)) await this.limiter.turn(lost);
      isPaid = false;
      mayCall();
    };
  }

  /** For calls that no lane waits for, of a comparison or a plan: each takes its turn like all others, however far off. */
  inTurn(timeoutMs: number, ended?: AbortSignal): InTurn {
    return (call) => {
      const timeout = AbortSignal.timeout(timeoutMs);
      return this.callInTurn(ended ? AbortSignal.any([timeout, ended]) : timeout, call);
    };
  }

  private async callInTurn<T>(signal: AbortSignal, call: (options: CallOptions) => Promise<T>): Promise<T> {
    const leave = await this.enter(signal);
    try {
      return await call({ signal, turn: () => this.turnWithin(signal) });
    } finally {
      leave();
    }
  }

  private async turnWithin(signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        await this.limiter.turn(signal);
        return;
      } catch (error) {
        if (!(error instanceof AllowanceSpentError)) throw error;
        await sleep(error.waitMs, undefined, { signal });
      }
    }
  }

  /**
   * Waits until one call more may be under way.
   * @returns what to call when it is over
   */
  async enter(signal: AbortSignal): Promise<() => void> {
    await this.limiter.recall();
    return this.slots.enter(signal);
  }

  /** Whether anything of this kind was taken there since, as far as this process knows. */
  gotThroughSince(target: ObjectTarget, since: Date): boolean {
    return (this.gotThrough.get(kindOf(target)) ?? 0) >= since.getTime();
  }

  /** Learns from what came back of a write. */
  heard(outcomes: readonly Outcome[], result?: SendResult, target?: ObjectTarget): void {
    if (target && outcomes.some(isTaken)) this.gotThrough.set(kindOf(target), this.now().getTime());
    this.learn(outcomes, result, target && kindOf(target));
    this.hearCredentials(outcomes, target);
  }

  /**
   * Learns from what was read back, or could not be: who may not read may write, and the other way round. So a refusal
   * holds what is read back until it is read back, however much is written.
   */
  heardRead(target: ObjectTarget, failure: Outcome | undefined): void {
    const { destination } = this.connector;
    const kind = readingOf(target);
    if (failure?.kind === 'unauthorised') {
      this.holds.refuse(destination, kind, failure, this.now());
      this.note(failure.reason.message, kind);
    } else if (failure) this.learn([failure], undefined, kind);
    else {
      this.holds.goesThrough(destination, kind);
      this.note(null, kind);
    }
  }

  private learn(
    outcomes: readonly Outcome[],
    result: SendResult | undefined,
    kind: string | undefined,
  ): void {
    this.holds.learn(this.connector.destination, outcomes, this.now(), kind);
    this.limiter.learn(result?.allowed, result?.quota);
    this.slots.look();
    for (const outcome of outcomes) {
      if (outcome.kind !== 'throttled' || outcome.reason.code === SPENT) continue;
      this.limiter.throttled(outcome.untilMs, this.now().getTime()).catch(() => undefined); // a hold of our own stands
      break;
    }
  }

  private hearCredentials(outcomes: readonly Outcome[], target?: ObjectTarget): void {
    const refused = outcomes.find((outcome) => outcome.kind === 'unauthorised');
    if (refused) this.note(refused.reason.message, refused.isOfKind && target ? kindOf(target) : WHOLE);
    else if (outcomes.some(isTaken)) {
      this.note(null, WHOLE);
      if (target) this.note(null, kindOf(target));
    }
  }

  private spent(waitMs: number): Outcome {
    const untilMs = this.now().getTime() + waitMs;
    const message = 'Our share of the calls allowed is used up; it goes on when there are new ones.';
    return { kind: 'throttled', untilMs, reason: { code: SPENT, message, owner: 'quota' } };
  }

  /** Said once for all workers, however many calls are refused, and once when it is over. */
  private note(trouble: string | null, kind: string): void {
    if (trouble === this.troubles.get(kind)) return;
    this.troubles.set(kind, trouble);
    noteTrouble(this.pool, this.logger, { destination: this.connector.destination, kind, trouble });
  }
}

/** What is written and how: what a permission at a backend is given for. */
export function kindOf({ object, operation }: Pick<ObjectTarget, 'object' | 'operation'>): string {
  return `${operation} ${object}`;
}

/** What a permission to read is given for. */
export function readingOf({ object }: Pick<ObjectTarget, 'object'>): string {
  return `read ${object}`;
}

function isTaken({ kind }: Outcome): boolean {
  return kind === 'written' || kind === 'unchanged';
}

const SPENT = 'allowance-spent';
