import { Controller, Get, Inject, Param, ParseUUIDPipe, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { IsOptional, IsString, IsUUID, MaxLength } from 'class-validator';
import type pg from 'pg';
import { PG_POOL } from '../platform/database/database.module.js';
import { decodeCursor, type Page, pageOf, Paging } from '../platform/http/paging.js';
import { notFound } from '../platform/http/problem.js';
import { type DeliveryView, findDelivery, listDeliveries } from './deliveries.js';

class DeliveryQuery extends Paging {
  @IsOptional() @IsString() @MaxLength(200) mapping?: string;
  @IsOptional() @IsString() @MaxLength(40) state?: string;
  @IsOptional() @IsString() @MaxLength(200) reason?: string;
  @IsOptional() @IsUUID() key?: string;
}

type Place = [mapping: string, key: string];
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

@ApiTags('deliveries')
@ApiBearerAuth()
@Controller('v1/deliveries')
export class DeliveriesController {
  constructor(@Inject(PG_POOL) private readonly pool: pg.Pool) {}

  @Get()
  @ApiOperation({ summary: 'How records stand at mappings' })
  async list(@Query() query: DeliveryQuery): Promise<Page<DeliveryView>> {
    const place = decodeCursor(query.cursor, isPlace);
    const after = place && { mapping: place[0], key: place[1] };
    const rows = await listDeliveries(this.pool, query, query.limit + 1, after);
    return pageOf(rows, query.limit, ({ mapping, key }) => [mapping, key]);
  }

  @Get(':mapping/:key')
  @ApiOperation({ summary: 'One record at one mapping: its versions and every attempt' })
  async one(
    @Param('mapping') mapping: string,
    @Param('key', new ParseUUIDPipe({ exceptionFactory: () => notFound() })) key: string,
  ): Promise<object> {
    const found = await findDelivery(this.pool, mapping, key);
    if (!found) throw notFound('This record has no delivery at this mapping.');
    const { tries, ...delivery } = found;
    return { ...delivery, attempts: tries };
  }
}

function isPlace(value: unknown): value is Place {
  return Array.isArray(value) && typeof value[0] === 'string' && UUID.test(String(value[1]));
}
