import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { keepBusy, type Load } from './open-sockets.js';
import { newRequest, registerOne } from './register-one.js';
import { type Program, setStage, type Stage } from './stage.js';
import { median, percentile, type Table, table } from './table.js';

const ROUNDS = 3;
const SECONDS = 6;
const CONNECTIONS = 64;
const STATEMENT_CLIENTS = 16;

/** One hot event: the program as it ships, single statements, and a transaction per request, in turn. */
export async function registrations(): Promise<Table[]> {
  const stage = await setStage();
  try {
    const event = await stage.event('hot');
    const api = await stage.start('api');
    const worker = await stage.start('worker');
    const url = `${api.url}/v1/events/hot/registrations`;
    const product: Load[] = [];
    const statements: Load[] = [];
    const perRequest: Load[] = [];
    let memory = 0;
    await keepBusy(url, CONNECTIONS, 2, newRequest, percentile);
    for (let round = 0; round < ROUNDS; round++) {
      product.push(await keepBusy(url, CONNECTIONS, SECONDS, newRequest, percentile));
      memory = Math.max(memory, residentMb(api));
      statements.push(await singleStatements(stage, event));
      perRequest.push(await transactionPerRequest(stage, event));
    }
    const starts = [await coldStart(stage), await coldStart(stage), await coldStart(stage)];
    await worker.stop();
    return [
      table(
        `Registrations on one hot event, ${CONNECTIONS} open connections, both mappings draining`,
        ['', 'per second', 'p50 ms', 'p99 ms', 'failed', 'Foyer ÷ it'],
        [
          row('Foyer', product, product),
          row(`${STATEMENT_CLIENTS} clients, a statement each`, statements, product),
          row('a transaction per request', perRequest, product),
        ],
      ),
      table(
        'The api process',
        ['', 'figure'],
        [
          ['resident memory under load, MB', memory],
          ['start to listening, s (median of 3)', (median(starts) / 1000).toFixed(2)],
        ],
      ),
    ];
  } finally {
    await stage.end();
  }
}

function row(name: string, loads: readonly Load[], product: readonly Load[]): (string | number)[] {
  const of = (pick: (load: Load) => number, from = loads): number => median(from.map(pick));
  const ratio = of((l) => l.perSecond, product) / of((l) => l.perSecond);
  return [
    name,
    of((l) => l.perSecond),
    of((l) => l.p50Ms),
    of((l) => l.p99Ms),
    String(of((l) => l.failed)),
    `${ratio.toFixed(1)}×`,
  ];
}

async function singleStatements(stage: Stage, event: string): Promise<Load> {
  const until = performance.now() + SECONDS * 1000;
  const took: number[] = [];
  const began = performance.now();
  const client = async (): Promise<void> => {
    const connection = new pg.Client({ connectionString: stage.databaseUrl });
    await connection.connect();
    while (performance.now() < until) {
      const start = performance.now();
      await registerOne(connection, event, newRequest());
      took.push(performance.now() - start);
    }
    await connection.end();
  };
  await Promise.all(Array.from({ length: STATEMENT_CLIENTS }, client));
  const perSecond = took.length / ((performance.now() - began) / 1000);
  return { perSecond, p50Ms: percentile(took, 0.5), p99Ms: percentile(took, 0.99), failed: 0 };
}

async function transactionPerRequest(stage: Stage, event: string): Promise<Load> {
  const file = path.join(import.meta.dirname, 'per-request-server.js');
  const child = spawn(process.execPath, [file, stage.databaseUrl, event], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
    return await keepBusy(`${url}/`, CONNECTIONS, SECONDS, newRequest, percentile);
  } finally {
    child.kill('SIGKILL');
  }
}

async function coldStart(stage: Stage): Promise<number> {
  const program = await stage.start('api');
  await program.stop();
  return program.readyMs;
}

/** Linux only; 0 elsewhere. */
function residentMb({ pid }: Program): number {
  try {
    const kb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kb ?? 0) / 1024;
  } catch {
    return 0;
  }
}
