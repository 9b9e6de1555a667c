import type pg from 'pg';
import type { Replica, TwinName } from '../chaos/processes.js';
import type { Stack } from '../chaos/stack.js';
import { waitFor } from '../support/wait-for.js';
import { type Destination, type Extent, faultsAt } from './plan.js';

/** Longer than a lease. */
const MID_SEND_STOP_MS = 3_500;
/** The backend takes a call up so long after it came: when its worker is stopped and another has its lane. */
const UNDER_WAY_MS = 3_000;
/** Longer than all that a takeover waits for: whatever goes out now is stale and will not be looked for. */
const LONG_STOP_MS = 9_000;
const REDIS_AWAY_MS = 700;
const STRUCK_MS_MAX = 6_000;

export type Kind =
  'worker killed' | 'Redis killed' | 'Redis emptied' | 'stopped in mid-send' | 'stopped long';

/** What befalls the installation, one after the other, the same for the same seed. */
export class Misfortunes {
  readonly counts: Partial<Record<Kind, number>> = {};
  readonly freezes: { from: number; to: number }[] = [];
  private readonly kinds: Kind[];
  private faultSeed: number;

  constructor(
    private readonly stack: Stack,
    private readonly pool: pg.Pool,
    private readonly destinations: Readonly<Record<TwinName, Destination>>,
    private readonly extent: Extent,
    private readonly random: () => number,
  ) {
    const { kills, redisKills, flushes, midSendStops, longStops } = extent;
    this.faultSeed = extent.seed * 100;
    this.kinds = this.shuffled([
      ...Array<Kind>(kills - redisKills).fill('worker killed'),
      ...Array<Kind>(redisKills).fill('Redis killed'),
      ...Array<Kind>(flushes).fill('Redis emptied'),
      ...Array<Kind>(midSendStops).fill('stopped in mid-send'),
      ...Array<Kind>(longStops).fill('stopped long'),
    ]);
  }

  /** All of them, evenly over so long; a rehearsal that is late makes no pauses. */
  async befall(ms: number): Promise<void> {
    const begin = performance.now();
    for (const [n, kind] of this.kinds.entries()) {
      const due = begin + ((n + 0.2 + 0.6 * this.random()) * ms) / this.kinds.length;
      await pause(due - performance.now());
      await this.happen(kind);
      this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    }
  }

  async armFaults(twin: TwinName, more: readonly object[] = []): Promise<void> {
    const { url } = this.stack.twins[twin];
    const { writePath } = this.destinations[twin];
    const faults = [...more, ...faultsAt(twin, this.extent, writePath, (this.faultSeed += 10))];
    await putFaults(url, faults);
  }

  private async happen(kind: Kind): Promise<void> {
    switch (kind) {
      case 'worker killed':
        return this.killWorker();
      case 'Redis killed':
        return this.stack.loseRedis(REDIS_AWAY_MS);
      case 'Redis emptied':
        return this.stack.flushRedis();
      case 'stopped in mid-send':
        return this.stopInMidSend(this.pick(Object.keys(this.destinations) as TwinName[]));
      case 'stopped long':
        return this.stop(await this.runningWorker(), LONG_STOP_MS);
    }
  }

  private async killWorker(): Promise<void> {
    const worker = await this.runningWorker();
    worker.kill();
  }

  /** A call is on its way when its worker stops; the backend takes it up while another worker has the lane. */
  private async stopInMidSend(twin: TwinName): Promise<void> {
    const { url } = this.stack.twins[twin];
    const { writePath, mapping } = this.destinations[twin];
    await this.armFaults(twin, [{ kind: 'slow', rate: 1, times: 2, path: writePath, delayMs: UNDER_WAY_MS }]);
    await waitFor(
      () => struck(url),
      (times) => times > 0,
      STRUCK_MS_MAX,
    ).catch(() => undefined); // Nothing was sent meanwhile: whoever has the lane is stopped all the same.
    const holder = (await this.holderOf(mapping)) ?? (await this.runningWorker());
    await this.stop(holder, MID_SEND_STOP_MS);
    await this.armFaults(twin);
  }

  private async stop(worker: Replica, ms: number): Promise<void> {
    const from = Date.now();
    await worker.freeze(ms);
    this.freezes.push({ from, to: Date.now() });
  }

  /** A lane's owner is written as host/process/chance. */
  private async holderOf(mapping: string): Promise<Replica | undefined> {
    const { rows } = await this.pool.query<{ pid: string }>(
      `select split_part(owner, '/', 2) as pid from lanes where mapping = $1 and owner is not null
        group by 1 order by count(*) desc limit 1`,
      [mapping],
    );
    return this.stack.of('worker').find(({ program }) => String(program?.pid) === rows[0]?.pid);
  }

  private async runningWorker(): Promise<Replica> {
    const worker = this.pick(this.stack.of('worker'));
    await worker.running();
    return worker;
  }

  private pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)]!;
  }

  private shuffled<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = Math.floor(this.random() * (i + 1));
      [items[i], items[j]] = [items[j]!, items[i]!];
    }
    return items;
  }
}

/** The twins' own limits stay on. */
export async function putFaults(url: string, faults: readonly object[]): Promise<void> {
  const answer = await fetch(`${url}/_twin/faults`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ faults, limits: true }),
  });
  if (answer.status !== 200) throw new Error(await answer.text());
}

async function struck(url: string): Promise<number> {
  const answer = await fetch(`${url}/_twin/faults`);
  const { faults } = (await answer.json()) as { faults: { kind: string; struck: number }[] };
  return faults.find(({ kind }) => kind === 'slow')?.struck ?? 0;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
