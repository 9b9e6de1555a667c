import type { Stage } from './stage.js';
import { type Mapping, type Person, twinCalls } from './twin-calls.js';

/** As many as the program has under way: four lanes, four calls each. */
const IN_FLIGHT = 16;
/** Records in one read of the log, as the program's `roundMax`. */
const READ_MAX = 2_000;

/**
 * A ceiling: reads the same snapshots from the log, posts as many records to the same twin in batches of the same size
 * and reads them back. It maps nothing, compares nothing, keeps no order and leaves no trace of what it did.
 * @returns records per second
 */
export async function bareLoop(
  stage: Stage,
  mapping: Mapping,
  after: bigint,
  batchMax: number,
): Promise<number> {
  const { write, readBack } = await twinCalls(stage, mapping);
  const began = performance.now();
  const waiting: Person[][] = [];
  let cursor = after;
  let isRead = false;
  let done = 0;
  const more = async (): Promise<void> => {
    const { people, last } = await read(stage, cursor);
    for (let i = 0; i < people.length; i += batchMax) waiting.push(people.slice(i, i + batchMax));
    cursor = last ?? cursor;
    isRead = people.length < READ_MAX;
  };
  let reading: Promise<void> | undefined;
  const sender = async (): Promise<void> => {
    for (;;) {
      const batch = waiting.shift();
      if (!batch && isRead) return;
      if (batch) {
        await readBack(await write(batch));
        done += batch.length;
      } else {
        await (reading ??= more().finally(() => (reading = undefined)));
      }
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, sender));
  return (done * 1000) / (performance.now() - began);
}

async function read(stage: Stage, after: bigint): Promise<{ people: Person[]; last: bigint | undefined }> {
  const { rows } = await stage.pool.query<{
    seq: string;
    key: string;
    snapshot: { person: Person['person'] };
  }>({
    name: 'bench-read',
    text: `select seq, key, snapshot from changes where stream = 'person' and seq > $1 order by seq limit $2`,
    values: [after.toString(), READ_MAX],
  });
  const people = rows.map(({ key, snapshot }) => ({ key, person: snapshot.person }));
  const last = rows.at(-1);
  return { people, last: last && BigInt(last.seq) };
}
