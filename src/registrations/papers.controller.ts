import { Body, Controller, Delete, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { repeatable } from '../identity/idempotency.js';
import { principalOf } from '../identity/principal.js';
import { demandedVersion } from '../platform/http/conditional.js';
import { Answers, AnswersText } from '../platform/http/example.js';
import { baseUrl } from '../platform/http/links.js';
import { Settings } from '../platform/config/settings.js';
import { EXPORT_EXAMPLE, REGISTERED_EXAMPLE, REGISTRATION_EXAMPLE } from './examples.js';
import { PapersService } from './papers.service.js';
import { TransferDto } from './registration.dto.js';
import { sendRegistration } from './send-registration.js';

const PRIVATE = 'private, no-store';
const TRANSFER = 'POST /v1/registrations/:id/transfer';

@ApiTags('registrations')
@ApiBearerAuth()
@Controller('v1/registrations/:id')
export class PapersController {
  constructor(
    private readonly papers: PapersService,
    private readonly settings: Settings,
  ) {}

  @Post('transfer')
  @HttpCode(200)
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  @ApiHeader({ name: 'If-Match', required: false, description: 'The ETag that was read' })
  @ApiOperation({
    summary: 'Give the place to somebody else; answers, consents and the manage token do not go with it',
  })
  @Answers(200, 'The registration, with its new manage token', REGISTERED_EXAMPLE, [
    'ETag',
    'Idempotent-Replayed',
  ])
  async transfer(
    @Param('id') id: string,
    @Body() dto: TransferDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const principal = principalOf(request);
    const repeat = repeatable(request.headers['idempotency-key'], principal, TRANSFER, id, dto);
    const match = request.headers['if-match'];
    const version = match === undefined ? null : demandedVersion(match);
    const { body, replayed } = await this.papers.transfer(id, principal, dto.attendee, version, repeat);
    if (replayed) void reply.header('idempotent-replayed', 'true');
    sendRegistration(reply, body);
  }

  @Get('calendar.ics')
  @ApiOperation({ summary: 'The event and the chosen sessions, for a calendar (RFC 5545)' })
  @AnswersText(200, 'The calendar file', 'text/calendar')
  async calendar(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const url = `${baseUrl(request, this.settings)}/v1/registrations/${id}`;
    const text = await this.papers.calendar(id, principalOf(request), url);
    void reply
      .header('content-type', 'text/calendar; charset=utf-8')
      .header('content-disposition', 'attachment; filename="event.ics"')
      .header('cache-control', PRIVATE)
      .send(text);
  }

  @Get('badge.svg')
  @ApiOperation({ summary: 'A badge with a QR code, whose text signals take as `badge`' })
  @AnswersText(200, 'The badge', 'image/svg+xml')
  async badge(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const svg = await this.papers.badge(id, principalOf(request));
    void reply
      .header('content-type', 'image/svg+xml; charset=utf-8')
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
      .header('cache-control', PRIVATE)
      .send(svg);
  }

  @Get('export')
  @ApiOperation({ summary: 'Everything that is held about the person, at every event' })
  @Answers(200, 'All of it', EXPORT_EXAMPLE)
  async export(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const body = await this.papers.export(id, principalOf(request));
    void reply
      .header('content-type', 'application/json; charset=utf-8')
      .header('content-disposition', 'attachment; filename="export.json"')
      .header('cache-control', PRIVATE)
      .send(JSON.stringify(body));
  }

  @Delete('person')
  @ApiOperation({
    summary: 'Erase the person: every copy, at every event and destination; again is no change',
  })
  @Answers(200, 'The registration, erased', REGISTRATION_EXAMPLE, ['ETag'])
  async erase(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    sendRegistration(reply, await this.papers.erase(id, principalOf(request)));
  }
}
