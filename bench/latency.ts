import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { OpenSockets } from './open-sockets.js';
import { newRequest } from './register.js';
import { Stage } from './stage.js';
import { percentile, type Table, table } from './table.js';
import { type Person, twinCalls } from './twin-calls.js';

const PER_SECOND = 200;
const SECONDS = 15;
/** Until the programs' code is compiled and the twins' tables have grown. */
const WARM_SECONDS = 10;
const CONNECTIONS = 32;
const JOURNAL_PAGE = 5_000;

/** From the commit to the request at the twin, at a steady rate that nobody waits for. */
export function latency(): Promise<Table[]> {
  return Stage.with(async (stage) => {
    await stage.event('steady');
    const api = await stage.start('api');
    const worker = await stage.start('worker');
    const url = `${api.url}/v1/events/steady/registrations`;
    const sockets = await OpenSockets.to(url, CONNECTIONS);
    await steadily(PER_SECOND, WARM_SECONDS, () => register(sockets));
    await stage.quiet();
    const warm = await position(stage);
    await steadily(PER_SECOND, SECONDS, () => register(sockets));
    sockets.close();
    await stage.quiet();
    const made = await changesAfter(stage, warm);
    const rows = [
      row('HubSpot twin', await delays(stage.twins.hubspot, made)),
      row('Salesforce twin', await delays(stage.twins.salesforce, made)),
    ];
    await worker.stop();
    rows.push(row('bare NOTIFY and one call to the HubSpot twin', await notified(stage)));
    const title = `Commit to request at the twin, ${PER_SECOND} registrations a second for ${SECONDS} s`;
    return [table(title, ['', 'records', 'p50 ms', 'p99 ms'], rows)];
  });
}

function row(name: string, values: readonly number[]): (string | number)[] {
  return [name, String(values.length), percentile(values, 0.5), percentile(values, 0.99)];
}

/** Each begins at its time, whether or not those before it are done. */
export async function steadily(
  perSecond: number,
  seconds: number,
  one: () => Promise<unknown>,
): Promise<void> {
  const began = performance.now();
  const underWay: Promise<unknown>[] = [];
  for (let n = 0; n < perSecond * seconds; n++) {
    const waitMs = began + (n * 1000) / perSecond - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    underWay.push(one());
  }
  await Promise.all(underWay);
}

async function register(sockets: OpenSockets): Promise<void> {
  const status = await sockets.post(newRequest());
  if (status !== 201) throw new Error(`a registration was answered ${status}`);
}

export async function position(stage: Stage): Promise<string> {
  const { rows } = await stage.pool.query<{ seq: string }>('select seq from change_head');
  return rows[0]!.seq;
}

/** The change's own time is taken by the last statement before the commit, so what is measured includes the commit. */
export async function changesAfter(stage: Stage, seq: string): Promise<Map<string, number>> {
  const { rows } = await stage.pool.query<{ key: string; ms: number }>(
    `select key, extract(epoch from at)::float8 * 1000 as ms from changes where stream = 'person' and seq > $1`,
    [seq],
  );
  return new Map(rows.map(({ key, ms }) => [key, ms]));
}

/** The twin's journal says when each record's request was there, in whole milliseconds. */
async function delays(twin: string, made: ReadonlyMap<string, number>): Promise<number[]> {
  const values: number[] = [];
  let cursor: string | null = '0';
  while (cursor !== null) {
    const answer = await fetch(`${twin}/_twin/journal?limit=${JOURNAL_PAGE}&cursor=${cursor}`);
    const page = (await answer.json()) as {
      items: { at: string; key: string; outcome: string }[];
      next: string | null;
    };
    for (const { at, key, outcome } of page.items) {
      const began = made.get(key);
      if (outcome === 'created' && began !== undefined) values.push(Date.parse(at) - began);
    }
    cursor = page.next;
  }
  if (values.length !== made.size)
    throw new Error(`${values.length} of ${made.size} records are at the twin`);
  return values;
}

/** The least that can be between a commit and a call: one row, one NOTIFY, one listener, one record a call. */
async function notified(stage: Stage): Promise<number[]> {
  await stage.emptyTwins();
  await stage.pool.query('create table bench_notes (n integer primary key, at timestamptz not null)');
  const { write } = await twinCalls(stage, 'hubspot.contact');
  const listener = new pg.Client({ connectionString: stage.databaseUrl });
  await listener.connect();
  const calls: Promise<unknown>[] = [];
  listener.on('notification', ({ payload }) => void calls.push(write([personOf(payload!)])));
  await listener.query('listen bench');
  let n = 0;
  await steadily(PER_SECOND, SECONDS, () => {
    n += 1;
    return stage.pool.query({
      name: 'bench-notify',
      text: `with note as (insert into bench_notes values ($1, clock_timestamp()))
             select pg_notify('bench', $2)`,
      values: [n, String(n)],
    });
  });
  while (calls.length < n) await sleep(10);
  await Promise.all(calls);
  await listener.end();
  const { rows } = await stage.pool.query<{ n: number; ms: number }>(
    'select n, extract(epoch from at)::float8 * 1000 as ms from bench_notes',
  );
  return delays(stage.twins.hubspot, new Map(rows.map((note) => [String(note.n), note.ms])));
}

function personOf(key: string): Person {
  const createdAt = '2026-01-05T09:00:00.000Z';
  const person = { email: `p${key}@example.com`, firstName: 'Ana', lastName: 'Ruiz', company: 'Example Ltd' };
  return { key, person: { ...person, jobTitle: 'Engineer', country: 'ES', createdAt } };
}
