import path from 'node:path';
import pg from 'pg';
import { keepBusy, type Load, loadOf } from './open-sockets.js';
import { residentMb, startNode } from './processes.js';
import { newRequest, register } from './register.js';
import { Stage } from './stage.js';
import { median, type Table, table } from './table.js';

const ROUNDS = 3;
const SECONDS = 6;
const WARM_SECONDS = 2;
const CONNECTIONS = 64;
const STATEMENT_CLIENTS = 16;
const LOOK_MS = 100;

/**
 * One hot event: the program as it ships with its worker on the same machine, the api process while no worker runs, as
 * where workers have machines of their own, single statements, and a transaction per request.
 */
export function registrations(): Promise<Table[]> {
  return Stage.with(async (stage) => {
    const event = await stage.event('hot');
    const api = await stage.start('api');
    const baseline = await startNode(
      [path.join(import.meta.dirname, 'per-request-server.js'), stage.databaseUrl, event],
      {},
      ({ url }) => String(url),
    );
    const url = `${api.url}/v1/events/hot/registrations`;
    const product: Load[] = [];
    const apart: Load[] = [];
    const statements: Load[] = [];
    const perRequest: Load[] = [];
    let memoryMb = 0;
    const watch = setInterval(() => (memoryMb = Math.max(memoryMb, residentMb(api.pid))), LOOK_MS);
    try {
      for (const address of [url, `${baseline.url}/`]) {
        await keepBusy(address, CONNECTIONS, WARM_SECONDS, newRequest);
      }
      for (let round = 0; round < ROUNDS; round++) {
        apart.push(await keepBusy(url, CONNECTIONS, SECONDS, newRequest));
      }
      await stage.start('worker');
      for (let round = 0; round < ROUNDS; round++) {
        await stage.quiet();
        product.push(await keepBusy(url, CONNECTIONS, SECONDS, newRequest));
        await stage.quiet();
        statements.push(await singleStatements(stage, event));
        await stage.quiet();
        perRequest.push(await keepBusy(`${baseline.url}/`, CONNECTIONS, SECONDS, newRequest));
      }
    } finally {
      clearInterval(watch);
      await baseline.stop();
    }
    const startsMs = [await coldStart(stage), await coldStart(stage), await coldStart(stage)];
    return [
      table(
        `Registrations on one hot event, ${CONNECTIONS} open connections`,
        ['', 'per second', 'p50 ms', 'p99 ms', 'failed', 'Foyer ÷ it'],
        [
          row('Foyer, both mappings draining', product, product),
          row('Foyer, while no worker runs', apart, product),
          row(`${STATEMENT_CLIENTS} clients, a statement each`, statements, product),
          row('a transaction per request', perRequest, product),
        ],
      ),
      table(
        'The api process',
        ['', 'figure'],
        [
          ['greatest resident memory under load, MB', memoryMb],
          ['start to listening, s', (median(startsMs) / 1000).toFixed(2)],
        ],
      ),
    ];
  });
}

function row(name: string, loads: readonly Load[], product: readonly Load[]): (string | number)[] {
  const of = (pick: (load: Load) => number): number => median(loads.map(pick));
  const ratio = median(product.map((load, i) => load.perSecond / loads[i]!.perSecond));
  return [
    name,
    of((l) => l.perSecond),
    of((l) => l.p50Ms),
    of((l) => l.p99Ms),
    String(loads.reduce((sum, l) => sum + l.failed, 0)),
    `${ratio.toFixed(1)}×`,
  ];
}

async function singleStatements(stage: Stage, event: string): Promise<Load> {
  const clients = Array.from(
    { length: STATEMENT_CLIENTS },
    () => new pg.Client({ connectionString: stage.databaseUrl }),
  );
  await Promise.all(clients.map((client) => client.connect()));
  const began = performance.now();
  const until = began + SECONDS * 1000;
  const took: number[] = [];
  try {
    await Promise.all(
      clients.map(async (client) => {
        while (performance.now() < until) {
          const start = performance.now();
          await register(client, event, [newRequest()]);
          took.push(performance.now() - start);
        }
      }),
    );
    return loadOf(took, 0, performance.now() - began);
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

async function coldStart(stage: Stage): Promise<number> {
  const api = await stage.start('api');
  await api.stop();
  return api.readyMs;
}
