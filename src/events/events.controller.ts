import { Body, Controller, Get, Param, Patch, Post, Put, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { repeatable } from '../identity/idempotency.js';
import { isOperator, principalOf } from '../identity/principal.js';
import { sendCached } from '../platform/http/conditional.js';
import { Answers, pageExample } from '../platform/http/example.js';
import { PageQuery } from '../platform/http/page.js';
import { AgendaService } from './agenda.service.js';
import { AmendEventDto, CreateEventDto, PutFormDto, PutSessionDto } from './event.dto.js';
import { EVENT_EXAMPLE, FORM_EXAMPLE, SESSION_EXAMPLE } from './examples.js';
import { EventsService } from './events.service.js';

const FRESH = 'public, max-age=1';
const PRIVATE = 'private, no-cache';

@ApiTags('events')
@Controller('v1/events')
export class EventsController {
  constructor(
    private readonly events: EventsService,
    private readonly agenda: AgendaService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Events, in order of their start' })
  @Answers(200, 'A page of events', pageExample(EVENT_EXAMPLE), ['ETag'])
  async list(
    @Query() page: PageQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const drafts = isOperator(principalOf(request));
    sendCached(request, reply, await this.events.list(page, drafts), cacheControl(request));
  }

  @Post()
  @ApiBearerAuth()
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  @ApiOperation({ summary: 'A new event, as a draft' })
  @Answers(201, 'The event', EVENT_EXAMPLE, ['Location'])
  async create(
    @Body() dto: CreateEventDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const header = request.headers['idempotency-key'];
    const repeat = repeatable(header, principalOf(request), 'POST /v1/events', '', dto);
    const { event, replayed } = await this.events.create(dto, repeat);
    if (replayed) void reply.header('idempotent-replayed', 'true');
    void reply.status(201).header('location', event.links.self).send(event);
  }

  @Get(':event')
  @ApiOperation({ summary: 'An event, by its id or slug' })
  @Answers(200, 'The event', EVENT_EXAMPLE, ['ETag'])
  async read(
    @Param('event') event: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const drafts = isOperator(principalOf(request));
    sendCached(request, reply, await this.events.read(event, drafts), cacheControl(request));
  }

  @Patch(':event')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Open, close or change an event' })
  @Answers(200, 'The event', EVENT_EXAMPLE)
  amend(@Param('event') event: string, @Body() dto: AmendEventDto): Promise<object> {
    return this.events.amend(event, dto);
  }

  @Get(':event/sessions')
  @ApiOperation({ summary: 'The agenda, in order of the sessions’ start' })
  @Answers(200, 'A page of sessions', pageExample(SESSION_EXAMPLE), ['ETag'])
  async sessions(
    @Param('event') event: string,
    @Query() page: PageQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const drafts = isOperator(principalOf(request));
    sendCached(request, reply, await this.agenda.sessions(event, page, drafts), cacheControl(request));
  }

  @Put(':event/sessions/:code')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'A session of the agenda' })
  @Answers(200, 'The session; 201 where it is new', SESSION_EXAMPLE)
  async putSession(
    @Param('event') event: string,
    @Param('code') code: string,
    @Body() dto: PutSessionDto,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { session, created } = await this.agenda.putSession(event, code, dto);
    void reply.status(created ? 201 : 200).send(session);
  }

  @Get(':event/form')
  @ApiOperation({ summary: 'What the event asks: a JSON Schema, and the consents' })
  @Answers(200, 'The form', FORM_EXAMPLE, ['ETag'])
  async form(
    @Param('event') event: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const drafts = isOperator(principalOf(request));
    sendCached(request, reply, await this.agenda.form(event, drafts), cacheControl(request));
  }

  @Put(':event/form')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'A new version of the form' })
  @Answers(200, 'The form', FORM_EXAMPLE)
  putForm(@Param('event') event: string, @Body() dto: PutFormDto): Promise<object> {
    return this.agenda.putForm(event, dto);
  }
}

/** What an operator sees is not for the caches of others. */
function cacheControl(request: FastifyRequest): string {
  return principalOf(request).kind === 'anonymous' ? FRESH : PRIVATE;
}
