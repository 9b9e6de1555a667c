import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { startRedis } from '../../scripts/launcher/redis.mjs';
import { TestApp } from '../http/app.js';
import { freshDatabase } from '../support/database.js';
import { travel } from './travel.js';

it('loses no place by refresh, back, two tabs, the restart of a replica, and the loss of Redis', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'foyer-travel-'));
  const password = 'only-for-this-test';
  let redis = await startRedis({ folder, port: 0, password });
  const databaseUrl = await freshDatabase();
  const start = () => TestApp.start({ databaseUrl, settings: { redis: { url: redis.url } } });
  const apps = [await start(), await start()];
  const restart = async (): Promise<void> => {
    const [first] = apps.splice(0, 1);
    const stopped = first!.stop();
    // As a replica that is killed: who is being answered is cut off.
    first!.nest.getHttpServer().closeAllConnections();
    await stopped;
    apps.push(await start());
  };
  const loseRedis = async (): Promise<void> => {
    process.kill(redis.pid!, 'SIGKILL');
    await redis.exited;
    redis = await startRedis({ folder, port: redis.port!, password });
  };
  const outcome = await travel({
    databaseUrl,
    urls: () => apps.map(({ url }) => url),
    journeys: 60,
    atOnce: 12,
    mishaps: [restart, loseRedis, restart],
  });
  await Promise.all(apps.map((app) => app.stop()));
  await redis.stop();
  rmSync(folder, { recursive: true });
  expect(outcome.lost).toEqual([]);
  expect(outcome.journeys).toBeGreaterThanOrEqual(60);
  expect(outcome.shown).toBeGreaterThan(2 * outcome.journeys);
}, 60_000);
