import { Module } from '@nestjs/common';
import { SchedulerModule } from '../platform/scheduler/scheduler.module.js';
import { ReportRuns } from './report-runs.js';
import { ReportsController } from './reports.controller.js';
import { Schedules } from './schedules.js';

/** Reports over HTTP; part of the api role. */
@Module({ controllers: [ReportsController], providers: [ReportRuns] })
export class ReportsApiModule {}

/** Runs the reports of config/schedules.yaml; part of the worker role. */
@Module({ imports: [SchedulerModule], providers: [ReportRuns, Schedules] })
export class ReportsModule {}
