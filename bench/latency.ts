import pg from 'pg';
import { newRequest } from './register-one.js';
import { setStage, type Stage } from './stage.js';
import { percentile, type Table, table } from './table.js';

const PER_SECOND = 200;
const SECONDS = 15;
const QUIET_MS = 3_000;

/** From the commit to the request at the twin, at a steady rate that nobody waits for. */
export async function latency(): Promise<Table[]> {
  const stage = await setStage();
  try {
    await stage.event('steady');
    const api = await stage.start('api');
    const worker = await stage.start('worker');
    await openLoop(`${api.url}/v1/events/steady/registrations`);
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    const rows = [
      row('HubSpot twin', await delays(stage, 'hubspot')),
      row('Salesforce twin', await delays(stage, 'salesforce')),
      row('bare NOTIFY and one HTTP call', await notified(stage)),
    ];
    await worker.stop();
    return [
      table(
        `Commit to request at the twin, ${PER_SECOND} registrations a second`,
        ['', 'records', 'p50 ms', 'p99 ms'],
        rows,
      ),
    ];
  } finally {
    await stage.end();
  }
}

function row(name: string, values: readonly number[]): (string | number)[] {
  return [name, String(values.length), percentile(values, 0.5), percentile(values, 0.99)];
}

/** Each request leaves at its time, whether or not the ones before were answered. */
async function openLoop(url: string): Promise<void> {
  const began = performance.now();
  const under: Promise<unknown>[] = [];
  for (let n = 0; n < PER_SECOND * SECONDS; n++) {
    const waitMs = began + (n * 1000) / PER_SECOND - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const { body, key } = newRequest();
    const headers = { 'content-type': 'application/json', 'idempotency-key': key };
    under.push(fetch(url, { method: 'POST', headers, body }).then((answer) => answer.arrayBuffer()));
  }
  await Promise.all(under);
}

/** The change's own time, taken under the head row's lock just before the commit, against the twin's journal. */
async function delays(stage: Stage, twin: 'hubspot' | 'salesforce'): Promise<number[]> {
  const { rows } = await stage.pool.query<{ key: string; at: Date }>(
    `select key, at from changes where stream = 'person' and version = 1`,
  );
  const made = new Map(rows.map(({ key, at }) => [key, at.getTime()]));
  const values: number[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const answer = await fetch(`${stage.twins[twin]}/_twin/journal?limit=1000&cursor=${cursor}`);
    const page = (await answer.json()) as {
      items: { at: string; key: string; outcome: string }[];
      next: string | null;
    };
    for (const { at, key, outcome } of page.items) {
      if (outcome === 'created' && made.has(key)) values.push(Date.parse(at) - made.get(key)!);
    }
    cursor = page.next;
  }
  return values;
}

async function notified(stage: Stage): Promise<number[]> {
  const listener = new pg.Client({ connectionString: stage.databaseUrl });
  await listener.connect();
  await listener.query('listen bench');
  const values: number[] = [];
  const calls: Promise<unknown>[] = [];
  listener.on('notification', ({ payload }) => {
    calls.push(
      fetch(`${stage.twins.hubspot}/_twin/faults`).then((answer) => {
        values.push(Date.now() - Number(payload));
        return answer.arrayBuffer();
      }),
    );
  });
  const began = performance.now();
  for (let n = 0; n < PER_SECOND * 5; n++) {
    const waitMs = began + (n * 1000) / PER_SECOND - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    void stage.pool.query(`select pg_notify('bench', $1)`, [String(Date.now())]);
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  await Promise.all(calls);
  await listener.end();
  return values;
}
