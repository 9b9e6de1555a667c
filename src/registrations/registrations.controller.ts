import { Body, Controller, Delete, Get, Param, Patch, Post, Put, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { repeatable } from '../identity/idempotency.js';
import { BehindLobby } from '../lobby/behind-lobby.js';
import { principalOf } from '../identity/principal.js';
import { demandedVersion } from '../platform/http/conditional.js';
import { Answers, pageExample } from '../platform/http/example.js';
import { REGISTERED_EXAMPLE, REGISTRATION_EXAMPLE } from './examples.js';
import { Register } from './register.js';
import { AmendRegistrationDto, RegisterDto, RegistrationsQuery } from './registration.dto.js';
import { RegistrationsService } from './registrations.service.js';
import { sendRegistration } from './send-registration.js';

/** At an event that tells nobody who is registered. */
const TAKEN = { status: 'taken', detail: 'What became of it was sent to the e-mail address.' };
const ROUTE = 'POST /v1/events/:event/registrations';

@ApiTags('registrations')
@Controller('v1')
export class RegistrationsController {
  constructor(
    private readonly register: Register,
    private readonly registrations: RegistrationsService,
  ) {}

  @Post('events/:event/registrations')
  @BehindLobby()
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  @ApiOperation({ summary: 'Register a person for an event' })
  @Answers(201, 'The registration, with its manage token', REGISTERED_EXAMPLE, [
    'Location',
    'ETag',
    'Idempotent-Replayed',
  ])
  async create(
    @Param('event') event: string,
    @Body() dto: RegisterDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const by = { principal: principalOf(request), pass: request.heldPass ?? null };
    const registered = await this.register.register(
      event,
      dto,
      (eventId) => repeatable(request.headers['idempotency-key'], by.principal, ROUTE, eventId, dto),
      by,
    );
    if (registered.replayed) void reply.header('idempotent-replayed', 'true');
    if (registered.taken) {
      void reply.status(202).send(TAKEN);
      return;
    }
    const { body } = registered;
    void reply.header('location', body.links.self).status(201);
    sendRegistration(reply, body);
  }

  @Get('events/:event/registrations')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'The registrations of an event, in order of their creation' })
  @Answers(200, 'A page of registrations', pageExample(REGISTRATION_EXAMPLE))
  ofEvent(@Param('event') event: string, @Query() query: RegistrationsQuery): Promise<object> {
    return this.registrations.ofEvent(event, query);
  }

  @Get('registrations/:id')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'A registration' })
  @Answers(200, 'The registration', REGISTRATION_EXAMPLE, ['ETag'])
  async read(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    sendRegistration(reply, await this.registrations.read(id, principalOf(request)));
  }

  @Patch('registrations/:id')
  @ApiBearerAuth()
  @ApiHeader({ name: 'If-Match', required: true, description: 'The ETag that was read' })
  @ApiOperation({ summary: 'Change details, answers, consents or sessions' })
  @Answers(200, 'The registration', REGISTRATION_EXAMPLE, ['ETag'])
  async amend(
    @Param('id') id: string,
    @Body() patch: AmendRegistrationDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const version = demandedVersion(request.headers['if-match']);
    sendRegistration(reply, await this.registrations.amend(id, principalOf(request), version, patch));
  }

  @Delete('registrations/:id')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Cancel; the place goes to the head of the waitlist' })
  @Answers(200, 'The registration', REGISTRATION_EXAMPLE, ['ETag'])
  async cancel(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    sendRegistration(reply, await this.registrations.cancel(id, principalOf(request)));
  }

  @Put('registrations/:id/sessions/:code')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Take a seat in a session' })
  @Answers(200, 'The registration', REGISTRATION_EXAMPLE, ['ETag'])
  async enrol(
    @Param('id') id: string,
    @Param('code') code: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    sendRegistration(reply, await this.registrations.enrol(id, principalOf(request), code, true));
  }

  @Delete('registrations/:id/sessions/:code')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Give the seat back' })
  @Answers(200, 'The registration', REGISTRATION_EXAMPLE, ['ETag'])
  async leave(
    @Param('id') id: string,
    @Param('code') code: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    sendRegistration(reply, await this.registrations.enrol(id, principalOf(request), code, false));
  }
}
