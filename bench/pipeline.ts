import { setTimeout as sleep } from 'node:timers/promises';
import { bareLoop } from './bare-loop.js';
import { familyProcessorMs, processorMs } from './processes.js';
import { seed } from './register.js';
import { Stage } from './stage.js';
import { median, type Table, table } from './table.js';
import { BATCH_MAX, type Mapping } from './twin-calls.js';

const BATCHED = 30_000;
const SINGLY = 5_000;
const ROUNDS = 3;
const PATIENCE_MS = 120_000;
const LOOK_MS = 10;

const MAPPINGS: readonly (readonly Mapping[])[] = [
  ['hubspot.contact'],
  ['salesforce.lead'],
  ['hubspot.contact', 'salesforce.lead'],
];

/** From the change to the verified delivery, at each connector's greatest batch and one record a call. */
export function pipeline(): Promise<Table[]> {
  return Stage.with(async (stage) => {
    const log = await prepare(stage);
    const rows = [
      ...(await measured(stage, log.all, {}, (mapping) => BATCH_MAX[mapping], 'greatest batch')),
      ...(await measured(stage, log.few, { FOYER_PIPELINES_BATCH_MAX: '1' }, () => 1, 'one record a call')),
    ];
    const title = 'Change to verified delivery, records per second, one worker';
    return [
      table(
        title,
        ['', 'Foyer', 'bare loop', 'share of it', 'processor, µs a record: worker', 'PostgreSQL', 'twins'],
        rows,
      ),
    ];
  });
}

/** A part of the log: the changes after a number, and how many persons they are about. */
interface Part {
  readonly after: bigint;
  readonly count: number;
}

async function prepare(stage: Stage): Promise<{ all: Part; few: Part }> {
  const event = await stage.event('bench');
  await seed(stage.pool, event, BATCHED);
  const { rows } = await stage.pool.query<{ seq: string }>(
    `select seq - 1 as seq from changes where stream = 'person' order by seq desc offset $1 limit 1`,
    [SINGLY - 1],
  );
  return { all: { after: 0n, count: BATCHED }, few: { after: BigInt(rows[0]!.seq), count: SINGLY } };
}

/** Program and bare loop in turn; the first time of each is for warming up. */
async function measured(
  stage: Stage,
  part: Part,
  settings: Record<string, string>,
  batchMax: (mapping: Mapping) => number,
  name: string,
): Promise<(string | number)[][]> {
  const worker = await stage.start('worker', settings);
  const rows: (string | number)[][] = [];
  for (const mappings of MAPPINGS) {
    const product: number[] = [];
    const bare: number[] = [];
    const used: Used[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      await rewind(stage, part);
      const before = usedSoFar(stage, worker.pid);
      const figure = await delivered(stage, mappings, part.count);
      const after = usedSoFar(stage, worker.pid);
      await rewind(stage, part);
      const ceilings = await Promise.all(
        mappings.map((mapping) => bareLoop(stage, mapping, part.after, batchMax(mapping))),
      );
      if (round === 0) continue;
      product.push(figure);
      used.push(after.map((ms, i) => ((ms - before[i]!) * 1000) / part.count / mappings.length));
      // Of two at once, each has its share of the time of the slower one.
      bare.push(Math.min(...ceilings) * ceilings.length);
    }
    const share = median(product.map((figure, i) => figure / bare[i]!));
    const who = mappings.length === 1 ? mappings[0]! : 'both at once';
    rows.push([
      `${who}, ${name}`,
      median(product),
      median(bare),
      `${(share * 100).toFixed(0)} %`,
      ...[0, 1, 2].map((i) => median(used.map((times) => times[i]!))),
    ]);
  }
  await worker.stop();
  return rows;
}

/** Processor milliseconds of the worker, of PostgreSQL (it serves our own looks at the lanes too), and of the twins. */
type Used = readonly number[];

function usedSoFar({ pids }: Stage, worker: number): Used {
  const twins = pids.twins.reduce((sum, pid) => sum + processorMs(pid), 0);
  return [processorMs(worker), familyProcessorMs(pids.postgres), twins];
}

/** Everything of this part of the log undelivered again, all mappings paused, both twins empty. */
async function rewind(stage: Stage, part: Part): Promise<void> {
  await stage.pool.query('update lanes set paused = true');
  for (;;) {
    const { rows } = await stage.pool.query<{ held: boolean }>(
      'select coalesce(bool_or(owner is not null), false) as held from lanes',
    );
    if (!rows[0]!.held) break;
    await sleep(LOOK_MS);
  }
  await stage.pool.query('truncate deliveries, intents, attempts, attempt_failures');
  await stage.pool.query('update lanes set settled = 0, superseded = 0, due = null, cursor = $1', [
    part.after.toString(),
  ]);
  await stage.pool.query('vacuum lanes');
  await stage.emptyTwins();
}

/** @returns records per second, from the moment the worker takes up the first lane to the last one's settle */
async function delivered(stage: Stage, mappings: readonly Mapping[], count: number): Promise<number> {
  await stage.pool.query('update lanes set paused = false where mapping = any($1)', [mappings]);
  const until = performance.now() + PATIENCE_MS;
  const wanted = count * mappings.length;
  let began: number | undefined;
  for (;;) {
    const { rows } = await stage.pool.query<{ held: boolean; settled: number }>({
      name: 'bench-settled',
      text: 'select bool_or(owner is not null) as held, sum(settled)::int as settled from lanes where mapping = any($1)',
      values: [mappings],
    });
    const { held, settled } = rows[0]!;
    if (held || settled > 0) began ??= performance.now();
    if (settled >= wanted) break;
    if (performance.now() > until) throw new Error(`only ${settled} of ${wanted} were settled in time`);
    await sleep(LOOK_MS);
  }
  const perSecond = (wanted * 1000) / (performance.now() - began!);
  await demandVerified(stage, wanted);
  return perSecond;
}

async function demandVerified(stage: Stage, wanted: number): Promise<void> {
  const { rows } = await stage.pool.query<{ state: string; n: number }>(
    'select state, count(*)::int as n from deliveries group by state',
  );
  if (rows.length === 1 && rows[0]!.state === 'verified' && rows[0]!.n === wanted) return;
  throw new Error(`of ${wanted} records not all are verified: ${JSON.stringify(rows)}`);
}
