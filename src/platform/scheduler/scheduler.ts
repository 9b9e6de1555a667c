import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CronJob } from 'cron';
import { CLOCK, type Clock } from '../clock.js';
import { Settings } from '../config/settings.js';
import { LOGGER, type Logger } from '../logger.js';
import { latestSlot, type Schedule } from './schedule.js';

/** Whoever ran a slot may have died of it, and another run may have stood in its way: it is looked at again and again. */
const LOOK_EVERY_MS = 5 * 60_000;

/** Strikes when a schedule's time comes, in every worker: that a slot is run once is up to whoever runs it. */
@Injectable()
export class Scheduler implements OnApplicationShutdown {
  private readonly jobs: CronJob[] = [];
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly registry: SchedulerRegistry,
    private readonly settings: Settings,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * @param runSlot called with the newest slot that has begun: at once, should all have missed it, at each strike, and
   * every five minutes, but never while it still runs; one that was run already it leaves alone
   */
  add(schedule: Schedule, runSlot: (slot: Date) => Promise<unknown>): void {
    if (!this.settings.reports.scheduler) return;
    let isRunning = false;
    const run = async (): Promise<void> => {
      if (isRunning) return;
      isRunning = true;
      try {
        await runSlot(latestSlot(schedule, this.clock.now()));
      } catch (error) {
        this.logger.error(
          { schedule: schedule.name, reason: error instanceof Error ? error.message : String(error) },
          'a schedule could not run; it is tried again in some minutes',
        );
      } finally {
        isRunning = false;
      }
    };
    const { cron: cronTime, timeZone } = schedule;
    const job = CronJob.from({ cronTime, timeZone, onTick: () => void run(), start: true });
    this.registry.addCronJob(schedule.name, job);
    this.jobs.push(job);
    this.timers.push(setInterval(() => void run(), LOOK_EVERY_MS).unref());
    void run();
  }

  onApplicationShutdown(): void {
    for (const job of this.jobs) void job.stop();
    for (const timer of this.timers) clearInterval(timer);
  }
}
