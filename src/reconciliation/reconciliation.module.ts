import { Module } from '@nestjs/common';
import { PipelinesApiModule } from '../pipelines/pipelines.module.js';
import { Reconciliations } from './reconciliations.js';
import { ReconciliationsController } from './reconciliations.controller.js';

/** Comparing both sides; part of the api role. */
@Module({
  imports: [PipelinesApiModule],
  controllers: [ReconciliationsController],
  providers: [Reconciliations],
})
export class ReconciliationApiModule {}
