import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { ReportRuns } from './report-runs.js';
import { ReportsController } from './reports.controller.js';
import { Schedules } from './schedules.js';

/** Reports over HTTP; part of the api role. */
@Module({ controllers: [ReportsController], providers: [ReportRuns] })
export class ReportsApiModule {}

/** Runs the schedules; part of the worker role. */
@Module({ imports: [ScheduleModule.forRoot()], providers: [ReportRuns, Schedules] })
export class ReportsModule {}
