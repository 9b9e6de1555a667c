import type pg from 'pg';
import { assertValid, type Lease } from '../changes/lease.js';
import { checkBatch } from './check-batch.js';
import type { Check, Write } from './decide.js';
import { sendBatch } from './deliver-batch.js';
import { noteDisplaced } from './displaced-notes.js';
import { type Batch, batches, intend } from './intend.js';
import { fewestTriesFirst, goingNow, type RoundSize } from './paced.js';
import type { Pipe } from './pipe.js';
import { ReadBacks } from './read-backs.js';
import { readRound, type Round } from './read-round.js';
import { Settler } from './settler.js';
import { sortRound } from './sort-round.js';

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
  size: RoundSize,
  pipeOf: (mappingVersion: number) => Promise<Pipe>,
): Promise<boolean> {
  const read = await readRound(pool, lease, size.changes);
  const { taken, isFull } = read;
  const pipe = await pipeOf(read.mappingVersion);
  const { settlements, writes, checks, answered, displacedBy } = await sortRound(pool, taken, pipe);
  answered.push(...read.gone);

  const max = Math.min(pipe.connector.batchMax(pipe.target), pipe.settings.batchMax);
  // Appends go all: which of a person's comes first was decided over all of them.
  const isAppend = pipe.target.operation === 'append';
  const ready = size.isTrial && !isAppend ? fewestTriesFirst(writes) : writes;
  const going = goingNow(ready, max, isAppend ? Infinity : size.batches);
  const left = without(writes, new Set(going));
  const cut = batches(going, max);
  const announce = async (some: readonly Batch[]): Promise<void> => {
    const { mapping, mappingVersion, settings } = pipe;
    const leaving = some.flatMap((batch) => batch.writes);
    await noteDisplaced(pool, mapping.name, mappingVersion, leaving, displacedBy);
    const deadline = new Date(pipe.now().getTime() + settings.callTimeoutMs);
    await intend(pool, lease, some, mappingVersion, deadline);
  };
  // All at once, in one commit; where a call may wait long for its turn, each when it comes: a worker that dies leaves
  // in doubt only what it may have sent.
  const isHurried = size.batches === Infinity;
  if (isHurried) await announce(cut);

  const rereads = chunks(checks, pipe.connector.readBackMax(pipe.target));
  const done = new Settler(pool, lease, pipe, settlements, cut.length + rereads.length);
  const readBacks = new ReadBacks(pipe, ({ settlements: ours, attempt }) => done.add(ours, attempt));
  let begun = 0;
  const calls = [
    ...cut.map((batch) => async () => {
      begun += 1;
      const sent = await sendBatch(batch, pipe, () => (isHurried ? undefined : announce([batch])));
      await readBacks.add(sent, () => begun === cut.length);
    }),
    ...rereads.map((chunk) => async () => {
      done.add(await checkBatch(chunk, pipe));
    }),
  ];
  try {
    await inFlight(calls, pipe.settings.callsInFlight, () => {
      assertValid(lease);
      done.assertTaken();
    });
    await readBacks.end();
  } finally {
    readBacks.stop();
  }
  await done.finish(cursorBefore(left, read), answered);
  return isFull || left.length > 0;
}

function without(writes: readonly Write[], going: ReadonlySet<Write>): readonly Write[] {
  return writes.length === going.size ? [] : writes.filter((write) => !going.has(write));
}

/** What is left is read again: the cursor passes none of its changes. */
function cursorBefore(left: readonly Write[], { cursor, firstSeq }: Round): bigint {
  return left
    .flatMap(({ taken }) => firstSeq.get(taken.key) ?? [])
    .reduce((before, seq) => (seq <= before ? seq - 1n : before), cursor);
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
