import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module.js';
import { LobbyModule } from '../lobby/lobby.module.js';
import { RegistrationsModule } from '../registrations/registrations.module.js';
import { LobbyPagesController } from './lobby-pages.controller.js';
import { RegistrationPages } from './registration-pages.js';
import { RegistrationPagesController } from './registration-pages.controller.js';

/** What attendees see in a browser; the components stand in `web/`. */
@Module({
  imports: [EventsModule, RegistrationsModule, LobbyModule],
  controllers: [RegistrationPagesController, LobbyPagesController],
  providers: [RegistrationPages],
})
export class PagesModule {}
