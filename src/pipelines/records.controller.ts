import { Controller, Get, Inject, Param, ParseUUIDPipe, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type pg from 'pg';
import { mappableStreams } from '../mapping/stream-contracts.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { isUuid } from '../platform/http/cursor.js';
import { Answers, pageExample } from '../platform/http/example.js';
import { Line } from '../platform/http/fields.js';
import { type Page, pageOf, Paging, readPlace } from '../platform/http/paging.js';
import { invalidRequest, notFound } from '../platform/http/problem.js';
import { RECORD_EXAMPLE, RECORD_PLACE_EXAMPLE } from './delivery-examples.js';
import { isOfPersons, recordsOfEmail } from './records-of-email.js';

class RecordQuery extends Paging {
  @Line({ max: 254, description: 'Of the person, whatever its case', example: 'ada@example.org' })
  email!: string;
}

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

  @Get(':stream')
  @ApiOperation({ summary: 'The records of a stream whose person has an e-mail, the newest first' })
  @Answers(200, 'A page of records', pageExample(RECORD_PLACE_EXAMPLE))
  async ofEmail(@Param('stream') stream: string, @Query() query: RecordQuery): Promise<Page<object>> {
    demandStream(stream);
    if (!isOfPersons(stream))
      throw invalidRequest([
        {
          pointer: 'email',
          code: 'no-person',
          message: `finds nothing: a record of ${stream} is of nobody.`,
        },
      ]);
    const { email, limit, cursor } = query;
    const rows = await recordsOfEmail(this.pool, stream, email, limit + 1, readPlace(cursor, isUuid));
    const { items, next } = pageOf(rows, limit, ({ key }) => key);
    return { items: items.map((row) => ({ stream, ...row, links: linksTo(stream, row.key) })), next };
  }

  @Get(':stream/:key')
  @ApiOperation({ summary: 'A record as mappings read it, in its newest version' })
  @Answers(200, 'The record', RECORD_EXAMPLE)
  async one(@Param('stream') stream: string, @Param('key', KEY) key: string): Promise<object> {
    demandStream(stream);
    const { rows } = await this.pool.query<Row>({
      name: 'record-newest',
      text: 'select version, at, snapshot from changes where key = $1 and stream = $2 order by version desc limit 1',
      values: [key, stream],
    });
    const [row] = rows;
    if (!row) throw notFound('The stream has no record with this key.');
    const { version, at, snapshot } = row;
    return { stream, key, version, at, record: snapshot, links: linksTo(stream, key) };
  }
}

function demandStream(stream: string): void {
  if (!mappableStreams.some((known) => known === stream)) throw notFound('There is no such stream.');
}

function linksTo(stream: string, key: string): object {
  return { self: `/v1/records/${stream}/${key}` };
}
