import { Body, Controller, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { repeatable } from '../identity/idempotency.js';
import { IdempotencyClaims } from '../identity/idempotency-claims.js';
import { callerOf, principalOf } from '../identity/principal.js';
import { CLOCK, type Clock } from '../platform/clock.js';
import { Answers } from '../platform/http/example.js';
import { Flag, Key, Line, Source } from '../platform/http/fields.js';
import { IN_LINES, longAnswer } from '../platform/http/long-answer.js';
import { LOGGER, type Logger } from '../platform/logger.js';
import { ApplyPlan } from './apply-plan.js';
import { APPLIED_EXAMPLE, PLAN_EXAMPLE } from './examples.js';
import { Plans } from './plans.js';

const SOURCE_CHARACTERS_MAX = 240_000;
const PLAN = 'POST /v1/mappings/:mapping/plan';

class PlanMapping {
  @Source({
    max: SOURCE_CHARACTERS_MAX,
    optional: true,
    description: 'The text of the mapping file; absent: the file in mappings/ here',
  })
  source?: string;

  @Line({
    max: 500,
    optional: true,
    description: 'What the text is called where faults are named',
    example: PLAN_EXAMPLE.to.file,
  })
  file?: string;

  @Flag({
    optional: true,
    description: 'Ask the backend for fields of which nobody knows what stands there',
    example: false,
  })
  read?: boolean;
}

class ApplyMapping {
  @Key({ description: 'The plan; an inverse one undoes', example: PLAN_EXAMPLE.id }) plan!: string;
  @Flag({ optional: true, description: 'Also past the limits of the mapping' }) force?: boolean;
}

@ApiTags('mappings')
@ApiBearerAuth()
@Controller('v1/mappings/:mapping')
export class PlansController {
  constructor(
    private readonly plans: Plans,
    private readonly plan: ApplyPlan,
    private readonly claims: IdempotencyClaims,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Post('plan')
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  @ApiOperation({
    summary: 'What another version would do to every record, without a call to the backend',
    description: IN_LINES,
  })
  @Answers(201, 'The plan', PLAN_EXAMPLE)
  make(
    @Param('mapping') name: string,
    @Body() body: PlanMapping,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const { source, file, read = false } = body;
    const principal = principalOf(request);
    const repeat = repeatable(request.headers['idempotency-key'], principal, PLAN, name, body);
    const claim = this.claims.ofLongWork(repeat, this.clock.now());
    return longAnswer(request, reply, this.logger, async (work) => {
      const asking = { read, by: callerOf(principal), work };
      const { plan, replayed } = await this.plans.planOnce(name, { source, file }, asking, claim);
      if (replayed && !reply.sent) void reply.header('idempotent-replayed', 'true');
      return { ...plan, links: linksOf(name) };
    });
  }

  @Post('apply')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Put a planned version in force and deliver what the plan named',
    description: IN_LINES,
  })
  @Answers(200, 'It is in force', APPLIED_EXAMPLE)
  apply(
    @Param('mapping') name: string,
    @Body() { plan, force = false }: ApplyMapping,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const by = callerOf(principalOf(request));
    // It comes to its end, whoever waits for it: what was asked for is done, or is not.
    return longAnswer(request, reply, this.logger, async () => {
      const applied = await this.plan.apply(name, plan, { force, by });
      return { ...applied, links: linksOf(name) };
    });
  }
}

function linksOf(name: string): object {
  const self = `/v1/mappings/${name}`;
  return { mapping: self, apply: `${self}/apply`, ledger: `${self}/ledger` };
}
