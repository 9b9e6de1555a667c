import { Redis } from 'ioredis';
import { testServers } from './environment.js';

/** Where the number of the next Redis database is counted: one count for all test workers. */
const COUNTER = 'foyer-tests:next';

/**
 * An empty Redis for this test alone: a numbered database of the run's server. Database 0 is ours.
 * @returns redis://…/<number>
 */
export async function freshRedis(): Promise<string> {
  const { redisUrl } = testServers();
  const client = new Redis(redisUrl);
  try {
    const highest = await numberOfDatabases(client);
    const number = 1 + ((await client.incr(COUNTER)) % (highest - 1));
    await client.select(number);
    await client.flushdb();
    const url = new URL(redisUrl);
    url.pathname = `/${number}`;
    return url.href;
  } finally {
    client.disconnect();
  }
}

/** The run's own server has 256; a given one has at least the customary 16. */
async function numberOfDatabases(client: Redis): Promise<number> {
  const hasMany = await client.select(255).then(
    () => true,
    () => false,
  );
  await client.select(0);
  return hasMany ? 256 : 16;
}
