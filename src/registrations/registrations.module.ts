import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module.js';
import { LobbyModule } from '../lobby/lobby.module.js';
import { Admissions } from './admissions.js';
import { ForgetKeys } from './forget-keys.js';
import { IdentityLinks } from './identity-links.js';
import { MailSender } from './mail-sender.js';
import { MyRegistrationsController } from './my-registrations.controller.js';
import { MyRegistrations } from './my-registrations.service.js';
import { PapersController } from './papers.controller.js';
import { PapersService } from './papers.service.js';
import { Registrations } from './read-registrations.js';
import { Register } from './register.js';
import { RegistrationsController } from './registrations.controller.js';
import { RegistrationsService } from './registrations.service.js';

/** Sends mails; part of the worker role. */
@Module({ providers: [Registrations, MailSender] })
export class MailsModule {}

/** The way in, and what people do with their place. */
@Module({
  imports: [EventsModule, LobbyModule],
  controllers: [RegistrationsController, PapersController, MyRegistrationsController],
  providers: [
    Register,
    Admissions,
    ForgetKeys,
    IdentityLinks,
    MyRegistrations,
    Registrations,
    RegistrationsService,
    PapersService,
  ],
  exports: [Register, RegistrationsService, IdentityLinks, MyRegistrations],
})
export class RegistrationsModule {}
