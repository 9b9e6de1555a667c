import type pg from 'pg';
import { assertValid, type Lease } from '../changes/lease.js';
import type { CompiledMapping } from '../mapping/compiled-mapping.js';
import { checkBatch } from './check-batch.js';
import { type Check, decide, type Write } from './decide.js';
import { type Delivered, deliverBatch, type Delivering } from './deliver-batch.js';
import type { Settlement } from './delivery.js';
import { batches, intend } from './intend.js';
import { readRound } from './read-round.js';
import { settle } from './settle.js';

/** A mapping in force, with what it delivers by. */
export interface Pipe extends Delivering {
  readonly mapping: CompiledMapping;
  readonly mappingVersion: number;
}

/** How many records are read once more in one call, under the backend's own maximum. */
const CHECKS_MAX = 500;

/**
 * One round of a lane, from the log to the backend and back: read, decide, intend, send, verify, settle.
 * @param pipeOf the mapping in this version or a newer one: a round that has begun ends on the version it began with
 * @returns whether more may stand behind what was read; whoever gives the lane back looks for what came since
 */
export async function round(
  pool: pg.Pool,
  lease: Lease,
  roundMax: number,
  pipeOf: (mappingVersion: number) => Promise<Pipe>,
): Promise<boolean> {
  const read = await readRound(pool, lease, roundMax);
  const { taken, cursor, isFull } = read;
  const pipe = await pipeOf(read.mappingVersion);
  const { settlements, writes, checks, answered } = sorted(taken, pipe);
  answered.push(...read.gone);
  if (settlements.length + writes.length + checks.length === 0) {
    if (cursor > lease.cursor || answered.length > 0)
      await settle(pool, lease, pipe.mappingVersion, [], [], cursor, answered);
    return isFull;
  }

  const max = Math.min(pipe.connector.batchMax(pipe.target), pipe.settings.batchMax);
  const cut = batches(writes, max);
  await intend(
    pool,
    lease,
    cut,
    pipe.mappingVersion,
    new Date(pipe.now().getTime() + pipe.settings.callTimeoutMs),
  );

  const rereads = chunks(checks, pipe.connector.readBackMax(pipe.target));
  const done = new Settler(pool, lease, pipe.mappingVersion, settlements, cut.length + rereads.length);
  const calls = [
    ...cut.map((batch) => async () => {
      const { settlements: ours, attempt } = await deliverBatch(batch, pipe);
      done.add(ours, attempt);
    }),
    ...rereads.map((chunk) => async () => {
      done.add(await checkBatch(chunk, pipe));
    }),
  ];
  await inFlight(calls, pipe.settings.callsInFlight, () => {
    assertValid(lease);
    done.assertTaken();
  });
  await done.finish(cursor, answered);
  return isFull;
}

function sorted(
  taken: Awaited<ReturnType<typeof readRound>>['taken'],
  pipe: Pipe,
): { settlements: Settlement[]; writes: Write[]; checks: Check[]; answered: string[] } {
  const now = pipe.now();
  const writesWhole = pipe.connector.writesWhole?.(pipe.target) ?? false;
  const settlements: Settlement[] = [];
  const writes: Write[] = [];
  const checks: Check[] = [];
  const answered: string[] = [];
  for (const record of taken) {
    const decision = decide(record, pipe.mapping, now, writesWhole);
    if (decision.kind === 'settle') settlements.push(decision.settlement);
    if (decision.kind === 'write') writes.push(decision);
    if (decision.kind === 'check') checks.push(decision);
    if (decision.kind === 'ignore' && record.redelivery) answered.push(record.redelivery.id);
  }
  return { settlements, writes, checks, answered };
}

/** As many in one call as the backend reads: one key too many, and it refuses to read any of them. */
function chunks(checks: readonly Check[], readBackMax: number): Check[][] {
  const cut: Check[][] = [];
  const max = Math.min(CHECKS_MAX, Math.max(readBackMax, 1));
  for (let i = 0; i < checks.length; i += max) cut.push(checks.slice(i, i + max));
  return cut;
}

/** Runs the calls, at most `max` at once; each begins only while the lane is ours. The first error ends it. */
async function inFlight(calls: (() => Promise<void>)[], max: number, mayBegin: () => void): Promise<void> {
  let next = 0;
  const runner = async (): Promise<void> => {
    for (let call = calls[next++]; call; call = calls[next++]) {
      mayBegin();
      await call();
    }
  };
  await Promise.all(Array.from({ length: Math.min(max, calls.length) }, runner));
}

/**
 * Settles what is done while other calls of the round are still out: what comes in during one settle goes into the
 * next, so a slow call keeps nobody's evidence waiting. The cursor moves with the last, which waits for nobody.
 */
class Settler {
  private settlements: Settlement[];
  private attempts: Delivered['attempt'][] = [];
  private writing: Promise<void> = Promise.resolve();
  private isWriting = false;
  private failure: unknown;

  constructor(
    private readonly pool: pg.Pool,
    private readonly lease: Lease,
    private readonly mappingVersion: number,
    /** Answered without a call. */
    settlements: readonly Settlement[],
    private callsOut: number,
  ) {
    this.settlements = [...settlements];
  }

  /** What came of one call. */
  add(settlements: readonly Settlement[], attempt?: Delivered['attempt']): void {
    this.callsOut -= 1;
    this.settlements.push(...settlements);
    if (!attempt) return;
    this.attempts.push(attempt);
    if (this.callsOut > 0 && !this.isWriting) this.writing = this.writeAll();
    this.writing.catch((error: unknown) => (this.failure ??= error)); // finish() throws it
  }

  /** @throws what a write threw: what went under with it must not be passed over by a later one */
  assertTaken(): void {
    if (this.failure !== undefined) throw this.failure as Error;
  }

  async finish(cursor: bigint, answered: readonly string[]): Promise<void> {
    await this.writing;
    this.assertTaken();
    await this.write(cursor, answered);
  }

  private async writeAll(): Promise<void> {
    this.isWriting = true;
    try {
      // The turn of the event loop lets calls that ended together share one statement.
      await new Promise((resolve) => setImmediate(resolve));
      await this.write(this.lease.cursor);
    } finally {
      this.isWriting = false;
    }
  }

  private async write(cursor: bigint, answered: readonly string[] = []): Promise<void> {
    this.assertTaken();
    const { settlements, attempts } = this;
    const isNothing = settlements.length + attempts.length + answered.length === 0;
    if (isNothing && cursor === this.lease.cursor) return;
    this.settlements = [];
    this.attempts = [];
    await settle(this.pool, this.lease, this.mappingVersion, settlements, attempts, cursor, answered);
  }
}
