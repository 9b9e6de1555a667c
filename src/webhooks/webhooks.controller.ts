import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  ParseUUIDPipe,
  Patch,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type pg from 'pg';
import { Bell } from '../changes/bell.js';
import { repeatable } from '../identity/idempotency.js';
import { IdempotencyClaims } from '../identity/idempotency-claims.js';
import { principalOf } from '../identity/principal.js';
import { CLOCK, type Clock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { isUuid } from '../platform/http/cursor.js';
import { Answers, pageExample } from '../platform/http/example.js';
import { type Page, pageOf, Paging, readPlace } from '../platform/http/paging.js';
import { invalidRequest, notFound, Problem } from '../platform/http/problem.js';
import { type Endpoint, laneName } from './endpoint.js';
import { Endpoints, type NewEndpoint } from './endpoints.js';
import { checkEndpointUrl } from './endpoint-url.js';
import { endpointBody } from './endpoint-body.js';
import {
  ATTEMPT_EXAMPLE,
  CREATED_WEBHOOK_EXAMPLE,
  REPLAYED_WEBHOOK_EXAMPLE,
  ROTATED_WEBHOOK_EXAMPLE,
  TESTED_WEBHOOK_EXAMPLE,
  WEBHOOK_EXAMPLE,
} from './examples.js';
import { messageId } from './send-message.js';
import { AmendWebhook, CreateWebhook, demandFilter, ReplayWebhook } from './webhook.dto.js';

const ID = new ParseUUIDPipe({ exceptionFactory: () => notFound('There is no such webhook.') });
const CREATE = 'POST /v1/webhooks';

@ApiTags('webhooks')
@ApiBearerAuth()
@Controller('v1/webhooks')
export class WebhooksController {
  constructor(
    private readonly endpoints: Endpoints,
    private readonly settings: Settings,
    private readonly claims: IdempotencyClaims,
    private readonly bell: Bell,
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Post()
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  @ApiOperation({ summary: 'Have messages sent to a URL; the secret is shown this once' })
  @Answers(201, 'The webhook, with its secret', CREATED_WEBHOOK_EXAMPLE, ['Location'])
  async create(
    @Body() body: CreateWebhook,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await checkEndpointUrl(body.url, this.settings.webhooks.allowPrivateHosts);
    const given: NewEndpoint = {
      url: body.url,
      topics: body.topics,
      eventId: body.event == null ? null : await this.eventId(body.event),
      payload: body.payload ?? 'full',
      filter: demandFilter(body.filter),
    };
    const header = request.headers['idempotency-key'];
    const repeat = repeatable(header, principalOf(request), CREATE, '', body);
    const { endpoint, replayed } = repeat
      ? await this.endpoints.createOnce(given, (client, id) =>
          this.claims.claim(client, repeat, id, this.clock.now()),
        )
      : { endpoint: await this.endpoints.create(given), replayed: false };
    if (!endpoint) throw new Problem('gone', 'The webhook was removed.');
    if (replayed) void reply.header('idempotent-replayed', 'true');
    const shown = endpointBody(endpoint);
    void reply
      .status(201)
      .header('location', shown.links.self)
      .send({ ...shown, secret: endpoint.secret });
  }

  @Get()
  @ApiOperation({ summary: 'All webhooks' })
  @Answers(200, 'A page of webhooks', pageExample(WEBHOOK_EXAMPLE))
  async list(@Query() { limit, cursor }: Paging): Promise<Page<object>> {
    const rows = await this.endpoints.list(limit + 1, readPlace(cursor, isUuid));
    const page = pageOf(rows, limit, ({ id }) => id);
    return { ...page, items: page.items.map(endpointBody) };
  }

  @Get(':id')
  @ApiOperation({ summary: 'One webhook' })
  @Answers(200, 'The webhook', WEBHOOK_EXAMPLE)
  async one(@Param('id', ID) id: string): Promise<object> {
    return endpointBody(found(await this.endpoints.find(id)));
  }

  @Patch(':id')
  @ApiOperation({
    summary: 'Change where, what and when messages are sent; those that wait go by the new settings',
  })
  @Answers(200, 'The webhook', WEBHOOK_EXAMPLE)
  async amend(@Param('id', ID) id: string, @Body() body: AmendWebhook): Promise<object> {
    const before = found(await this.endpoints.find(id));
    if (body.url !== undefined) await checkEndpointUrl(body.url, this.settings.webhooks.allowPrivateHosts);
    const { event, filter } = body;
    const after = await this.endpoints.change(id, {
      url: body.url ?? before.url,
      topics: body.topics ?? before.topics,
      eventId: event === undefined ? before.eventId : event === null ? null : await this.eventId(event),
      payload: body.payload ?? before.payload,
      filter: filter === undefined ? before.filter : demandFilter(filter),
    });
    return endpointBody(found(after));
  }

  @Post(':id/pause')
  @HttpCode(200)
  @ApiOperation({ summary: 'Send nothing until resumed; messages wait' })
  @Answers(200, 'The webhook', { ...WEBHOOK_EXAMPLE, state: 'paused' })
  async pause(@Param('id', ID) id: string): Promise<object> {
    return endpointBody(found(await this.endpoints.setState(id, 'paused')));
  }

  @Post(':id/resume')
  @HttpCode(200)
  @ApiOperation({ summary: 'Send again, from where it was paused' })
  @Answers(200, 'The webhook', WEBHOOK_EXAMPLE)
  async resume(@Param('id', ID) id: string): Promise<object> {
    const endpoint = found(await this.endpoints.setState(id, 'active'));
    this.wake(id);
    return endpointBody(endpoint);
  }

  @Post(':id/rotate')
  @HttpCode(200)
  @ApiOperation({
    summary: 'A new secret, shown this once; messages are signed with the one before too, for a day',
  })
  @Answers(200, 'The webhook, with its new secret', ROTATED_WEBHOOK_EXAMPLE)
  async rotate(@Param('id', ID) id: string): Promise<object> {
    const endpoint = found(await this.endpoints.rotate(id, this.settings.webhooks.rotationMs));
    return { ...endpointBody(endpoint), secret: endpoint.secret };
  }

  @Post(':id/test')
  @HttpCode(202)
  @ApiOperation({ summary: 'Have a message of the type webhook.test sent; the attempts tell how it went' })
  @Answers(202, 'Under which id it is sent', TESTED_WEBHOOK_EXAMPLE)
  async test(@Param('id', ID) id: string): Promise<object> {
    const endpoint = receiving(found(await this.endpoints.find(id)));
    const seq = await this.endpoints.test(id);
    this.wake(id);
    return {
      message: messageId(endpoint, { seq }),
      links: { attempts: endpointBody(endpoint).links.attempts },
    };
  }

  @Post(':id/replay')
  @HttpCode(202)
  @ApiOperation({ summary: 'Send the messages of a time again, under the same ids and in the same order' })
  @Answers(202, 'How many are sent again', REPLAYED_WEBHOOK_EXAMPLE)
  async replay(@Param('id', ID) id: string, @Body() { since, until }: ReplayWebhook): Promise<object> {
    found(await this.endpoints.find(id));
    const [from, to] = [new Date(since), until === undefined ? this.clock.now() : new Date(until)];
    if (to < from) {
      throw invalidRequest([{ pointer: '/until', code: 'order-of-times', message: 'must be after since.' }]);
    }
    const matched = await this.endpoints.replay(id, from, to);
    this.wake(id);
    return { matched };
  }

  @Get(':id/attempts')
  @ApiOperation({ summary: 'What was tried, newest first' })
  @Answers(200, 'A page of attempts', pageExample(ATTEMPT_EXAMPLE))
  async attempts(@Param('id', ID) id: string, @Query() { limit, cursor }: Paging): Promise<Page<object>> {
    const endpoint = found(await this.endpoints.find(id));
    const rows = await this.endpoints.attempts(id, limit + 1, readPlace(cursor, isUuid));
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

  private wake(id: string): void {
    this.bell.ringLane(laneName(id), 0);
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

function receiving(endpoint: Endpoint): Endpoint {
  if (endpoint.state === 'active' || endpoint.state === 'failing') return endpoint;
  throw new Problem('conflict', `The webhook is ${endpoint.state}: resume it first.`);
}
