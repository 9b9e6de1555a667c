import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findProgram } from '../../scripts/launcher/find-program.mjs';
import { isAlive } from '../../scripts/launcher/processes.mjs';
import { chooseKind, startRedis } from '../../scripts/launcher/redis.mjs';

const KINDS = ['redis-server', 'js-redis-server'] as const;
const hasServer = findProgram('redis-server', 'valkey-server') !== undefined;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'foyer-redis-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

it('takes the given Redis before any other', async () => {
  const redis = await startRedis({ url: 'redis://example:6379', folder });
  expect(redis).toMatchObject({ url: 'redis://example:6379', kind: 'given' });
});

it('takes the one that came with npm where there is none on PATH', () => {
  const { PATH } = process.env;
  process.env.PATH = folder;
  try {
    expect(chooseKind(undefined)).toBe('js-redis-server');
  } finally {
    process.env.PATH = PATH;
  }
});

describe.each(KINDS)('%s', (kind) => {
  const here = { skip: kind === 'redis-server' && !hasServer };

  it('wants its password, keeps databases apart, and ends when asked', here, async () => {
    const redis = await startRedis({ folder, port: 0, kind, databases: 20 });
    const client = new Redis(`${redis.url}/19`);
    await client.set('key', 'value');
    expect(await client.get('key')).toBe('value');
    const other = new Redis(`${redis.url}/18`);
    expect(await other.get('key')).toBeNull();
    const stranger = new Redis(redis.port!, '127.0.0.1', { enableReadyCheck: false });
    await expect(stranger.get('key')).rejects.toThrow(/NOAUTH/);
    for (const one of [client, other, stranger]) one.disconnect();
    await redis.stop();
    expect(isAlive(redis.pid!)).toBe(false);
  });

  it('keeps nothing on disk', here, async () => {
    const redis = await startRedis({ folder, port: 0, kind });
    const client = new Redis(redis.url);
    await client.set('key', 'value');
    client.disconnect();
    await redis.stop();
    expect(readdirSync(folder)).toEqual([]);
  });
});
