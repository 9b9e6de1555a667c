import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  ParseUUIDPipe,
  Post,
  Query,
} from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import type pg from 'pg';
import { Settings } from '../platform/config/settings.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { decodeCursor, type Page, pageOf, Paging } from '../platform/http/paging.js';
import { invalidRequest, notFound } from '../platform/http/problem.js';
import { type Endpoint, TOPICS } from './endpoint.js';
import { Endpoints } from './endpoints.js';
import { checkEndpointUrl } from './endpoint-url.js';
import { messageId } from './send-message.js';
import { publicKeyOf } from './signature.js';

class CreateWebhook {
  @ApiProperty({ example: 'https://example.com/hooks/foyer' })
  @IsString()
  @MaxLength(2000)
  url!: string;

  @ApiProperty({ example: ['registration.confirmed', 'registration.cancelled'] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @IsIn([...TOPICS, '*'], { each: true })
  topics!: string[];

  @ApiProperty({ required: false, description: 'Id or slug; absent: all events' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  event?: string;

  @ApiProperty({ required: false, enum: ['full', 'thin'], default: 'full' })
  @IsOptional()
  @IsIn(['full', 'thin'])
  payload?: 'full' | 'thin';
}

const ID = new ParseUUIDPipe({ exceptionFactory: () => notFound('There is no such webhook.') });

@ApiTags('webhooks')
@ApiBearerAuth()
@Controller('v1/webhooks')
export class WebhooksController {
  constructor(
    private readonly endpoints: Endpoints,
    private readonly settings: Settings,
    @Inject(PG_POOL) private readonly pool: pg.Pool,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Have messages sent to a URL; the secret is shown this once' })
  async create(@Body() body: CreateWebhook): Promise<object> {
    await checkEndpointUrl(body.url, this.settings.webhooks.allowPrivateHosts);
    const eventId = body.event === undefined ? null : await this.eventId(body.event);
    const endpoint = await this.endpoints.create({
      url: body.url,
      topics: body.topics,
      eventId,
      payload: body.payload ?? 'full',
    });
    return { ...resource(endpoint), secret: endpoint.secret };
  }

  @Get()
  @ApiOperation({ summary: 'All webhooks' })
  async list(@Query() { limit, cursor }: Paging): Promise<Page<object>> {
    const rows = await this.endpoints.list(limit + 1, decodeCursor(cursor, isId));
    const page = pageOf(rows, limit, ({ id }) => id);
    return { ...page, items: page.items.map(resource) };
  }

  @Get(':id')
  @ApiOperation({ summary: 'One webhook' })
  async one(@Param('id', ID) id: string): Promise<object> {
    return resource(found(await this.endpoints.find(id)));
  }

  @Post(':id/pause')
  @HttpCode(200)
  @ApiOperation({ summary: 'Send nothing until resumed; messages wait' })
  async pause(@Param('id', ID) id: string): Promise<object> {
    return resource(found(await this.endpoints.setState(id, 'paused')));
  }

  @Post(':id/resume')
  @HttpCode(200)
  @ApiOperation({ summary: 'Send again, from where it was paused' })
  async resume(@Param('id', ID) id: string): Promise<object> {
    return resource(found(await this.endpoints.setState(id, 'active')));
  }

  @Get(':id/attempts')
  @ApiOperation({ summary: 'What was tried, newest first' })
  async attempts(@Param('id', ID) id: string, @Query() { limit, cursor }: Paging): Promise<Page<object>> {
    const endpoint = found(await this.endpoints.find(id));
    const rows = await this.endpoints.attempts(id, limit + 1, decodeCursor(cursor, isId));
    const page = pageOf(rows, limit, (row) => row.id);
    return {
      ...page,
      items: page.items.map(({ seq, ...row }) => ({
        ...row,
        message: messageId(endpoint, { seq }),
        reason: row.message,
      })),
    };
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove it; messages that wait are not sent' })
  async delete(@Param('id', ID) id: string): Promise<void> {
    if (!(await this.endpoints.delete(id))) throw notFound('There is no such webhook.');
  }

  private async eventId(event: string): Promise<string> {
    const { rows } = await this.pool.query<{ id: string }>(
      'select id from events where slug = $1 or id::text = $1',
      [event],
    );
    if (rows[0]) return rows[0].id;
    throw invalidRequest([{ pointer: '/event', code: 'unknown-event', message: 'names no event.' }]);
  }
}

function found(endpoint: Endpoint | null): Endpoint {
  if (!endpoint) throw notFound('There is no such webhook.');
  return endpoint;
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f-]{36}$/.test(value);
}

function resource({ id, url, topics, eventId, payload, state, privateKey, createdAt }: Endpoint): object {
  const self = `/v1/webhooks/${id}`;
  return {
    id,
    url,
    topics,
    ...(eventId === null ? {} : { event: eventId }),
    payload,
    state,
    publicKey: publicKeyOf(privateKey),
    createdAt,
    links: { self, attempts: `${self}/attempts`, pause: `${self}/pause`, resume: `${self}/resume` },
  };
}
