import Bull from 'bull';
import { expect, test } from 'vitest';
import type { DrainJob } from '../../src/changes/bell.js';
import type { Drains } from '../../src/pipelines/drains.js';
import { DrainProcessor } from '../../src/pipelines/wake.js';
import { createLogger } from '../../src/platform/logger.js';
import { testServers } from '../support/environment.js';

test('a worker that loses Redis for good while it begins is not ended by it', async () => {
  const left: unknown[] = [];
  const note = (reason: unknown): void => void left.push(reason);
  process.on('unhandledRejection', note);
  try {
    const { redisUrl, run } = testServers();
    const queue = new Bull<DrainJob>(`lost-${process.pid}`, redisUrl, { prefix: run });
    queue.on('error', () => undefined);
    await queue.isReady();
    queue.client.disconnect();
    new DrainProcessor(queue, {} as Drains, createLogger()).onApplicationBootstrap();
    await queue.close();
    // A rejection is called unhandled after all microtasks have run.
    await new Promise((resolve) => setImmediate(resolve));
    expect(left).toEqual([]);
  } finally {
    process.off('unhandledRejection', note);
  }
});
