import pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { refuseUnsafeDurability } from '../../src/platform/database/durability.js';
import { freshDatabase } from '../support/database.js';
import { startProgram } from '../support/program.js';
import { freshRedis } from '../support/redis.js';

let databaseUrl: string;
let redisUrl: string;

beforeAll(async () => {
  databaseUrl = await freshDatabase();
  redisUrl = await freshRedis();
});

/** The same database, for connections that do not wait until what they committed is on disk. */
function hasty(url: string): string {
  const address = new URL(url);
  address.searchParams.set('options', '-c synchronous_commit=off');
  return address.href;
}

describe('A PostgreSQL that could lose what it acknowledged', () => {
  it('is refused, and the setting is named', async () => {
    const pool = new pg.Pool({ connectionString: hasty(databaseUrl), max: 1 });
    await expect(refuseUnsafeDurability(pool)).rejects.toThrow(
      'Set synchronous_commit = on and start again.',
    );
    await pool.end();
  });

  it.each([['fsync'], ['full_page_writes']])('is refused with %s off', async (name) => {
    const pool = { query: () => Promise.resolve({ rows: [{ name, setting: 'off' }] }) };
    await expect(refuseUnsafeDurability(pool as unknown as pg.Pool)).rejects.toThrow(`Set ${name} = on`);
  });

  it('keeps the program from starting', async () => {
    const starting = startProgram({ role: 'api', databaseUrl: hasty(databaseUrl), redisUrl });
    await expect(starting).rejects.toThrow('PostgreSQL runs with synchronous_commit off');
  });

  it('is what no default is', async () => {
    const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
    await expect(refuseUnsafeDurability(pool)).resolves.toBeUndefined();
    await pool.end();
  });
});

describe('A program without its Redis', () => {
  it('serves, and says what works less well', async () => {
    const nobody = 'redis://127.0.0.1:1';
    const [without, withRedis] = await Promise.all(
      [nobody, redisUrl].map((url) => startProgram({ role: 'api', databaseUrl, redisUrl: url })),
    );
    const ready = async (url: string): Promise<unknown> => {
      const answer = await fetch(`${url}/health/ready`);
      expect(answer.status).toBe(200);
      return answer.json();
    };
    expect(await ready(without!.url)).toEqual({
      status: 'degraded',
      degraded: [{ part: 'redis', effect: expect.stringContaining('interval') as string }],
    });
    await expect.poll(() => ready(withRedis!.url)).toEqual({ status: 'ok', degraded: [] });
    for (const program of [without!, withRedis!]) {
      program.kill();
      await program.stopped;
    }
  });
});
