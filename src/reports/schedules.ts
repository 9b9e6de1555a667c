import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { loadSchedules } from '../platform/scheduler/schedule.js';
import { Scheduler } from '../platform/scheduler/scheduler.js';
import { REPORTS, ReportRuns } from './report-runs.js';

/** Runs reports when their time comes: each slot once, whichever worker is first; a slot that all missed, at start. */
@Injectable()
export class Schedules implements OnApplicationBootstrap {
  constructor(
    private readonly scheduler: Scheduler,
    private readonly runs: ReportRuns,
  ) {}

  /** @throws Error naming the schedule that asks for a report which is not there */
  onApplicationBootstrap(): void {
    for (const schedule of loadSchedules()) {
      if (schedule.report === undefined) continue;
      const report = REPORTS.find(({ name }) => name === schedule.report);
      if (!report)
        throw new Error(`${schedule.name} asks for the report ${schedule.report}, which does not exist.`);
      this.scheduler.add(schedule, (slot) => this.runs.runSlot(schedule.name, slot, report));
    }
  }
}
