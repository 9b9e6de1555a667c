import { Module } from '@nestjs/common';
import { AgendaService } from './agenda.service.js';
import { Demonstration } from './demonstration.js';
import { EventLookup } from './event-lookup.js';
import { EventsController } from './events.controller.js';
import { EventsService } from './events.service.js';

/** What can be registered for. */
@Module({
  controllers: [EventsController],
  providers: [EventsService, AgendaService, EventLookup, Demonstration],
  exports: [EventsService, AgendaService, EventLookup, Demonstration],
})
export class EventsModule {}
