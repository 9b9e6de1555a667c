import { Controller, Get, Inject } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CLOCK, type Clock } from '../platform/clock.js';
import { Answers, pageExample } from '../platform/http/example.js';
import { DESTINATION_EXAMPLE } from './delivery-examples.js';
import { type DestinationState, DestinationStates } from './destination-states.js';

@ApiTags('destinations')
@ApiBearerAuth()
@Controller('v1/destinations')
export class DestinationsController {
  constructor(
    private readonly states: DestinationStates,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'The backends: whether they accept us, what was called, and how the day’s quota will end',
  })
  @Answers(200, 'All of them', pageExample(DESTINATION_EXAMPLE))
  async list(): Promise<{ items: DestinationState[]; next: null }> {
    return { items: await this.states.all(this.clock.now()), next: null };
  }
}
