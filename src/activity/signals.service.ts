import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { Bell } from '../changes/bell.js';
import { EventLookup, type KnownEvent } from '../events/event-lookup.js';
import { CLOCK, type Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { isConnectionLost } from '../platform/database/connection-lost.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { isWorthAnotherTry } from '../platform/database/transaction.js';
import { GroupCommit } from '../platform/group-commit.js';
import { invalidRequest, notFound } from '../platform/http/problem.js';
import { unavailable } from '../platform/http/problem-filter.js';
import { acquaint, type Acquaintance } from './acquaint.js';
import { signalsTaken } from './activity-metrics.js';
import { readSignal, type Signal, SignalRefused } from './read-signal.js';
import { takeIn, type Taken } from './take-in.js';

export const SIGNALS_MAX = 1_000;
const WAITING_MAX = 50_000;
const TRIES_MAX = 4;
const STREAMS = ['person', 'attendance', 'interaction'];

/** What became of one signal of a request. */
export interface SignalResult {
  readonly index: number;
  readonly status: Taken | 'rejected';
  /** Why it was rejected. */
  readonly code?: string;
  readonly detail?: string;
}

/** Takes in what platforms tell, many signals in one commit. What it resolves is committed. */
@Injectable()
export class SignalsService {
  private readonly batches: GroupCommit<Signal, Taken>;

  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly events: EventLookup,
    private readonly bell: Bell,
    settings: Settings,
  ) {
    this.batches = new GroupCommit(
      (signals) => this.commit(signals),
      () => [],
      () => settings.activity.batchMax,
      WAITING_MAX,
      () => unavailable('too many are waiting'),
    );
  }

  /**
   * Each signal is judged by itself: one that cannot be kept is rejected and holds up no other.
   * @throws Problem where there is no such event, or it is no list of at most 1,000
   */
  async takeInAll(event: string, values: unknown): Promise<SignalResult[]> {
    if (!Array.isArray(values)) {
      throw invalidRequest([{ pointer: '', code: 'type', message: 'must be a list of signals, or NDJSON.' }]);
    }
    if (values.length > SIGNALS_MAX) {
      const message = `must have at most ${SIGNALS_MAX} signals.`;
      throw invalidRequest([{ pointer: '', code: 'too-many', message }]);
    }
    let known = (await this.events.open(event)) ?? (await this.demandEvent(event));
    const isNews = values.some((value) => namesUnknownSession(value, known));
    if (isNews) known = await this.demandEvent(event);
    const place = { id: known.event.id, sessions: known.sessions };
    return Promise.all(
      (values as unknown[]).map(async (value, index): Promise<SignalResult> => {
        try {
          return { index, status: await this.takeIn(readSignal(value, place)) };
        } catch (error) {
          if (!(error instanceof SignalRefused)) throw error;
          signalsTaken.inc({ outcome: 'rejected' });
          return { index, status: 'rejected', code: error.code, detail: error.detail };
        }
      }),
    );
  }

  takeIn(signal: Signal): Promise<Taken> {
    return this.batches.submit(signal);
  }

  private async demandEvent(event: string): Promise<KnownEvent> {
    const known = await this.events.read(event);
    if (!known) throw notFound('There is no such event.');
    return known;
  }

  private async commit(signals: Signal[]): Promise<(Taken | Error)[]> {
    const results = await this.decide(signals);
    for (const result of results) signalsTaken.inc({ outcome: result instanceof Error ? 'failed' : result });
    if (results.includes('accepted')) setImmediate(() => this.bell.ring(STREAMS));
    return results;
  }

  /** The batch as one; where the database refuses it for one signal's sake, one by one. */
  private async decide(signals: Signal[]): Promise<(Taken | Error)[]> {
    try {
      return await this.write(signals);
    } catch (error) {
      if (isConnectionLost(error)) throw unavailable(error);
      if (signals.length === 1) throw error;
    }
    const results: (Taken | Error)[] = [];
    for (const signal of signals) {
      results.push(...(await this.write([signal]).catch((error: unknown) => [error as Error])));
    }
    return results;
  }

  private async write(signals: readonly Signal[]): Promise<Taken[]> {
    for (let tries = 1; ; tries++) {
      try {
        await acquaint(this.pool, signals.filter(isAcquaintance), this.clock.now());
        return await takeIn(this.pool, signals, this.clock.now());
      } catch (error) {
        if (tries >= TRIES_MAX || !isWorthAnotherTry(error)) throw error;
      }
    }
  }
}

function isAcquaintance(signal: Signal): signal is Signal & Acquaintance {
  return signal.externalId !== null && signal.emailKey !== null;
}

/** What is remembered of an event may be a second old: a session that was just made is looked for anew. */
function namesUnknownSession(value: unknown, { sessions }: KnownEvent): boolean {
  const session = (value as { session?: unknown } | null)?.session;
  return typeof session === 'string' && !sessions.has(session);
}
