import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { changesAfter, position, steadily } from './latency.js';
import { newRequest } from './register.js';
import { OpenSockets } from './open-sockets.js';
import { Stage } from './stage.js';
import { median, percentile, type Table, table } from './table.js';

const DESTINATIONS = 10;
const PER_SECOND = 20;
const SECONDS = 10;
const WARM_SECONDS = 10;
const ROUNDS = 3;
const CONNECTIONS = 8;
const ARRIVAL_PATIENCE_MS = 20_000;
/** What the tenth missed is brought to it after the round: its calls were held back for a while. */
const CATCH_UP_PATIENCE_MS = 120_000;
const LOOK_MS = 100;

/** Ten destinations, and what the nine that live suffer from the tenth when it takes calls and never answers. */
export function neighbours(): Promise<Table[]> {
  return Stage.with(async (stage) => {
    const backends = new Backends();
    const url = await backends.listen();
    const folder = mkdtempSync(path.join(tmpdir(), 'foyer-neighbours-'));
    try {
      await stage.event('steady');
      const settings = declaredIn(folder, url);
      const api = await stage.start('api', settings);
      await stage.start('worker', settings);
      const sockets = await OpenSockets.to(`${api.url}/v1/events/steady/registrations`, CONNECTIONS);
      const post = (): Promise<number> => sockets.post(newRequest());
      await steadily(PER_SECOND, WARM_SECONDS, post);
      const alive: number[][] = [];
      const beside: number[][] = [];
      for (let round = 0; round < ROUNDS; round++) {
        backends.isLastDead = false;
        await backends.caughtUp(stage);
        alive.push(await delays(stage, backends, post));
        backends.isLastDead = true;
        beside.push(await delays(stage, backends, post));
      }
      sockets.close();
      const p99 = (rounds: number[][]): number[] => rounds.map((values) => percentile(values, 0.99));
      const p50 = (rounds: number[][]): number[] => rounds.map((values) => percentile(values, 0.5));
      const ratio = median(p99(beside).map((value, i) => value / p99(alive)[i]!));
      const title = `Commit to request at nine of ten destinations, ${PER_SECOND} registrations a second`;
      return [
        table(
          title,
          ['the tenth', 'p50 ms', 'p99 ms', 'p99 × all alive'],
          [
            ['answers', median(p50(alive)), median(p99(alive)), 1],
            ['takes calls, never answers', median(p50(beside)), median(p99(beside)), ratio],
          ],
        ),
      ];
    } finally {
      backends.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

/** A backend for each destination on one server; notes when each record's first request came. */
class Backends {
  isLastDead = false;
  private readonly cameAt = new Map<string, number>();
  private readonly server: Server = createServer((request, response) => {
    const [, name, key] = request.url!.split('/');
    request.resume().on('end', () => {
      const record = `${name} ${key}`;
      if (!this.cameAt.has(record)) this.cameAt.set(record, performance.timeOrigin + performance.now());
      if (this.isLastDead && name === nameOf(DESTINATIONS - 1)) return;
      response.setHeader('content-type', 'application/json');
      response.end(`{"id":"${key}"}`);
    });
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  at(destination: number, key: string): number | undefined {
    return this.cameAt.get(`${nameOf(destination)} ${key}`);
  }

  /** What the tenth missed was brought to it. */
  async caughtUp(stage: Stage): Promise<void> {
    const until = performance.now() + CATCH_UP_PATIENCE_MS;
    for (;;) {
      const { rows } = await stage.pool.query<{ open: number }>(
        `select count(*)::int as open from deliveries where state not in ('sent', 'verified')`,
      );
      if (rows[0]!.open === 0) return;
      if (performance.now() > until) throw new Error(`${rows[0]!.open} records are still on their way`);
      await sleep(LOOK_MS);
    }
  }
}

async function delays(stage: Stage, backends: Backends, post: () => Promise<number>): Promise<number[]> {
  const from = await position(stage);
  await steadily(PER_SECOND, SECONDS, post);
  const made = await changesAfter(stage, from);
  const until = performance.now() + ARRIVAL_PATIENCE_MS;
  const living = Array.from({ length: DESTINATIONS - 1 }, (_, destination) => destination);
  for (;;) {
    const values = living.flatMap((destination) =>
      [...made].flatMap(([key, at]) => {
        const came = backends.at(destination, key);
        return came === undefined ? [] : [came - at];
      }),
    );
    if (values.length === made.size * living.length) return values;
    if (performance.now() > until)
      throw new Error(`${values.length} of ${made.size * living.length} requests came`);
    await sleep(LOOK_MS);
  }
}

const nameOf = (destination: number): string => `d${destination}`;

/** The settings of ten declared destinations with a mapping each. */
function declaredIn(folder: string, url: string): Record<string, string> {
  const mappings = path.join(folder, 'mappings');
  mkdirSync(path.join(mappings, 'targets'), { recursive: true });
  const names = Array.from({ length: DESTINATIONS }, (_, destination) => nameOf(destination));
  for (const name of names) {
    writeFileSync(path.join(mappings, `${name}.person.yaml`), mappingOf(name));
    const fields = { key: { type: 'string', unique: true }, name: { type: 'string', length: 300 } };
    writeFileSync(
      path.join(mappings, 'targets', `${name}.people.json`),
      JSON.stringify({ destination: name, object: 'people', fields }),
    );
  }
  const book = path.join(folder, 'destinations.yaml');
  writeFileSync(book, names.map((name) => destinationOf(name, url)).join('\n'));
  return { FOYER_PIPELINES_MAPPINGS_DIR: mappings, FOYER_PIPELINES_DESTINATIONS_FILE: book };
}

const destinationOf = (name: string, url: string): string => `${name}:
  connector: rest
  baseUrl: ${url}/${name}
  callTimeoutMs: 10000
  objects:
    people:
      write:
        method: PUT
        url: /{{ key }}
        body: { name: '{{ record.name }}' }
        id: body.id
`;

const mappingOf = (name: string): string => `mapping: ${name}.person
stream: person
destination: ${name}
object: people
operation: upsert
when: registrations.exists(r, r.status != "erased") && consent.granted("marketing")
whenNot: keep
key: { field: key, value: person.id }
fields:
  name: { value: person.lastName, truncate: 300 }
lanes: 1
`;
