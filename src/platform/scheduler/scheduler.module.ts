import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { Scheduler } from './scheduler.js';

/** What strikes at the times of config/schedules.yaml; part of the worker role. */
@Module({ imports: [ScheduleModule.forRoot()], providers: [Scheduler], exports: [Scheduler] })
export class SchedulerModule {}
