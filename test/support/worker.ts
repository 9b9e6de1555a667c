import 'reflect-metadata';
import type { INestApplicationContext } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ChangesModule } from '../../src/changes/changes.module.js';
import { PipelinesModule } from '../../src/pipelines/pipelines.module.js';
import type { Clock } from '../../src/platform/clock.js';
import { ConfigModule } from '../../src/platform/config/config.module.js';
import { loadSettings } from '../../src/platform/config/load-settings.js';
import { DatabaseModule } from '../../src/platform/database/database.module.js';
import { QueueModule } from '../../src/platform/queue/queue.module.js';
import { WebhooksModule } from '../../src/webhooks/webhooks.module.js';

export interface WorkerOptions {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly destinationsFile?: string;
  readonly mappingsDir?: string;
  readonly pipelines?: Readonly<Record<string, unknown>>;
  readonly webhooks?: Readonly<Record<string, unknown>>;
  readonly clock?: Clock;
}

/** A worker in this process, made of the product's own modules. */
export async function startWorker(options: WorkerOptions): Promise<INestApplicationContext> {
  const settings = loadSettings(
    {},
    {
      process: { role: 'worker', logLevel: 'fatal' },
      database: { url: options.databaseUrl },
      redis: { url: options.redisUrl },
      identity: { secret: 'for-tests-only-for-tests-only-for-tests-only' },
      webhooks: { allowPrivateHosts: true, ...options.webhooks },
      pipelines: {
        ...(options.destinationsFile === undefined ? {} : { destinationsFile: options.destinationsFile }),
        ...(options.mappingsDir === undefined ? {} : { mappingsDir: options.mappingsDir }),
        retryFirstMs: 20,
        sweepMs: 100,
        verifyDelaysMs: [0, 30, 60],
        lateWriteMs: 200,
        ...options.pipelines,
      },
    },
  );
  @Module({
    imports: [
      ConfigModule.with(settings, options.clock),
      DatabaseModule,
      QueueModule,
      ChangesModule,
      PipelinesModule,
      WebhooksModule,
    ],
  })
  class WorkerUnderTest {}
  const context = await NestFactory.createApplicationContext(WorkerUnderTest, {
    logger: false,
    abortOnError: false,
  });
  await context.init();
  return context;
}
