import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Param,
  ParseUUIDPipe,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsUUID, ValidateIf } from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type pg from 'pg';
import { repeatable } from '../identity/idempotency.js';
import { IdempotencyClaims } from '../identity/idempotency-claims.js';
import { callerOf, principalOf } from '../identity/principal.js';
import { CLOCK, type Clock } from '../platform/clock.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { isText, isUuid } from '../platform/http/cursor.js';
import { Answers, pageExample } from '../platform/http/example.js';
import { Choice, Key, Line, Text, Time } from '../platform/http/fields.js';
import { type Page, pageOf, Paging, readPlace } from '../platform/http/paging.js';
import { invalidRequest, notFound, Problem } from '../platform/http/problem.js';
import { AppliedMappings } from './applied-mappings.js';
import { DELIVERY_STATES, type DeliveryState } from './delivery.js';
import {
  DELIVERY_EXAMPLE,
  REPLAY_EXAMPLE,
  REPLAYED_EXAMPLE,
  RESOLVED_EXAMPLE,
  WHY_EXAMPLE,
} from './delivery-examples.js';
import { type DeliveryView, listDeliveries } from './deliveries.js';
import { Replays } from './replays.js';
import { Doubts, type Word } from './doubts.js';
import { WhyDeliveries } from './why.js';

class DeliveryQuery extends Paging {
  @Text({ max: 200, optional: true }) mapping?: string;
  @Choice(DELIVERY_STATES, { optional: true }) state?: DeliveryState;
  @Text({ max: 200, optional: true, description: 'The code of a reason' }) reason?: string;
  @Key({ optional: true, description: 'Of the record' }) key?: string;
  @Text({ max: 254, optional: true, description: 'Of the person, whatever its case' }) email?: string;
}

const REPLAY = 'POST /v1/deliveries/replay';
const KEYS_MAX = 1_000;

class ReplayDeliveries {
  @Line({ max: 200, example: 'hubspot.contact' }) mapping!: string;
  @Choice(DELIVERY_STATES, { optional: true, example: 'rejected' }) state?: DeliveryState;
  @Line({ max: 200, optional: true, description: 'The code of a reason' }) reason?: string;

  @ApiProperty({ type: String, format: 'uuid', isArray: true, required: false, maxItems: KEYS_MAX })
  @ValidateIf((_, value) => value !== undefined)
  @IsUUID('all', { each: true, message: 'must be a list of keys of records.' })
  @ArrayMaxSize(KEYS_MAX)
  @IsArray()
  keys?: string[];

  @Time({ optional: true, description: 'Deliveries that came to stand as they do since then' })
  since?: string;
  @Time({ optional: true, description: 'And before then' }) until?: string;
}

class ResolveDelivery {
  @Choice(['written', 'not-written'], { description: 'What you found at the backend', example: 'written' })
  outcome!: Word;
}

type Place = [mapping: string, key: string];
const KEY = new ParseUUIDPipe({ exceptionFactory: () => notFound() });

@ApiTags('deliveries')
@ApiBearerAuth()
@Controller('v1/deliveries')
export class DeliveriesController {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    private readonly applied: AppliedMappings,
    private readonly replays: Replays,
    private readonly deliveries: WhyDeliveries,
    private readonly doubts: Doubts,
    private readonly claims: IdempotencyClaims,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOperation({ summary: 'How records stand at mappings' })
  @Answers(200, 'A page of deliveries', pageExample(DELIVERY_EXAMPLE))
  async list(@Query() query: DeliveryQuery): Promise<Page<DeliveryView>> {
    const place = readPlace(query.cursor, isPlace);
    const after = place && { mapping: place[0], key: place[1] };
    const rows = await listDeliveries(this.pool, query, query.limit + 1, after);
    return pageOf(rows, query.limit, ({ mapping, key }) => [mapping, key]);
  }

  @Post('replay')
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  @HttpCode(202)
  @ApiOperation({ summary: 'Deliver records again, mapped anew and written whole, beside what happens now' })
  @Answers(202, 'How many are delivered again', REPLAYED_EXAMPLE)
  async replay(
    @Body() body: ReplayDeliveries,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const { mapping, since, until, ...filter } = body;
    if (!(await this.applied.current(mapping))) {
      throw invalidRequest([{ pointer: '/mapping', code: 'unknown-mapping', message: 'names no mapping.' }]);
    }
    const times = { since: since && new Date(since), until: until && new Date(until) };
    const by = principalOf(request);
    const repeat = repeatable(request.headers['idempotency-key'], by, REPLAY, '', body);
    const { replayed, ...replay } = await this.replays.replay(
      mapping,
      { ...filter, since: times.since || undefined, until: times.until || undefined },
      callerOf(by),
      this.claims.ofLongWork(repeat, this.clock.now()),
    );
    if (replayed) void reply.header('idempotent-replayed', 'true');
    return { ...replay, links: { self: `/v1/deliveries/replay/${replay.id}` } };
  }

  @Get('replay/:id')
  @ApiOperation({ summary: 'A replay: how many records it took, and how many still wait' })
  @Answers(200, 'The replay', REPLAY_EXAMPLE)
  async oneReplay(@Param('id', KEY) id: string): Promise<object> {
    const replay = await this.replays.find(id);
    if (!replay) throw notFound('There is no such replay.');
    return { ...replay, links: { self: `/v1/deliveries/replay/${id}` } };
  }

  @Post(':mapping/:key/resolve')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Say whether a write that nobody answered was done: it counts as sent, or goes again',
  })
  @Answers(200, 'What was said of it', RESOLVED_EXAMPLE)
  async resolve(
    @Param('mapping') mapping: string,
    @Param('key', KEY) key: string,
    @Body() { outcome }: ResolveDelivery,
    @Req() request: FastifyRequest,
  ): Promise<object> {
    const by = callerOf(principalOf(request));
    if (!(await this.doubts.resolve(mapping, key, outcome, by))) {
      throw new Problem('conflict', 'This record is not in doubt at this mapping.');
    }
    return { mapping, key, outcome, links: { self: `/v1/deliveries/${mapping}/${key}` } };
  }

  @Get(':mapping/:key')
  @ApiOperation({
    summary: 'Why a record stands at a backend as it does, or why not: field by field, with every attempt',
  })
  @Answers(200, 'All that led to it', WHY_EXAMPLE)
  async one(@Param('mapping') mapping: string, @Param('key', KEY) key: string): Promise<object> {
    const why = await this.deliveries.why(mapping, key);
    if (!why) throw notFound('There is no such mapping, or its stream has no record with this key.');
    return { ...why, links: { self: `/v1/deliveries/${mapping}/${key}` } };
  }
}

function isPlace(value: unknown): value is Place {
  return Array.isArray(value) && value.length === 2 && isText(value[0]) && isUuid(value[1]);
}
