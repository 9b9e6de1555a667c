import path from 'node:path';
import { Redis } from 'ioredis';
import { openRoom } from './lobby-room.js';
import { type OpenLoad, openLoop } from './open-loop.js';
import { startNode } from './processes.js';
import { ProcessorTimes } from './processor-times.js';
import { Stage } from './stage.js';
import { type Table, table } from './table.js';
import type { Numbers as NumbersOf } from '../src/lobby/numbers.js';

const RATES = [2_000, 4_000, 6_000, 8_000, 10_000, 12_000, 14_000, 16_667];
const SECONDS = 4;
/** What is kept up with is shown over a minute; 16,667 a second is a million. */
const LONG_SECONDS = 60;
/** What went well for a moment may not for a minute: then the next rates below are tried, so many in all. */
const HOLDS_MAX = 3;
const CONNECTIONS = 256;
/** A server keeps up with a rate while 99 of 100 are answered in this time, counted from when each was due. */
const P99_MS_MAX = 500;
const SIZES = [10_000, 100_000, 1_000_000];
/** So many stand within a minute of the front of this room, and have checked in. */
const CHECKED_IN = 1_200;
const ROOM = {
  mode: 'always',
  maxActive: 200,
  maxPerMinute: 1_000,
  passSeconds: 600,
  state: 'paused',
} as const;

const COSTS = ['its process', 'its store', 'generator'] as const;

function metered(server: number, store: number): ProcessorTimes {
  return new ProcessorTimes({ [COSTS[0]]: server, [COSTS[1]]: store, [COSTS[2]]: process.pid });
}

/** Joins a second, open-loop, and what those who wait take up, beside the usual line in Redis. */
export function joins(): Promise<Table[]> {
  return Stage.with(async (stage) => {
    const event = await stage.event('rush');
    await openRoom(stage.pool, event, ROOM);
    const api = await stage.start('api');
    const usual = await startNode(
      [path.join(import.meta.dirname, 'redis-line-server.js'), stage.redisUrl],
      {},
      ({ url }) => String(url),
    );
    try {
      const rows = [
        await greatest('Foyer', `${api.url}/v1/events/rush/lobby`, metered(api.pid, stage.pids.postgres)),
        await greatest(
          'a counter and a sorted set in Redis',
          `${usual.url}/`,
          metered(usual.pid, stage.pids.redis),
        ),
      ];
      const costs = COSTS.map((whose) => `${whose} µs each`);
      return [
        table(
          `Joins a second held for ${LONG_SECONDS} s, open-loop on ${CONNECTIONS} connections, generator on the same machine`,
          ['', 'a second', 'joined', 'lost', 'p50 ms', 'p99 ms', 'most a second', ...costs],
          rows,
        ),
        await sizes(stage, event),
      ];
    } finally {
      await usual.stop();
    }
  });
}

/** Raises the rate until it is not kept up with, then holds the greatest that is for a minute, or the next one below. */
async function greatest(name: string, url: string, meter: ProcessorTimes): Promise<(string | number)[]> {
  const { host, pathname } = new URL(url);
  const request = `POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 0\r\n\r\n`;
  await openLoop(url, 1_000, 2, CONNECTIONS, request);
  let most = 0;
  let kept = -1;
  for (const [i, rate] of RATES.entries()) {
    const load = await openLoop(url, rate, SECONDS, CONNECTIONS, request);
    most = Math.max(most, load.perSecond);
    if (!isKept(load)) break;
    kept = i;
  }
  for (let tries = 0; tries < HOLDS_MAX && kept - tries >= 0; tries++) {
    const rate = RATES[kept - tries]!;
    const before = meter.read();
    const load = await openLoop(url, rate, LONG_SECONDS, CONNECTIONS, request);
    const costs = meter.since(before).map((ms) => ((ms * 1000) / load.good).toFixed(0));
    most = Math.max(most, load.perSecond);
    if (isKept(load)) return [name, rate, load.good, load.failed, load.p50Ms, load.p99Ms, most, ...costs];
  }
  return [name, 'none', '', '', '', '', most, ...meter.names.map(() => '')];
}

function isKept({ failed, p99Ms }: OpenLoad): boolean {
  return failed === 0 && p99Ms <= P99_MS_MAX;
}

/** Every number is given out by the program's own code; those near the front check in. */
async function sizes({ pool, redisUrl }: Stage, event: string): Promise<Table> {
  const { Numbers } = (await import(path.resolve('dist/lobby/numbers.js'))) as { Numbers: typeof NumbersOf };
  const redis = new Redis(redisUrl);
  const rows: (string | number)[][] = [];
  try {
    await pool.query('update lobby_lines set issued = 0 where event_id = $1', [event]);
    await redis.flushall();
    const numbers = new Numbers(pool);
    let issued = 0;
    for (const size of SIZES) {
      while (issued < size) {
        const block = Math.min(5_000, size - issued);
        await Promise.all(Array.from({ length: block }, () => numbers.next(event)));
        await setOf(redis, issued, block);
        issued += block;
      }
      await pool.query(
        `select lobby_check_in($1, array(select generate_series(1, $2)), array_fill(0::bigint, array[$2]))`,
        [event, CHECKED_IN],
      );
      const ours = await pool.query<{ kb: number }>(
        `select sum(pg_total_relation_size(oid))::float8 / 1024 as kb from pg_class
          where relkind = 'r' and (relname like 'lobby\\_%' or relname = 'lobbies')`,
      );
      const usualKb = Number(await redis.memory('USAGE', 'line', 'SAMPLES', 0)) / 1024;
      rows.push([
        size.toLocaleString('en'),
        ours.rows[0]!.kb,
        usualKb,
        `${(usualKb / ours.rows[0]!.kb).toFixed(1)}×`,
      ]);
    }
  } finally {
    redis.disconnect();
  }
  return table(
    `Who waits, ${CHECKED_IN.toLocaleString('en')} of them checked in: all tables and indexes of the lobby`,
    ['waiting', 'Foyer KB', 'sorted set in Redis KB', 'it ÷ Foyer'],
    rows,
  );
}

async function setOf(redis: Redis, from: number, count: number): Promise<void> {
  const pipeline = redis.pipeline();
  for (let i = 0; i < count; i += 1_000) {
    const members = Array.from({ length: Math.min(1_000, count - i) }, (_, n) => [
      from + i + n,
      crypto.randomUUID(),
    ]);
    pipeline.zadd('line', ...members.flat());
  }
  await pipeline.exec();
}
