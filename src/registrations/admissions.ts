import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { Bell } from '../changes/bell.js';
import { CLOCK, type Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { isConnectionLost } from '../platform/database/connection-lost.js';
import { isWorthAnotherTry } from '../platform/database/transaction.js';
import { GroupCommit } from '../platform/group-commit.js';
import { unavailable } from '../platform/http/problem-filter.js';
import { batchSeconds, batchSizes, decisions } from './registration-metrics.js';
import { type Candidate, type Decision, registerBatch } from './register-batch.js';

const WAITING_MAX = 20_000;
/**
 * So many may share a commit however few wait; of more, half do. A larger batch costs less each, but where all who wait
 * go at once, the process has nothing to do until the database has answered, and then everything.
 */
const TOGETHER_MIN = 32;
const TRIES_MAX = 8;
const RETRY_FIRST_MS = 25;
const STREAMS = ['registration', 'person'];

/** Admits candidates, many in one commit. What it resolves is committed. */
@Injectable()
export class Admissions {
  private readonly batches: GroupCommit<Candidate, Decision>;

  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly settings: Settings,
    private readonly bell: Bell,
  ) {
    this.batches = new GroupCommit(
      (candidates) => this.commit(candidates),
      keysOf,
      (waiting) => Math.min(settings.registrations.batchMax, Math.max(TOGETHER_MIN, Math.ceil(waiting / 2))),
      WAITING_MAX,
      () => unavailable('too many are waiting'),
    );
  }

  admit(candidate: Candidate): Promise<Decision> {
    return this.batches.submit(candidate);
  }

  private async commit(candidates: Candidate[]): Promise<(Decision | Error)[]> {
    const started = performance.now();
    const results = await this.decide(candidates);
    batchSeconds.observe((performance.now() - started) / 1000);
    batchSizes.observe(candidates.length);
    for (const result of results)
      decisions.inc({ outcome: result instanceof Error ? 'failed' : result.outcome });
    // After the answers, which go out as soon as this resolves.
    setImmediate(() => this.bell.ring(STREAMS));
    return results;
  }

  /** The batch as one; where the database refuses it for one item's sake, one by one. */
  private async decide(candidates: Candidate[]): Promise<(Decision | Error)[]> {
    let decided: Decision[];
    try {
      decided = await this.write(candidates);
    } catch (error) {
      if (isConnectionLost(error)) throw unavailable(error);
      if (candidates.length === 1) throw error;
      return inTurn(candidates, (candidate) => this.alone(candidate));
    }
    if (candidates.length === 1) return decided;
    return inTurn(decided, (decision, i) =>
      decision.outcome === 'crowded' ? this.alone(candidates[i]!) : decision,
    );
  }

  private async alone(candidate: Candidate): Promise<Decision | Error> {
    try {
      return (await this.write([candidate]))[0]!;
    } catch (error) {
      return error as Error;
    }
  }

  /**
   * Sends the batch until the database has answered. After a lost answer the same ids are sent again: what had been
   * committed is found, what had not is written now, and should the first still be under way, one waits for the other.
   */
  private async write(candidates: Candidate[]): Promise<Decision[]> {
    for (let tries = 1; ; tries++) {
      try {
        return await registerBatch(
          this.pool,
          candidates,
          this.clock.now(),
          this.settings.registrations.idempotencyDays,
        );
      } catch (error) {
        const passing = isConnectionLost(error) || isWorthAnotherTry(error);
        if (tries >= TRIES_MAX || !passing) throw error;
        await delay(RETRY_FIRST_MS * 2 ** (tries - 1));
      }
    }
  }
}

function keysOf({ emailKey, repeat, pass, eventId, identityId }: Candidate): string[] {
  const keys = [emailKey];
  if (repeat) keys.push(`${repeat.scope} ${repeat.key}`);
  if (pass) keys.push(`${eventId} ${pass.number}`);
  if (identityId !== null) keys.push(`${eventId} ${identityId}`);
  return keys;
}

async function inTurn<T, R>(items: readonly T[], work: (item: T, i: number) => R | Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const [i, item] of items.entries()) results.push(await work(item, i));
  return results;
}
