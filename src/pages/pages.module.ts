import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module.js';
import { RegistrationsModule } from '../registrations/registrations.module.js';
import { RegistrationPages } from './registration-pages.js';
import { RegistrationPagesController } from './registration-pages.controller.js';

/** What attendees see in a browser; the components stand in `web/`. */
@Module({
  imports: [EventsModule, RegistrationsModule],
  controllers: [RegistrationPagesController],
  providers: [RegistrationPages],
})
export class PagesModule {}
