import path from 'node:path';
import { openRoom } from './lobby-room.js';
import { keepBusy, type Load } from './open-sockets.js';
import { newRequest } from './register.js';
import { BENCH_SECRET, Stage } from './stage.js';
import { median, type Table, table } from './table.js';
import type { tokenKeys as tokenKeysOf, Tokens as TokensOf } from '../src/lobby/token.js';

const ROUNDS = 6;
const SECONDS = 3;
const WARM_SECONDS = 2;
const CONNECTIONS = 64;
/** So many hold one at a time, at least and at most: who has registered is followed by the next one called. */
const HOLDERS = { min: 1_000, max: 2_000 };
const PASS_MS = 1_800_000;
/** Without a limit that anyone would reach. */
const ROOM = { maxActive: 1_000_000, maxPerMinute: 1_000_000, passSeconds: 3_600 };

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
      { name: 'without a lobby', run: (s: number) => keepBusy(url('plain'), CONNECTIONS, s, newRequest) },
      { name: 'straight through', run: (s: number) => keepBusy(url('through'), CONNECTIONS, s, newRequest) },
      { name: 'with a pass each', run: (s: number) => keepBusy(url('passing'), CONNECTIONS, s, withPass) },
    ];
    for (const { run } of ways) await run(WARM_SECONDS);
    const loads = ways.map((): Load[] => []);
    for (let round = 0; round < ROUNDS; round++) {
      // What one leaves to be written is paid by whoever comes after it, so the order goes round.
      for (let turn = 0; turn < ways.length; turn++) {
        const i = (round + turn) % ways.length;
        loads[i]!.push(await ways[i]!.run(SECONDS));
      }
    }
    return [
      table(
        `Registrations behind the lobby, ${CONNECTIONS} open connections`,
        ['', 'per second', 'p50 ms', 'p99 ms', 'failed', '÷ without'],
        ways.map(({ name }, i) => [
          name,
          median(loads[i]!.map(({ perSecond }) => perSecond)),
          median(loads[i]!.map(({ p50Ms }) => p50Ms)),
          median(loads[i]!.map(({ p99Ms }) => p99Ms)),
          String(loads[i]!.reduce((sum, { failed }) => sum + failed, 0)),
          median(loads[i]!.map(({ perSecond }, round) => perSecond / loads[0]![round]!.perSecond)).toFixed(3),
        ]),
      ),
    ];
  });
}

/** As if people had been called and had fetched theirs. */
class Passes {
  private readonly stock: string[] = [];
  private calling: Promise<void> | undefined;

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
    await passes.call(HOLDERS.max);
    return passes;
  }

  next(): string {
    const pass = this.stock.shift();
    if (pass === undefined) throw new Error('nobody is left who was called');
    if (this.stock.length < HOLDERS.min)
      this.calling ??= this.call(HOLDERS.max - HOLDERS.min).finally(() => (this.calling = undefined));
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
