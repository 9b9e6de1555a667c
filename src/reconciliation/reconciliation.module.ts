import { Module } from '@nestjs/common';
import { PipelinesApiModule, PipelinesModule } from '../pipelines/pipelines.module.js';
import { SchedulerModule } from '../platform/scheduler/scheduler.module.js';
import { ReconciliationMetrics } from './reconciliation-metrics.js';
import { ReconciliationSchedules } from './reconciliation-schedules.js';
import { Reconciliations } from './reconciliations.js';
import { ReconciliationsController } from './reconciliations.controller.js';

/** Comparing both sides; part of the api role. */
@Module({
  imports: [PipelinesApiModule],
  controllers: [ReconciliationsController],
  providers: [Reconciliations, ReconciliationMetrics],
})
export class ReconciliationApiModule {}

/** Compares both sides at the times of config/schedules.yaml; part of the worker role. */
@Module({
  imports: [PipelinesModule, SchedulerModule],
  providers: [Reconciliations, ReconciliationSchedules],
})
export class ReconciliationModule {}
