import { Module } from '@nestjs/common';
import { AllCalls } from './all-calls.js';
import { AppliedMappings } from './applied-mappings.js';
import { ApplyPlan } from './apply-plan.js';
import { DeliveriesController } from './deliveries.controller.js';
import { DestinationStates } from './destination-states.js';
import { DestinationsController } from './destinations.controller.js';
import { Doubts } from './doubts.js';
import { Destinations } from './destinations.js';
import { Drains } from './drains.js';
import { MappingsController } from './mappings.controller.js';
import { MappingDrains } from './mapping-drains.js';
import { PastCalls } from './past-calls.js';
import { Plans } from './plans.js';
import { PlansController } from './plans.controller.js';
import { Proposals } from './proposals.js';
import { RecordsController } from './records.controller.js';
import { Replays } from './replays.js';
import { DrainProcessor, Sweep } from './wake.js';
import { WhyDeliveries } from './why.js';

/** What the operator may ask; part of the api role. */
@Module({
  controllers: [
    MappingsController,
    PlansController,
    DeliveriesController,
    RecordsController,
    DestinationsController,
  ],
  providers: [
    AllCalls,
    DestinationStates,
    Doubts,
    AppliedMappings,
    ApplyPlan,
    Destinations,
    PastCalls,
    Plans,
    Proposals,
    Replays,
    WhyDeliveries,
  ],
  exports: [AllCalls, AppliedMappings, Destinations],
})
export class PipelinesApiModule {}

/** What moves the records; part of the worker role. */
@Module({
  providers: [AllCalls, AppliedMappings, Destinations, Drains, MappingDrains, DrainProcessor, Sweep],
  exports: [AllCalls, AppliedMappings, Destinations, Drains],
})
export class PipelinesModule {}
