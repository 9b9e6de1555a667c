import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openRoom } from './lobby-room.js';
import { keepBusy, type Load } from './open-sockets.js';
import { ProcessorTimes } from './processor-times.js';
import { newRequest } from './register.js';
import { BENCH_SECRET, Stage } from './stage.js';
import { median, type Table, table } from './table.js';
import type { tokenKeys as tokenKeysOf, Tokens as TokensOf } from '../src/lobby/token.js';

const ROUNDS = 6;
const SECONDS = 3;
const WARM_SECONDS = 2;
const CONNECTIONS = 64;
/** More than are spent in a round: people are called before it, so that neither calling nor signing is measured here. */
const CALLED_BEFORE_ROUND = 6_000;
/** After people were called, so long everything is left alone. */
const PAUSE_MS = 300;
const PASS_MS = 1_800_000;
/** Without a limit that anyone would reach. */
const ROOM = { maxActive: 1_000_000, maxPerMinute: 1_000_000, passSeconds: 3_600 };

interface Round {
  readonly load: Load;
  /** Of each process, for one registration. */
  readonly costsUs: readonly number[];
}

/** What the lobby costs those who register: none, let straight through, each with a pass that is checked and spent. */
export function lobbyRegistrations(): Promise<Table[]> {
  return Stage.with(async (stage) => {
    await stage.event('plain');
    await openRoom(stage.pool, await stage.event('through'), { ...ROOM, mode: 'auto' });
    const passing = await stage.event('passing');
    await openRoom(stage.pool, passing, { ...ROOM, mode: 'always' });
    const api = await stage.start('api');
    const url = (slug: string): string => `${api.url}/v1/events/${slug}/registrations`;
    const passes = await Passes.of(stage, passing);
    const withPass = () => ({ ...newRequest(), headers: `foyer-pass: ${passes.next()}\r\n` });
    const ways = [
      { name: 'without a lobby', url: url('plain'), next: newRequest },
      { name: 'straight through', url: url('through'), next: newRequest },
      { name: 'with a pass each', url: url('passing'), next: withPass },
    ];
    const meter = new ProcessorTimes({ api: api.pid, PostgreSQL: stage.pids.postgres, bench: process.pid });
    const run = async (way: (typeof ways)[number], seconds: number): Promise<Round> => {
      if (way.next === withPass) await passes.fill();
      await sleep(PAUSE_MS);
      const before = meter.read();
      const load = await keepBusy(way.url, CONNECTIONS, seconds, way.next);
      return { load, costsUs: meter.since(before).map((ms) => (ms * 1000) / (load.perSecond * seconds)) };
    };
    for (const way of ways) await run(way, WARM_SECONDS);
    const rounds = ways.map((): Round[] => []);
    for (let round = 0; round < ROUNDS; round++) {
      // What one leaves to be written is paid by whoever comes after it, so the order goes round.
      for (let turn = 0; turn < ways.length; turn++) {
        const i = (round + turn) % ways.length;
        rounds[i]!.push(await run(ways[i]!, SECONDS));
      }
    }
    const loads = rounds.map((list) => list.map(({ load }) => load));
    return [
      table(
        `Registrations behind the lobby, ${CONNECTIONS} open connections; µs of processor time each`,
        [
          '',
          'per second',
          'p50 ms',
          'p99 ms',
          'failed',
          '÷ without',
          ...meter.names.map((name) => `${name} µs`),
        ],
        ways.map(({ name }, i) => [
          name,
          median(loads[i]!.map(({ perSecond }) => perSecond)),
          median(loads[i]!.map(({ p50Ms }) => p50Ms)),
          median(loads[i]!.map(({ p99Ms }) => p99Ms)),
          String(loads[i]!.reduce((sum, { failed }) => sum + failed, 0)),
          median(loads[i]!.map(({ perSecond }, round) => perSecond / loads[0]![round]!.perSecond)).toFixed(3),
          ...meter.names.map((_, n) => median(rounds[i]!.map(({ costsUs }) => costsUs[n]!)).toFixed(0)),
        ]),
      ),
    ];
  });
}

/** As if people had been called and had fetched theirs. */
class Passes {
  private readonly stock: string[] = [];

  private constructor(
    private readonly pool: Stage['pool'],
    private readonly event: string,
    private readonly room: number,
    private readonly tokens: TokensOf,
  ) {}

  static async of({ pool }: Stage, event: string): Promise<Passes> {
    const { Tokens, tokenKeys } = (await import(path.resolve('dist/lobby/token.js'))) as {
      Tokens: typeof TokensOf;
      tokenKeys: typeof tokenKeysOf;
    };
    const text = 'select room from lobbies where event_id = $1';
    const { rows } = await pool.query<{ room: number }>(text, [event]);
    const passes = new Passes(pool, event, rows[0]!.room, new Tokens(tokenKeys('', BENCH_SECRET)));
    return passes;
  }

  /** Calls people until there are enough for a round. */
  async fill(): Promise<void> {
    const missing = CALLED_BEFORE_ROUND - this.stock.length;
    if (missing > 0) await this.call(missing);
  }

  next(): string {
    const pass = this.stock.shift();
    if (pass === undefined) throw new Error('nobody is left who was called');
    return pass;
  }

  private async call(count: number): Promise<void> {
    const { rows } = await this.pool.query<{ last: number }>(
      `update lobby_lines set issued = issued + $2, called = called + $2 where event_id = $1
       returning issued::float8 as last`,
      [this.event, count],
    );
    const first = rows[0]!.last - count + 1;
    await this.pool.query(
      `insert into lobby_calls (event_id, number, turn, seq, called_at, until, passed_at)
       select $1, n, 0, 1, now(), now() + interval '1 hour', now() from generate_series($2::bigint, $3::bigint) n`,
      [this.event, first, rows[0]!.last],
    );
    const atMs = Date.now() + PASS_MS;
    for (let number = first; number < first + count; number++)
      this.stock.push(this.tokens.sign('pass', { room: this.room, number, turn: 0, atMs }));
  }
}
