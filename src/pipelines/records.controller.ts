import { Controller, Get, Inject, Param, ParseUUIDPipe } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type pg from 'pg';
import { mappableStreams } from '../mapping/stream-contracts.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { notFound } from '../platform/http/problem.js';

const KEY = new ParseUUIDPipe({ exceptionFactory: () => notFound() });

interface Row {
  version: number;
  at: Date;
  snapshot: unknown;
}

@ApiTags('records')
@ApiBearerAuth()
@Controller('v1/records')
export class RecordsController {
  constructor(@Inject(PG_POOL) private readonly pool: pg.Pool) {}

  @Get(':stream/:key')
  @ApiOperation({ summary: 'A record as mappings read it, in its newest version' })
  async one(@Param('stream') stream: string, @Param('key', KEY) key: string): Promise<object> {
    if (!mappableStreams.some((known) => known === stream)) throw notFound('There is no such stream.');
    const { rows } = await this.pool.query<Row>({
      name: 'record-newest',
      text: 'select version, at, snapshot from changes where key = $1 and stream = $2 order by version desc limit 1',
      values: [key, stream],
    });
    const [row] = rows;
    if (!row) throw notFound('The stream has no record with this key.');
    const { version, at, snapshot } = row;
    return { stream, key, version, at, record: snapshot, links: { self: `/v1/records/${stream}/${key}` } };
  }
}
