import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import type { CompiledMapping } from '../src/mapping/compiled-mapping.js';
import type { compileStored as CompileStored } from '../src/pipelines/mapping-files.js';
import { peakResidentMb } from './processes.js';
import { seed } from './register.js';
import { Stage } from './stage.js';
import { median, type Table, table } from './table.js';

const RECORDS = 100_000;
const ROUNDS = 5;
const KEY = 'fk_operator-of-the-benchmarks-0001';
const MAPPING = 'hubspot.contact';

/** What somebody changes, and how many records it touches. */
const EDITS: readonly [name: string, from: string, to: string][] = [
  ['a field of every record', 'lastname: person.lastName', 'lastname: person.lastName.upperAscii()'],
  [
    'a field of one record in sixteen',
    'lastname: person.lastName',
    `lastname: 'person.id.endsWith("7") ? person.lastName.upperAscii() : person.lastName'`,
  ],
  ['nothing', 'lanes: 4', 'lanes: 4'],
];

interface InForce {
  readonly source: string;
}

interface Planned {
  readonly counts: { readonly records: number; readonly changed: number };
}

/** A plan over 100,000 records that stand at the backend; beside it, both versions over the same snapshots, bare. */
export function plan(): Promise<Table[]> {
  return Stage.with(async (stage) => {
    await prepare(stage);
    const nobody = await countingServer();
    try {
      const api = await stage.start('api', { FOYER_OPERATOR_KEY: KEY, HUBSPOT_BASE_URL: nobody.url });
      const { source } = await call<InForce>(`${api.url}/v1/mappings/${MAPPING}`);
      const text = source.slice(0, source.indexOf('examples:'));
      const rows: (string | number)[][] = [];
      for (const [name, from, to] of EDITS) {
        if (!text.includes(from)) throw new Error(`the mapping does not say ${from}`);
        rows.push(await measured(stage, api, [name, source, text.replace(from, to)]));
      }
      const peak = peakResidentMb(api.pid);
      const title = `A plan over ${RECORDS.toLocaleString('en')} records; peak memory of the api ${peak.toFixed(0)} MB, requests at the backend: ${nobody.requests()}`;
      return [
        table(title, ['what is changed', 'records', 'seconds', 'bare mapping, seconds', '× the bare'], rows),
      ];
    } finally {
      await nobody.stop();
    }
  });
}

/** Registers, and lets a worker deliver, so that every record has a shadow. */
async function prepare(stage: Stage): Promise<void> {
  const event = await stage.event('bench');
  await seed(stage.pool, event, RECORDS);
  const worker = await stage.start('worker');
  await stage.quiet();
  await worker.stop();
  await stage.pool.query('vacuum analyze');
}

async function measured(
  stage: Stage,
  api: { readonly url: string },
  [name, source, proposal]: readonly [name: string, source: string, proposal: string],
): Promise<(string | number)[]> {
  const product: number[] = [];
  const bare: number[] = [];
  let changed = 0;
  // The first of each is for warming up.
  for (let round = 0; round <= ROUNDS; round++) {
    const began = performance.now();
    const planned = await call<Planned>(`${api.url}/v1/mappings/${MAPPING}/plan`, { source: proposal });
    const seconds = (performance.now() - began) / 1000;
    if (planned.counts.records !== RECORDS)
      throw new Error(`only ${planned.counts.records} records were planned`);
    changed = planned.counts.changed;
    const ceiling = await bareMapping(stage.databaseUrl, source, proposal);
    if (round === 0) continue;
    product.push(seconds);
    bare.push(ceiling);
  }
  const ratio = median(product.map((seconds, i) => seconds / bare[i]!));
  return [name, String(changed), median(product).toFixed(2), median(bare).toFixed(2), ratio];
}

/** Reads the newest snapshots and maps them twice; compares with nothing and keeps nothing. @returns seconds */
async function bareMapping(databaseUrl: string, from: string, to: string): Promise<number> {
  const [old, proposed] = [await compiled(from), await compiled(to)];
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const began = performance.now();
  await client.query('begin');
  await client.query(
    `declare bare no scroll cursor for select distinct on (key) snapshot from changes
      where stream = 'person' order by key, version desc`,
  );
  let records = 0;
  for (;;) {
    const { rows } = await client.query<{ snapshot: unknown }>('fetch 1000 from bare');
    if (rows.length === 0) break;
    for (const { snapshot } of rows) {
      old.evaluate(snapshot);
      proposed.evaluate(snapshot);
    }
    records += rows.length;
  }
  const seconds = (performance.now() - began) / 1000;
  await client.end();
  if (records !== RECORDS) throw new Error(`the bare loop met ${records} records`);
  return seconds;
}

async function compiled(source: string): Promise<CompiledMapping> {
  // From what was built, as the program runs it; named so that the compiler of the benchmarks leaves it alone.
  const built = '../pipelines/mapping-files.js';
  const { compileStored } = (await import(built)) as { compileStored: typeof CompileStored };
  return compileStored('mappings', { file: 'mappings/hubspot.contact.yaml', source });
}

async function call<T>(url: string, body?: object): Promise<T> {
  const answer = await fetch(url, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${KEY}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as T;
}

/** Stands where the backend would, and counts. */
async function countingServer(): Promise<{ url: string; requests: () => number; stop: () => Promise<void> }> {
  let requests = 0;
  const server = createServer((_request, response) => {
    requests += 1;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
