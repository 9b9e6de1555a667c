import { InjectQueue } from '@nestjs/bull';
import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Queue } from 'bull';
import type pg from 'pg';
import { collectDefaultMetrics, register } from 'prom-client';
import { Answers, AnswersText } from '../http/example.js';
import { PG_POOL } from '../database/database.module.js';
import { unavailable } from '../http/problem-filter.js';
import { DRAIN_QUEUE } from '../queue/queue.module.js';

const DATABASE_ANSWER_MS = 2_000;

collectDefaultMetrics();

@ApiTags('health')
@Controller()
export class HealthController {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @InjectQueue(DRAIN_QUEUE) private readonly queue: Queue,
  ) {}

  @Get('health/live')
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Is the process alive?' })
  @Answers(200, 'It is', { status: 'ok' })
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** 200 while it can serve, naming what works less well; 503 where the database does not answer. */
  @Get('health/ready')
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Can it serve, and what is degraded?' })
  @Answers(200, 'It can', { status: 'ok', degraded: [] })
  async ready(): Promise<{ status: 'ok' | 'degraded'; degraded: { part: string; effect: string }[] }> {
    await this.databaseAnswers();
    const degraded =
      this.queue.client.status === 'ready'
        ? []
        : [{ part: 'redis', effect: 'Workers look for changes on an interval instead of being woken.' }];
    return { status: degraded.length === 0 ? 'ok' : 'degraded', degraded };
  }

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  @ApiOperation({ summary: 'Prometheus metrics of this process' })
  @AnswersText(200, 'The metrics', 'text/plain')
  metrics(): Promise<string> {
    return register.metrics();
  }

  private async databaseAnswers(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(unavailable('late')), DATABASE_ANSWER_MS);
    });
    await Promise.race([this.pool.query('select 1'), late])
      .catch((error: unknown) => {
        throw unavailable(error);
      })
      .finally(() => clearTimeout(timer));
  }
}
