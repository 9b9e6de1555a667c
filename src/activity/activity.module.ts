import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module.js';
import { AttendanceClosings } from './attendance-closings.js';
import { HooksController } from './hooks.controller.js';
import { HooksService } from './hooks.service.js';
import { Places } from './places.service.js';
import { SignalsController } from './signals.controller.js';
import { SignalsService } from './signals.service.js';

/** What platforms tell; part of the api role. */
@Module({
  imports: [EventsModule],
  controllers: [SignalsController, HooksController],
  providers: [SignalsService, HooksService, Places],
})
export class ActivityApiModule {}

/** What follows when something is over; part of the worker role. */
@Module({ providers: [AttendanceClosings] })
export class ActivityModule {}
