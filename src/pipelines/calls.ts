import type pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallOptions, Connector, ObjectTarget, Outcome, SendResult } from '../connectors/connector.js';
import type { Logger } from '../platform/logger.js';
import type { Holds } from './holds.js';
import { AllowanceSpentError, Limiter } from './limiter.js';
import { noteTrouble, WHOLE } from './troubles.js';

/** The calls of this process to one destination: spaced, counted, and held back while it does not work. */
export class Calls {
  readonly limiter: Limiter;
  /** This process's part of what may be under way at once. */
  share = 1;
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
  ) {
    this.limiter = new Limiter(pool, connector.destination, connector.limits ?? {});
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
  inTurn(timeoutMs: number, ended?: AbortSignal): CallOptions {
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = ended ? AbortSignal.any([timeout, ended]) : timeout;
    return { signal, turn: () => this.turnWithin(signal) };
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

  /** @returns what to call when it is over */
  enter(): Promise<() => void> {
    return this.limiter.enter(this.share);
  }

  /** Whether anything of this kind was taken there since, as far as this process knows. */
  gotThroughSince(target: ObjectTarget, since: Date): boolean {
    return (this.gotThrough.get(kindOf(target)) ?? 0) >= since.getTime();
  }

  /** Learns from what came back. */
  heard(outcomes: readonly Outcome[], result?: SendResult, target?: ObjectTarget): void {
    const { destination } = this.connector;
    if (target && outcomes.some(isTaken)) this.gotThrough.set(kindOf(target), this.now().getTime());
    this.holds.learn(destination, outcomes, this.now(), target && kindOf(target));
    this.limiter.learn(result?.allowed, result?.quota);
    for (const outcome of outcomes) {
      if (outcome.kind !== 'throttled' || outcome.reason.code === SPENT) continue;
      this.limiter.throttled(outcome.untilMs, this.now().getTime()).catch(() => undefined); // a hold of our own stands
      break;
    }
    this.hearCredentials(outcomes, target);
  }

  private hearCredentials(outcomes: readonly Outcome[], target?: ObjectTarget): void {
    const refused = outcomes.find((outcome) => outcome.kind === 'unauthorised');
    if (refused) this.note(refused.reason.message, refused.isOfKind ? target : undefined);
    else if (outcomes.some(isTaken)) {
      this.note(null);
      if (target) this.note(null, target);
    }
  }

  private spent(waitMs: number): Outcome {
    const untilMs = this.now().getTime() + waitMs;
    const message = 'Our share of the calls allowed is used up; it goes on when there are new ones.';
    return { kind: 'throttled', untilMs, reason: { code: SPENT, message, owner: 'quota' } };
  }

  /** Said once for all workers, however many calls are refused, and once when it is over. */
  private note(trouble: string | null, target?: ObjectTarget): void {
    const kind = target ? kindOf(target) : WHOLE;
    if (trouble === this.troubles.get(kind)) return;
    this.troubles.set(kind, trouble);
    noteTrouble(this.pool, this.logger, { destination: this.connector.destination, kind, trouble });
  }
}

/** What is written and how: what a permission at a backend is given for. */
export function kindOf({ object, operation }: Pick<ObjectTarget, 'object' | 'operation'>): string {
  return `${operation} ${object}`;
}

function isTaken({ kind }: Outcome): boolean {
  return kind === 'written' || kind === 'unchanged';
}

const SPENT = 'allowance-spent';
