import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startPostgres } from '../../scripts/launcher/postgres.mjs';
import { startRedis } from '../../scripts/launcher/redis.mjs';
import { migrate } from '../../src/platform/database/migrate.js';
import { dropDatabases, onServer, TEMPLATE, urlOfDatabase } from './database.js';
import { announce, announceFault } from './environment.js';

const REDIS_DATABASES = 256;

/**
 * One PostgreSQL and one Redis for the whole run. PostgreSQL is ours unless DATABASE_URL_TEST names one;
 * Redis follows the launcher's order, and FOYER_TEST_REDIS=redis-server|js-redis-server forces a kind.
 * Every test file takes its own database by `freshDatabase()` and its own Redis by `freshRedis()`.
 */
export default async function setUp(): Promise<() => Promise<void>> {
  const folder = mkdtempSync(path.join(tmpdir(), 'foyer-test-'));
  const given = process.env.DATABASE_URL_TEST;
  const postgres = given
    ? undefined
    : await startPostgres({ dataDir: path.join(folder, 'postgres'), port: 0 });
  const redis = await startRedis({
    url: process.env.REDIS_URL_TEST,
    folder: path.join(folder, 'redis'),
    port: 0,
    databases: REDIS_DATABASES,
    kind: process.env.FOYER_TEST_REDIS as 'redis-server' | 'js-redis-server' | undefined,
  });
  const databaseUrl = given ?? postgres!.url;
  announce({ databaseUrl, redisUrl: redis.url, run: `foyer_t${process.pid}_` });
  await makeTemplate(databaseUrl).catch(announceFault);

  return async () => {
    if (given) await dropDatabases();
    await redis.stop();
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}

async function makeTemplate(databaseUrl: string): Promise<void> {
  await onServer(databaseUrl, `drop database if exists ${TEMPLATE} with (force)`);
  await onServer(databaseUrl, `create database ${TEMPLATE}`);
  await migrate(urlOfDatabase(databaseUrl, TEMPLATE));
}
