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
import { ArrayMaxSize, IsArray, IsIn, ValidateIf } from 'class-validator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type pg from 'pg';
import { repeatable } from '../identity/idempotency.js';
import { IdempotencyClaims } from '../identity/idempotency-claims.js';
import { callerOf, principalOf } from '../identity/principal.js';
import { CLOCK, type Clock } from '../platform/clock.js';
import { PG_POOL } from '../platform/database/database.module.js';
import { isInteger, isUuid } from '../platform/http/cursor.js';
import { Answers, pageExample } from '../platform/http/example.js';
import { Flag, Line } from '../platform/http/fields.js';
import { IN_LINES, longAnswer } from '../platform/http/long-answer.js';
import { type Page, pageOf, Paging, readPlace } from '../platform/http/paging.js';
import { notFound, Problem } from '../platform/http/problem.js';
import { LOGGER, type Logger } from '../platform/logger.js';
import { DISCREPANCY_KINDS, type DiscrepancyKind } from './discrepancy.js';
import {
  BEGUN_EXAMPLE,
  KEYS_EXAMPLE,
  DISCREPANCY_EXAMPLE,
  REPAIRED_EXAMPLE,
  RUN_EXAMPLE,
} from './examples.js';
import { findRun, listDiscrepancies, listRuns, type Run } from './read-runs.js';
import { Reconciliations } from './reconciliations.js';

class BeginRun {
  @Line({ max: 200, example: 'hubspot.contact' }) mapping!: string;

  @Flag({
    optional: true,
    description: 'Compare all field by field, and not only what moved since the last full run',
  })
  full?: boolean;
}

class RepairRun {
  @ApiProperty({ enum: DISCREPANCY_KINDS, isArray: true, required: false, example: ['missing', 'drifted'] })
  @ValidateIf((_, value) => value !== undefined)
  @IsIn(DISCREPANCY_KINDS, { each: true, message: `must be a list of ${DISCREPANCY_KINDS.join(', ')}.` })
  @ArrayMaxSize(DISCREPANCY_KINDS.length)
  @IsArray()
  kinds?: DiscrepancyKind[];

  @Flag({
    optional: true,
    description: 'Also take away what stands there and is not ours any more, or twice',
  })
  remove?: boolean;
}

const BEGIN = 'POST /v1/reconciliations';
const ID = new ParseUUIDPipe({ exceptionFactory: () => notFound() });

@ApiTags('reconciliations')
@ApiBearerAuth()
@Controller('v1/reconciliations')
export class ReconciliationsController {
  constructor(
    private readonly reconciliations: Reconciliations,
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly claims: IdempotencyClaims,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Runs that compared both sides, the newest first' })
  @Answers(200, 'A page of runs', pageExample(RUN_EXAMPLE))
  async list(@Query() query: Paging): Promise<Page<object>> {
    const before = readPlace(query.cursor, isUuid);
    const runs = await listRuns(this.pool, query.limit + 1, before);
    const page = pageOf(runs, query.limit, ({ id }) => id);
    return { ...page, items: page.items.map(resource) };
  }

  @Post()
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  @HttpCode(202)
  @ApiOperation({ summary: 'Compare both sides of a mapping, record by record and field by field' })
  @Answers(202, 'The run, which goes on after the answer', BEGUN_EXAMPLE)
  async begin(
    @Body() body: BeginRun,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const { mapping, full } = body;
    const by = principalOf(request);
    const repeat = repeatable(request.headers['idempotency-key'], by, BEGIN, '', body);
    const claim = this.claims.ofLongWork(repeat, this.clock.now());
    const { id, replayed } = await this.reconciliations.begin(mapping, callerOf(by), full, claim);
    const run = await findRun(this.pool, id);
    if (!run) throw new Problem('gone', 'The run is not kept any more.');
    if (replayed) void reply.header('idempotent-replayed', 'true');
    return resource(run);
  }

  @Get('keys')
  @ApiOperation({ summary: 'The public key that certificates are signed with, as a JSON Web Key Set' })
  @Answers(200, 'The key set', KEYS_EXAMPLE)
  keys(): object {
    return { keys: this.reconciliations.publicKeys() };
  }

  @Get(':run')
  @ApiOperation({ summary: 'One run, with its certificate' })
  @Answers(200, 'The run', RUN_EXAMPLE)
  async one(@Param('run', ID) id: string): Promise<object> {
    const run = await findRun(this.pool, id);
    if (!run) throw notFound('There is no such run.');
    return resource(run);
  }

  @Get(':run/discrepancies')
  @ApiOperation({ summary: 'What a run found: theirs, ours and what was last written' })
  @Answers(200, 'A page of discrepancies', pageExample(DISCREPANCY_EXAMPLE))
  async discrepancies(@Param('run', ID) id: string, @Query() query: Paging): Promise<Page<object>> {
    if (!(await findRun(this.pool, id))) throw notFound('There is no such run.');
    const after = readPlace(query.cursor, isInteger) ?? -1;
    const found = await listDiscrepancies(this.pool, id, query.limit + 1, after);
    return pageOf(found, query.limit, ({ place }) => place);
  }

  @Post(':run/repair')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Deliver again what is ours and differs; take away the rest only where asked',
    description: IN_LINES,
  })
  @Answers(202, 'How many are mended or on their way, and how many are left to people', REPAIRED_EXAMPLE)
  repair(
    @Param('run', ID) id: string,
    @Body() body: RepairRun,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    // It comes to its end, whoever waits for it: what was taken away there is noted here.
    return longAnswer(request, reply, this.logger, async (work) => {
      const repaired = await this.reconciliations.repair(id, body, work);
      return { run: id, ...repaired, links: linksOf(id) };
    });
  }
}

function resource(run: Run): object {
  return { ...run, links: linksOf(run.id) };
}

function linksOf(id: string): object {
  const self = `/v1/reconciliations/${id}`;
  return { self, discrepancies: `${self}/discrepancies`, repair: `${self}/repair` };
}
