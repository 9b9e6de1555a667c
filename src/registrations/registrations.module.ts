import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module.js';
import { LobbyModule } from '../lobby/lobby.module.js';
import { Admissions } from './admissions.js';
import { ForgetKeys } from './forget-keys.js';
import { MailSender } from './mail-sender.js';
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
  controllers: [RegistrationsController, PapersController],
  providers: [Register, Admissions, ForgetKeys, Registrations, RegistrationsService, PapersService],
  exports: [Register, RegistrationsService],
})
export class RegistrationsModule {}
