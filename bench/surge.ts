import { createHash } from 'node:crypto';
import path from 'node:path';
import { type Table, table } from './table.js';

type Simulate = typeof import('../src/surge/simulate.js');
type Arrivals = typeof import('../src/surge/arrivals.js');
type RandomModule = typeof import('../src/surge/random.js');
type Manners = typeof import('../src/surge/manners.js');
type HeapModule = typeof import('../src/surge/heap.js');

const VISITORS = 100_000;
const HOUR_MS = 3_600_000;
const ROOM = {
  mode: 'auto',
  maxActive: 2_000,
  maxPerMinute: 1_800,
  passSeconds: 600,
  claimSeconds: 45,
  opensAtMs: 0,
} as const;

/** An hour with a hundred thousand visitors on the simulated clock, beside a loop over as many events that do nothing. */
export async function surge(): Promise<Table[]> {
  const { simulate } = await built<Simulate>('simulate');
  const { arrivalTimes, stretchesOf } = await built<Arrivals>('arrivals');
  const { seeded } = await built<RandomModule>('random');
  const { STANDARD_MIX } = await built<Manners>('manners');
  const { Heap } = await built<HeapModule>('heap');
  const arrivals = arrivalTimes(stretchesOf('spike', HOUR_MS), VISITORS, seeded(1));
  const plan = {
    seed: 1,
    arrivals,
    mix: STANDARD_MIX,
    formMs: 60_000,
    patienceMs: HOUR_MS / 4,
    endMs: 2 * HOUR_MS,
  };
  const runs = [1, 2].map(() => {
    const began = { ms: performance.now(), cpu: process.cpuUsage() };
    const { crowd, room, happened } = simulate(plan, ROOM, Number.POSITIVE_INFINITY);
    const spent = spentSince(began);
    const digest = createHash('sha256').update(JSON.stringify(crowd.visits)).digest('hex');
    return { ...spent, happened, asked: crowd.log.asked, digest, room };
  });
  const [first, second] = [runs[0]!, runs[1]!];
  if (first.digest !== second.digest) throw new Error('two runs of one seed differ');
  const { activeMax, perMinuteMax } = first.room;
  if (activeMax > ROOM.maxActive || perMinuteMax > ROOM.maxPerMinute) throw new Error('too many were let in');
  const bare = bareLoop(
    new Heap<Due>((a, b) => a.atMs < b.atMs),
    arrivals,
    Math.round(first.happened / VISITORS),
    seeded(2),
  );
  const row = (name: string, { seconds, cpuSeconds }: Spent, events: number): (string | number)[] => [
    name,
    seconds,
    cpuSeconds,
    events,
    events / cpuSeconds,
  ];
  return [
    table(
      `An hour with ${VISITORS.toLocaleString('en')} visitors, ${first.asked.toLocaleString('en')} requests, twice the same to the byte`,
      ['', 's', 's of processor', 'events', 'events a second'],
      [
        row('Foyer, first run', first, first.happened),
        row('Foyer, second run', second, second.happened),
        row('a bare loop over as many events', bare, bare.events),
      ],
    ),
  ];
}

interface Due {
  readonly atMs: number;
  readonly left: number;
}

interface Spent {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** The same people at the same times, each coming back as often; nobody asks anything. */
function bareLoop(
  heap: { push(due: Due): void; pop(): Due | undefined },
  arrivals: readonly number[],
  times: number,
  random: () => number,
): Spent & { events: number } {
  const began = { ms: performance.now(), cpu: process.cpuUsage() };
  let events = 0;
  for (const atMs of arrivals) heap.push({ atMs, left: times - 1 });
  for (let due = heap.pop(); due; due = heap.pop()) {
    events++;
    if (due.left > 0) heap.push({ atMs: due.atMs + random() * 60_000, left: due.left - 1 });
  }
  return { ...spentSince(began), events };
}

function spentSince({ ms, cpu }: { ms: number; cpu: NodeJS.CpuUsage }): Spent {
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - ms) / 1000, cpuSeconds: (user + system) / 1e6 };
}

async function built<Module>(name: string): Promise<Module> {
  return (await import(path.resolve(`dist/surge/${name}.js`))) as Module;
}
