import { Body, Controller, Get, HttpCode, Param, Patch, Post, Put, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerOf, principalOf } from '../identity/principal.js';
import { Answers } from '../platform/http/example.js';
import {
  FIGURES_EXAMPLE,
  JOINED_EXAMPLE,
  PASS_EXAMPLE,
  SETTINGS_EXAMPLE,
  STATUS_EXAMPLE,
} from './examples.js';
import { LobbySettings } from './lobby-settings.service.js';
import { PatchLobbyDto, PutLobbyDto, TicketDto } from './lobby.dto.js';
import { LobbyService } from './lobby.service.js';

@ApiTags('lobby')
@Controller('v1/events/:event/lobby')
export class LobbyController {
  constructor(
    private readonly lobby: LobbyService,
    private readonly settings: LobbySettings,
  ) {}

  @Get()
  @ApiOperation({ summary: 'How far the line is: the same for everyone, fresh for a second' })
  @Answers(200, 'The status', STATUS_EXAMPLE)
  async status(@Param('event') event: string, @Res() reply: FastifyReply): Promise<void> {
    const text = await this.lobby.status(event);
    void reply
      .header('cache-control', 'public, max-age=1')
      .header('content-type', 'application/json; charset=utf-8')
      .send(text);
  }

  @Post()
  @ApiHeader({ name: 'Foyer-Ticket', required: false, description: 'Keeps the place' })
  @ApiOperation({ summary: 'Join the line' })
  @Answers(201, 'The place', JOINED_EXAMPLE)
  async join(
    @Param('event') event: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { body } = await this.lobby.join(event, request, () => reply.raw.destroyed);
    void reply.status(201).header('cache-control', 'no-store').send(body);
  }

  @Post('check-in')
  @HttpCode(204)
  @ApiOperation({ summary: 'Say that one is here, near the front' })
  checkIn(@Param('event') event: string, @Body() { ticket }: TicketDto): Promise<void> {
    return this.lobby.checkIn(event, ticket);
  }

  @Post('pass')
  @ApiOperation({ summary: 'Fetch the pass, once the number was called' })
  @Answers(201, 'The pass; 202 with Retry-After where the number was not called yet', PASS_EXAMPLE)
  async pass(
    @Param('event') event: string,
    @Body() { ticket }: TicketDto,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const answer = await this.lobby.pass(event, ticket);
    void reply.header('cache-control', 'no-store');
    if ('pass' in answer) {
      void reply.status(201).send(answer);
      return;
    }
    const { retryAfter, ...body } = answer;
    void reply.status(202).header('retry-after', String(retryAfter)).send(body);
  }

  @Post('leave')
  @HttpCode(204)
  @ApiOperation({ summary: 'Give up the place, or the pass, for the next one' })
  leave(@Param('event') event: string, @Body() { ticket }: TicketDto): Promise<void> {
    return this.lobby.leave(event, ticket);
  }

  @Put()
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Set up the lobby' })
  @Answers(200, 'The settings', SETTINGS_EXAMPLE)
  put(
    @Param('event') event: string,
    @Body() dto: PutLobbyDto,
    @Req() request: FastifyRequest,
  ): Promise<object> {
    return this.settings.put(event, dto, callerOf(principalOf(request)));
  }

  @Patch()
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Pause, drain, open or close the lobby, or change what it says' })
  @Answers(200, 'The settings', SETTINGS_EXAMPLE)
  patch(
    @Param('event') event: string,
    @Body() dto: PatchLobbyDto,
    @Req() request: FastifyRequest,
  ): Promise<object> {
    return this.settings.patch(event, dto, callerOf(principalOf(request)));
  }

  @Get('figures')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Live figures' })
  @Answers(200, 'The figures', FIGURES_EXAMPLE)
  figures(@Param('event') event: string): Promise<object> {
    return this.settings.figures(event);
  }

  @Get('history')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Who set what when, newest first' })
  @Answers(200, 'The changes', {
    items: [{ at: '2027-01-12T09:30:00.000Z', by: '01a20d9d-9834-7ed7-879f-df2ea4bf2ab6', settings: {} }],
    next: null,
  })
  history(@Param('event') event: string): Promise<object> {
    return this.settings.history(event);
  }
}
