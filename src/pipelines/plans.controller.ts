import { Body, Controller, HttpCode, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { callerOf, principalOf } from '../identity/principal.js';
import { Answers } from '../platform/http/example.js';
import { Flag, Key, Line, Source } from '../platform/http/fields.js';
import { ApplyPlan } from './apply-plan.js';
import { APPLIED_EXAMPLE, PLAN_EXAMPLE } from './examples.js';
import { Plans } from './plans.js';

const SOURCE_CHARACTERS_MAX = 240_000;

class PlanMapping {
  @Source({
    max: SOURCE_CHARACTERS_MAX,
    optional: true,
    description: 'The text of the mapping file; absent: the file in mappings/ here',
  })
  source?: string;

  @Line({ max: 500, optional: true, description: 'What the text is called where faults are named' })
  file?: string;

  @Flag({ optional: true, description: 'Ask the backend for fields of which nobody knows what stands there' })
  read?: boolean;
}

class ApplyMapping {
  @Key({ description: 'The plan; an inverse one undoes' }) plan!: string;
  @Flag({ optional: true, description: 'Also past the limits of the mapping' }) force?: boolean;
}

@ApiTags('mappings')
@ApiBearerAuth()
@Controller('v1/mappings/:mapping')
export class PlansController {
  constructor(
    private readonly plans: Plans,
    private readonly plan: ApplyPlan,
  ) {}

  @Post('plan')
  @ApiOperation({ summary: 'What another version would do to every record, without a call to the backend' })
  @Answers(201, 'The plan', PLAN_EXAMPLE)
  async make(
    @Param('mapping') name: string,
    @Body() { source, file, read }: PlanMapping,
    @Req() request: FastifyRequest,
  ): Promise<object> {
    const by = callerOf(principalOf(request));
    const plan = await this.plans.plan(name, { source, file }, { read: read ?? false, by });
    return { ...plan, links: linksOf(name) };
  }

  @Post('apply')
  @HttpCode(200)
  @ApiOperation({ summary: 'Put a planned version in force and deliver what the plan named' })
  @Answers(200, 'It is in force', APPLIED_EXAMPLE)
  async apply(
    @Param('mapping') name: string,
    @Body() { plan, force }: ApplyMapping,
    @Req() request: FastifyRequest,
  ): Promise<object> {
    const by = callerOf(principalOf(request));
    const applied = await this.plan.apply(name, plan, { force: force ?? false, by });
    return { ...applied, links: linksOf(name) };
  }
}

function linksOf(name: string): object {
  const self = `/v1/mappings/${name}`;
  return { mapping: self, apply: `${self}/apply`, ledger: `${self}/ledger` };
}
