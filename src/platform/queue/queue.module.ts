import { BullModule } from '@nestjs/bull';
import { Global, Module } from '@nestjs/common';
import { Redis, type RedisOptions } from 'ioredis';
import { Settings } from '../config/settings.js';
import { LOGGER, type Logger } from '../logger.js';

/** The names of all queues; what a job carries is declared beside its user. */
export const DRAIN_QUEUE = 'drain';

/** A worker's takeover of a dead worker's job happens within twice this time. */
const STALLED_INTERVAL_MS = 1_000;
const RECONNECT_MAX_MS = 2_000;

/**
 * Redis is disposable: jobs carry names, never data, and nothing waits for it. A connection that is down is tried
 * again for ever, quietly.
 */
@Global()
@Module({
  imports: [
    BullModule.forRootAsync({
      inject: [Settings, LOGGER],
      useFactory: (settings: Settings, logger: Logger) => ({
        prefix: settings.redis.prefix,
        settings: { stalledInterval: STALLED_INTERVAL_MS, maxStalledCount: 1_000 },
        createClient: (_type: string, options?: RedisOptions) => connect(settings.redis.url, options, logger),
      }),
    }),
    BullModule.registerQueue({
      name: DRAIN_QUEUE,
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    }),
  ],
  exports: [BullModule],
})
export class QueueModule {}

function connect(url: string, options: RedisOptions | undefined, logger: Logger): Redis {
  const client = new Redis(url, {
    ...options,
    maxRetriesPerRequest: null,
    enableReadyCheck: false,
    retryStrategy: (times) => Math.min(times * 100, RECONNECT_MAX_MS),
  });
  // BRPOPLPUSH is deprecated and not every server has it; BLMOVE does the same and has been there since Redis 6.2.
  client.brpoplpush = (source: string, target: string, timeoutSeconds: number) =>
    client.blmove(source, target, 'RIGHT', 'LEFT', timeoutSeconds);
  let said = false;
  client.on('error', (error: Error & { code?: string }) => {
    if (!said) logger.warn({ code: error.code }, 'Redis is away; work goes on by the sweep');
    said = true;
  });
  client.on('ready', () => {
    if (said) logger.info('Redis is back');
    said = false;
  });
  return client;
}
