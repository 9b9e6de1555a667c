import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CronJob } from 'cron';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { CLOCK, type Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { LOGGER, type Logger } from '../platform/logger.js';
import { REPORTS, ReportRuns } from './report-runs.js';
import type { Report } from './report.js';

/** An entry of config/schedules.yaml. */
export interface Schedule {
  readonly name: string;
  readonly report: string;
  /** Five fields. */
  readonly cron: string;
  readonly timeZone: string;
}

export const SCHEDULES_FILE = 'config/schedules.yaml';

/** @throws Error naming the entry that does not hold */
export function loadSchedules(file = SCHEDULES_FILE): Schedule[] {
  const document = parse(readFileSync(file, 'utf8')) as Record<string, Omit<Schedule, 'name'>>;
  return Object.entries(document).map(([name, entry]) => {
    if (!REPORTS.some((report) => report.name === entry.report)) {
      throw new Error(`${file}: ${name} asks for the report ${entry.report}, which does not exist.`);
    }
    return { name, ...entry };
  });
}

/** Runs reports when their time comes: each slot once, whichever worker is first; a slot that all missed, at start. */
@Injectable()
export class Schedules implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly jobs: CronJob[] = [];

  constructor(
    private readonly registry: SchedulerRegistry,
    private readonly runs: ReportRuns,
    private readonly settings: Settings,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.settings.reports.scheduler) return;
    for (const schedule of loadSchedules()) {
      const report = REPORTS.find(({ name }) => name === schedule.report)!;
      const job = CronJob.from({
        cronTime: schedule.cron,
        timeZone: schedule.timeZone,
        onTick: () => void this.runLatest(schedule, report),
        start: true,
      });
      this.registry.addCronJob(schedule.name, job);
      this.jobs.push(job);
      void this.runLatest(schedule, report);
    }
  }

  onApplicationShutdown(): void {
    for (const job of this.jobs) void job.stop();
  }

  /** The newest slot that has begun. */
  private async runLatest(schedule: Schedule, report: Report): Promise<void> {
    try {
      await this.runs.runSlot(schedule.name, latestSlot(schedule, this.clock.now()), report);
    } catch (error) {
      this.logger.error(
        { schedule: schedule.name, reason: error instanceof Error ? error.message : String(error) },
        'a schedule could not run; it is tried again at its next slot',
      );
    }
  }
}

const DAY_MS = 86_400_000;

/** The last time at or before `now` at which the schedule strikes; looked for within the last 32 days. */
export function latestSlot(schedule: Pick<Schedule, 'cron' | 'timeZone'>, now: Date): Date {
  for (const days of [0.05, 1, 8, 32]) {
    const job = new CronJob(schedule.cron, () => undefined, null, false, schedule.timeZone);
    let slot: Date | null = null;
    let from = new Date(now.getTime() - days * DAY_MS);
    for (;;) {
      const next = job.cronTime.getNextDateFrom(from, schedule.timeZone).toJSDate();
      if (next > now) break;
      slot = next;
      from = next;
    }
    if (slot) return slot;
  }
  throw new Error(`the schedule ${schedule.cron} did not strike in the last 32 days`);
}
