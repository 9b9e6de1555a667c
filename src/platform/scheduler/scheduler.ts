import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CronJob } from 'cron';
import { CLOCK, type Clock } from '../clock.js';
import { Settings } from '../config/settings.js';
import { LOGGER, type Logger } from '../logger.js';
import { latestSlot, type Schedule } from './schedule.js';

/** Strikes when a schedule's time comes, in every worker: that a slot is run once is up to whoever runs it. */
@Injectable()
export class Scheduler implements OnApplicationShutdown {
  private readonly jobs: CronJob[] = [];

  constructor(
    private readonly registry: SchedulerRegistry,
    private readonly settings: Settings,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @param runSlot called with the newest slot that has begun: at once, should all have missed it, and at each strike */
  add(schedule: Schedule, runSlot: (slot: Date) => Promise<unknown>): void {
    if (!this.settings.reports.scheduler) return;
    const run = async (): Promise<void> => {
      try {
        await runSlot(latestSlot(schedule, this.clock.now()));
      } catch (error) {
        this.logger.error(
          { schedule: schedule.name, reason: error instanceof Error ? error.message : String(error) },
          'a schedule could not run; it is tried again at its next slot',
        );
      }
    };
    const { cron: cronTime, timeZone } = schedule;
    const job = CronJob.from({ cronTime, timeZone, onTick: () => void run(), start: true });
    this.registry.addCronJob(schedule.name, job);
    this.jobs.push(job);
    void run();
  }

  onApplicationShutdown(): void {
    for (const job of this.jobs) void job.stop();
  }
}
