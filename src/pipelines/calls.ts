import type pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallOptions, Connector, ObjectTarget, Outcome, SendResult } from '../connectors/connector.js';
import type { Logger } from '../platform/logger.js';
import type { Holds } from './holds.js';
import { AllowanceSpentError, Limiter } from './limiter.js';

/** The calls of this process to one destination: spaced, counted, and held back while it does not work. */
export class Calls {
  readonly limiter: Limiter;
  /** This process's part of what may be under way at once. */
  share = 1;
  private trouble: string | null = null;
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
  inTurn(timeoutMs: number): CallOptions {
    const signal = AbortSignal.timeout(timeoutMs);
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
    this.holds.learn(destination, outcomes, this.now());
    this.limiter.learn(result?.allowed, result?.quota);
    for (const outcome of outcomes) {
      if (outcome.kind !== 'throttled' || outcome.reason.code === SPENT) continue;
      this.limiter.throttled(outcome.untilMs, this.now().getTime()).catch(() => undefined); // a hold of our own stands
      break;
    }
    const refused = outcomes.find(({ kind }) => kind === 'unauthorised');
    if (refused?.kind === 'unauthorised') this.note(refused.reason.message);
    else if (this.trouble !== null && outcomes.some(isTaken)) this.note(null);
  }

  private spent(waitMs: number): Outcome {
    const untilMs = this.now().getTime() + waitMs;
    const message = 'Our share of the calls allowed is used up; it goes on when there are new ones.';
    return { kind: 'throttled', untilMs, reason: { code: SPENT, message, owner: 'quota' } };
  }

  /** Said once for all workers, however many calls are refused, and once when it is over. */
  private note(trouble: string | null): void {
    if (trouble === this.trouble) return;
    this.trouble = trouble;
    const { destination } = this.connector;
    this.pool
      .query<{ is_new: boolean }>(
        `insert into call_budgets as b (destination, day, trouble, trouble_at)
         values ($1, (clock_timestamp() at time zone 'UTC')::date, $2, clock_timestamp())
         on conflict (destination) do update set trouble = excluded.trouble, trouble_at = excluded.trouble_at
          where (b.trouble is null) <> (excluded.trouble is null)
         returning 1`,
        [destination, trouble],
      )
      .then(({ rowCount }) => {
        if (rowCount === 0) return;
        if (trouble === null)
          this.logger.info({ destination }, 'the destination accepts our credentials again');
        else
          this.logger.error(
            { destination, reason: trouble },
            'the destination does not accept our credentials: nothing is sent there until they are put right',
          );
      })
      .catch(() => undefined); // Without the database nothing else goes on either; the next refusal says it.
  }
}

function kindOf({ object, operation }: ObjectTarget): string {
  return `${operation} ${object}`;
}

function isTaken({ kind }: Outcome): boolean {
  return kind === 'written' || kind === 'unchanged';
}

const SPENT = 'allowance-spent';
