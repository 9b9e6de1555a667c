import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiExtraModels,
  ApiOperation,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { Answers } from '../platform/http/example.js';
import { SIGNAL_RESULTS_EXAMPLE, SIGNALS_EXAMPLE } from './examples.js';
import { SignalDto } from './signal.dto.js';
import { type SignalResult, SIGNALS_MAX, SignalsService } from './signals.service.js';

@ApiTags('signals')
@ApiExtraModels(SignalDto)
@Controller('v1/events/:event/signals')
export class SignalsController {
  constructor(private readonly signals: SignalsService) {}

  @Post()
  @HttpCode(200)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Tell who was where and did what; any order, any lateness, again does no harm' })
  @ApiBody({
    description: `Up to ${SIGNALS_MAX} signals: a JSON array, or NDJSON as application/x-ndjson`,
    schema: {
      type: 'array',
      maxItems: SIGNALS_MAX,
      items: { $ref: getSchemaPath(SignalDto) },
      example: SIGNALS_EXAMPLE,
    },
  })
  @Answers(200, 'What became of each', SIGNAL_RESULTS_EXAMPLE)
  async takeIn(@Param('event') event: string, @Body() body: unknown): Promise<{ results: SignalResult[] }> {
    return { results: await this.signals.takeInAll(event, body) };
  }
}
