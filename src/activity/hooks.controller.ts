import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Answers } from '../platform/http/example.js';
import { Line } from '../platform/http/fields.js';
import { invalidRequest } from '../platform/http/problem.js';
import { CHECK_EXAMPLE, HOOK_COUNTS_EXAMPLE, PLACE_EXAMPLE } from './examples.js';
import { HooksService } from './hooks.service.js';
import { Places } from './places.service.js';

const PLATFORM = /^[a-z][a-z0-9-]{0,39}$/;
const PLACE = /^[\x21-\x7e]{1,200}$/;

class PutPlaceDto {
  @Line({
    max: 80,
    optional: true,
    nullable: true,
    description: 'A session’s code; absent: the event itself',
    example: 'opening',
  })
  session?: string | null;
}

@ApiTags('platforms')
@Controller('v1')
export class HooksController {
  constructor(
    private readonly hooks: HooksService,
    private readonly places: Places,
  ) {}

  @Post('hooks/:platform')
  @ApiOperation({
    summary: 'A platform’s own webhooks, by its own signature; kept before anything is made of them',
  })
  @HttpCode(204)
  @ApiResponse({ status: 204, description: 'It is kept' })
  @Answers(200, 'To the platform’s check of the address', CHECK_EXAMPLE)
  async take(
    @Param('platform') platform: string,
    @Body() body: Buffer | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const answer = await this.hooks.take(platform, request.headers, body ?? Buffer.alloc(0));
    if (answer) void reply.status(200).send(answer);
    else void reply.status(204).send();
  }

  @Get('hooks')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'How many hooks came, by kind and what became of them' })
  @Answers(200, 'The counts', HOOK_COUNTS_EXAMPLE)
  async counts(): Promise<object> {
    return { items: await this.hooks.counts(), next: null };
  }

  @Get('events/:event/places')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'The webinars and rooms of platforms that belong to an event' })
  @Answers(200, 'All of them', { items: [PLACE_EXAMPLE], next: null })
  async ofEvent(@Param('event') event: string): Promise<object> {
    return { items: await this.places.ofEvent(event), next: null };
  }

  @Put('events/:event/places/:platform/:place')
  @ApiBearerAuth()
  @ApiOperation({
    summary: 'Say which session a platform’s webinar or room is; hooks that waited for it count now',
  })
  @Answers(200, 'The place', PLACE_EXAMPLE)
  async put(
    @Param('event') event: string,
    @Param('platform') platform: string,
    @Param('place') place: string,
    @Body() { session }: PutPlaceDto,
  ): Promise<object> {
    demandNames(platform, place);
    const body = await this.places.put(event, platform, place, session ?? null);
    await this.hooks.settleUnplaced(platform, place);
    return body;
  }

  @Delete('events/:event/places/:platform/:place')
  @HttpCode(204)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Take it away; what came of it stays' })
  remove(
    @Param('event') event: string,
    @Param('platform') platform: string,
    @Param('place') place: string,
  ): Promise<void> {
    return this.places.remove(event, platform, place);
  }
}

function demandNames(platform: string, place: string): void {
  const fault = (pointer: string, message: string): never => {
    throw invalidRequest([{ pointer, code: 'invalid-name', message }]);
  };
  if (!PLATFORM.test(platform)) fault('platform', 'must be 1–40 small letters, digits and hyphens.');
  if (!PLACE.test(place)) fault('place', 'must be 1–200 printable characters.');
}
