import {
  Body,
  Controller,
  Get,
  Header,
  Inject,
  Param,
  ParseUUIDPipe,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type pg from 'pg';
import { repeatable } from '../identity/idempotency.js';
import { IdempotencyClaims } from '../identity/idempotency-claims.js';
import { principalOf } from '../identity/principal.js';
import { CLOCK, type Clock } from '../platform/clock.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { isUuid } from '../platform/http/cursor.js';
import { Answers, AnswersText, pageExample } from '../platform/http/example.js';
import { link } from '../platform/http/links.js';
import { type Page, pageOf, Paging, readPlace } from '../platform/http/paging.js';
import { invalidRequest, notFound, Problem } from '../platform/http/problem.js';
import { loadSchedules } from '../platform/scheduler/schedule.js';
import { CONTENT_EXAMPLE, REPORT_EXAMPLE, RUN_EXAMPLE, SCHEDULES_EXAMPLE } from './examples.js';
import { renderCsv, renderJson } from './render.js';
import type { Report } from './report.js';
import { type ReportRun, ReportRuns, REPORTS } from './report-runs.js';

type Format = 'csv' | 'json';

const RUN = 'POST /v1/reports/:report/runs';

class RunReport {
  @ApiProperty({ required: false, description: 'Id or slug; absent: all events' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  event?: string;

  @ApiProperty({ enum: ['csv', 'json'], example: 'csv' })
  @IsIn(['csv', 'json'])
  format!: Format;
}

class Download {
  @IsOptional() @IsIn(['csv', 'json']) format: Format = 'csv';
}

const TYPES = { csv: 'text/csv; charset=utf-8; header=present', json: 'application/json; charset=utf-8' };
const ID = new ParseUUIDPipe({ exceptionFactory: () => notFound('There is no such run.') });

@ApiTags('reports')
@ApiBearerAuth()
@Controller('v1')
export class ReportsController {
  constructor(
    private readonly runs: ReportRuns,
    private readonly claims: IdempotencyClaims,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(PG_POOL) private readonly pool: pg.Pool,
  ) {}

  @Get('reports')
  @ApiOperation({ summary: 'The reports there are, each with its latest run' })
  @Answers(200, 'All of them', pageExample(REPORT_EXAMPLE))
  async list(): Promise<Page<object>> {
    const items = await Promise.all(
      REPORTS.map(async ({ name, title }) => {
        const [latest] = await this.runs.list(name, 1, null);
        const links = { runs: link(`/v1/reports/${name}/runs`) };
        return { report: name, title, latest: latest ? resource(latest) : null, links };
      }),
    );
    return { items, next: null };
  }

  @Get('reports/:report/runs')
  @ApiOperation({ summary: 'The runs of a report, newest first' })
  @Answers(200, 'A page of runs', pageExample(RUN_EXAMPLE))
  async listRuns(@Param('report') name: string, @Query() { limit, cursor }: Paging): Promise<Page<object>> {
    const rows = await this.runs.list(found(name).name, limit + 1, readPlace(cursor, isUuid));
    const page = pageOf(rows, limit, ({ id }) => id);
    return { ...page, items: page.items.map((run) => resource(run)) };
  }

  @Post('reports/:report/runs')
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  @ApiOperation({ summary: 'Run a report now' })
  @Answers(201, 'The run', RUN_EXAMPLE, ['Location'])
  async run(
    @Param('report') name: string,
    @Body() body: RunReport,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const report = found(name);
    const eventId = body.event === undefined ? null : await this.eventId(body.event);
    const header = request.headers['idempotency-key'];
    const repeat = repeatable(header, principalOf(request), RUN, name, body);
    if (!repeat) return this.made(await this.runs.run(report, eventId), body.format, reply);
    const { run, replayed } = await this.runs.runOnce(report, eventId, (client, id) =>
      this.claims.claim(client, repeat, id, this.clock.now()),
    );
    if (replayed) void reply.header('idempotent-replayed', 'true');
    return this.made(run, body.format, reply);
  }

  private made(run: ReportRun, format: Format, reply: FastifyReply): object {
    const shown = resource(run, format);
    void reply.header('location', shown.links.self);
    return shown;
  }

  @Get('reports/:report/runs/:run')
  @Header('cache-control', 'private, no-store')
  @ApiOperation({ summary: 'Download a run as CSV or JSON' })
  @AnswersText(200, 'The run, as JSON with `?format=json`', 'text/csv', CONTENT_EXAMPLE)
  async download(
    @Param('report') name: string,
    @Param('run', ID) id: string,
    @Query() { format }: Download,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const run = await this.runs.find(found(name).name, id);
    if (!run) throw notFound('There is no such run.');
    if (!run.content) throw new Problem('conflict', `The run is ${run.state}: there is nothing to download.`);
    void reply.header('content-type', TYPES[format]);
    void reply.header(
      'content-disposition',
      `attachment; filename="${name}-${run.createdAt.toISOString().slice(0, 16).replace(':', '')}.${format}"`,
    );
    return format === 'csv' ? renderCsv(run.content) : renderJson(run.content);
  }

  @Get('schedules')
  @ApiOperation({ summary: 'What runs when' })
  @Answers(200, 'All of them', SCHEDULES_EXAMPLE)
  schedules(): Page<object> {
    return { items: loadSchedules(), next: null };
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

function found(name: string): Report {
  const report = REPORTS.find((known) => known.name === name);
  if (!report) throw notFound('There is no report of this name.');
  return report;
}

function resource(run: ReportRun, format: Format = 'csv') {
  const { id, report, slot, state, reason, createdAt, finishedAt } = run;
  const self = link(`/v1/reports/${report}/runs/${id}`);
  return {
    id,
    report,
    ...(slot === null ? {} : { slot }),
    state,
    ...(reason === null ? {} : { reason }),
    createdAt,
    finishedAt,
    links: { self: `${self}?format=${format}`, csv: `${self}?format=csv`, json: `${self}?format=json` },
  };
}
