import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import os from 'node:os';
import type pg from 'pg';
import type { DrainJob } from '../changes/bell.js';
import { Lookout } from '../changes/lookout.js';
import { Settings } from '../platform/config/settings.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { LOGGER, type Logger } from '../platform/logger.js';
import { drain, type Drainable, type Drained } from './drain.js';

/** Says what drains a lane of this mapping; null where it does not know the name. */
export type Provider = (mapping: string) => Promise<Drainable | null>;

interface RunningDrain {
  /** A bell rang while it ran. */
  again: boolean;
  ended: Promise<void>;
}

const FAILED_PAUSE_MS = 250;

/** All draining of this process: at most one drain a lane, and a bell during it makes it look again. */
@Injectable()
export class Drains implements OnApplicationShutdown {
  private readonly owner = `${os.hostname()}/${process.pid}/${randomUUID().slice(0, 8)}`;
  private readonly stopping = new AbortController();
  private readonly running = new Map<string, RunningDrain>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly providers: Provider[] = [];

  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly lookout: Lookout,
    private readonly settings: Settings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  provide(provider: Provider): void {
    this.providers.push(provider);
  }

  /** Resolves when the lane was found empty, held or in other hands. Never throws: what fails is said and tried again. */
  async drain(job: DrainJob): Promise<void> {
    const name = `${job.mapping}/${job.lane}`;
    const running = this.running.get(name);
    if (running) {
      running.again = true;
      this.lookout.nudge(job);
      return;
    }
    if (this.stopping.signal.aborted) return;
    const state: RunningDrain = { again: false, ended: Promise.resolve() };
    this.running.set(name, state);
    state.ended = this.drainUntilQuiet(job, state).finally(() => this.running.delete(name));
    await state.ended;
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    for (const timer of this.timers.values()) clearTimeout(timer);
    await Promise.all([...this.running.values()].map(({ ended }) => ended));
  }

  private async drainUntilQuiet(job: DrainJob, state: RunningDrain): Promise<void> {
    do {
      state.again = false;
      try {
        const drained = await this.drainOnce(job);
        if (drained.kind === 'given-back' && drained.dueInMs !== null) this.wakeIn(job, drained.dueInMs);
      } catch (error) {
        this.logger.warn(
          { mapping: job.mapping, lane: job.lane, code: codeOf(error), reason: messageOf(error) },
          'a drain ended early; the lane is taken up again',
        );
        this.wakeIn(job, FAILED_PAUSE_MS);
        return;
      }
    } while (this.shallLookAgain(state));
  }

  private shallLookAgain({ again }: RunningDrain): boolean {
    return again && !this.stopping.signal.aborted;
  }

  private async drainOnce(job: DrainJob): Promise<Drained> {
    const work = await this.workFor(job.mapping);
    if (!work) return { kind: 'taken-elsewhere' };
    return drain(
      this.pool,
      job,
      this.owner,
      this.settings.pipelines,
      work,
      this.stopping.signal,
      this.lookout,
    );
  }

  private async workFor(mapping: string): Promise<Drainable | null> {
    for (const provider of this.providers) {
      const work = await provider(mapping);
      if (work) return work;
    }
    return null;
  }

  /** Sets the clock for what falls due next, so that a retry does not wait for the sweep. */
  private wakeIn(job: DrainJob, ms: number): void {
    const name = `${job.mapping}/${job.lane}`;
    if (this.stopping.signal.aborted || ms > this.settings.pipelines.sweepMs) return;
    clearTimeout(this.timers.get(name));
    const timer = setTimeout(
      () => {
        this.timers.delete(name);
        void this.drain(job);
      },
      Math.max(1, ms),
    );
    this.timers.set(name, timer.unref());
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
