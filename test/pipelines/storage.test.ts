import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { AllCalls } from '../../src/pipelines/all-calls.js';
import { AppliedMappings } from '../../src/pipelines/applied-mappings.js';
import { Destinations } from '../../src/pipelines/destinations.js';
import { type Ledger, ledgerOf } from '../../src/pipelines/ledger.js';
import { systemClock } from '../../src/platform/clock.js';
import { createLogger } from '../../src/platform/logger.js';
import { findRun, listDiscrepancies } from '../../src/reconciliation/read-runs.js';
import { Reconciliations } from '../../src/reconciliation/reconciliations.js';
import { Settings } from '../../src/platform/config/settings.js';
import { freshDatabase } from '../support/database.js';
import { People } from '../support/people.js';
import { startProgram } from '../support/program.js';
import { freshRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { startWorker } from '../support/worker.js';

const MAPPING = 'storage.person';
const MAPPING_TEXT = `
mapping: ${MAPPING}
stream: person
destination: storage
object: person
operation: upsert
when: consent.granted("marketing")
whenNot: delete
key: { field: id, value: person.id }
fields:
  email: person.email
  first_name: { value: person.firstName, missing: 'null' }
  events: registrations.size()
examples: []
`;
const TARGET = {
  destination: 'storage',
  object: 'person',
  fields: {
    id: { type: 'string', unique: true },
    email: { type: 'email' },
    first_name: { type: 'string' },
    events: { type: 'int' },
  },
};

let files: string;
let folder: string;
let databaseUrl: string;
let redisUrl: string;
let pool: pg.Pool;
let people: People;
let event: string;
let workers: INestApplicationContext[];

beforeEach(async () => {
  files = mkdtempSync(path.join(tmpdir(), 'foyer-storage-'));
  folder = path.join(files, 'drops');
  for (const name of [folder, path.join(files, 'mappings/targets'), path.join(files, 'mappings/picklists')])
    mkdirSync(name, { recursive: true });
  writeFileSync(path.join(files, 'mappings', `${MAPPING}.yaml`), MAPPING_TEXT);
  writeFileSync(path.join(files, 'mappings/targets', `${MAPPING}.json`), JSON.stringify(TARGET));
  writeFileSync(
    path.join(files, 'destinations.yaml'),
    stringify({ storage: { connector: 'storage', folder, callTimeoutMs: 2000 } }),
  );
  databaseUrl = await freshDatabase();
  redisUrl = await freshRedis();
  pool = new pg.Pool({ connectionString: databaseUrl });
  people = new People(pool);
  event = await people.event('storage');
  workers = [];
});

afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.close()));
  await pool.end();
  rmSync(files, { recursive: true });
});

async function work(): Promise<INestApplicationContext> {
  const worker = await startWorker({
    databaseUrl,
    redisUrl,
    mappingsDir: path.join(files, 'mappings'),
    destinationsFile: path.join(files, 'destinations.yaml'),
    pipelines: { callTimeoutMs: 2000 },
  });
  workers.push(worker);
  return worker;
}

const settled = (): Promise<Ledger> =>
  waitFor(
    () => ledgerOf(pool, MAPPING),
    ({ states, changes }) =>
      changes.waiting === 0 && states.pending + states.sending + states.retrying + states.sent === 0,
  );

const found = (): string[] =>
  (readdirSync(folder, { recursive: true }) as string[])
    .filter((name) => /\.(?:csv|json)$/.test(name))
    .sort();
const manifests = (): { drop: string; rows: number }[] =>
  found()
    .filter((name) => name.endsWith('.json'))
    .map(
      (name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as { drop: string; rows: number },
    );

/** What a warehouse does: rows of drops that have a manifest, of each key the one with the highest number. */
function folded(): Record<string, string>[] {
  const newest = new Map<string, Record<string, string>>();
  for (const { drop } of manifests()) {
    const [header, ...lines] = readFileSync(path.join(folder, drop), 'utf8').trimEnd().split('\r\n');
    const names = header!.split(',');
    for (const line of lines) {
      const row = Object.fromEntries(line.split(',').map((value, place) => [names[place]!, value]));
      if (Number(row.foyer_seq) > Number(newest.get(row.id!)?.foyer_seq ?? 0)) newest.set(row.id!, row);
    }
  }
  return [...newest.values()].filter((row) => row.foyer_operation === 'upsert');
}
const names = (): string[] =>
  folded()
    .map((row) => `${row.email} ${row.first_name}`)
    .sort();

describe('Drops in a folder', () => {
  it('tell of every change, and folded they are what Foyer knows', async () => {
    const [ana, ben] = await people.register(event, [
      'ana@example.com',
      'ben@example.com',
      'eve@example.com',
    ]);
    await work();
    expect((await settled()).states.verified).toBe(3);
    expect(names()).toEqual(['ana@example.com Ana', 'ben@example.com Ana', 'eve@example.com Ana']);

    await people.rename(ana!, 'Bea');
    await settled();
    expect(names()).toContain('ana@example.com Bea');

    await pool.query('select erase_person($1, now())', [ben]);
    const ledger = await settled();
    expect(ledger.states).toMatchObject({ verified: 2, erased: 1 });
    expect(ledger.unaccounted).toBe(0);
    expect(names()).toEqual(['ana@example.com Bea', 'eve@example.com Ana']);
    expect(found().filter((name) => name.endsWith('-delete.csv'))).toHaveLength(1);
  });

  it('are written again where somebody took one away before it was verified', async () => {
    await people.register(event, ['ana@example.com']);
    const worker = await work();
    await settled();
    const before = found();
    await worker.close();
    rmSync(
      path.join(
        folder,
        before.find((name) => name.endsWith('.csv'))!,
      ),
    );
    await pool.query(`update deliveries set next_attempt_at = clock_timestamp()`);
    await pool.query('update lanes set due = clock_timestamp()');
    await work();
    await waitFor(
      () => Promise.resolve(found()),
      (now) => now.length === before.length,
    );
    expect((await settled()).states.verified).toBe(1);
    expect(found()).toEqual(before);
  });
});

describe('A reconciliation of drops', () => {
  it('finds all in order, and what was deleted with its drop; a repair drops it anew', async () => {
    await people.register(event, ['ana@example.com', 'ben@example.com']);
    const worker = await work();
    await settled();
    await people.register(event, ['eve@example.com']);
    await settled();
    const logger = createLogger('fatal');
    const destinations = worker.get(Destinations);
    const calls = new AllCalls(destinations, pool, systemClock, logger);
    const applied = worker.get(AppliedMappings);
    const settings = worker.get(Settings);
    const reconciliations = new Reconciliations(
      pool,
      systemClock,
      logger,
      applied,
      destinations,
      calls,
      settings,
    );
    const kinds = async (): Promise<{ id: string; found: string[] }> => {
      const { id } = await reconciliations.begin(MAPPING, 'test');
      await reconciliations.quiet();
      expect(await findRun(pool, id)).toMatchObject({ state: 'done', failure: null });
      return { id, found: (await listDiscrepancies(pool, id, 100, -1)).map(({ kind }) => kind) };
    };
    expect((await kinds()).found).toEqual([]);

    const { drop } = manifests().find(({ rows }) => rows === 2)!;
    rmSync(path.join(folder, drop));
    const { id, found: lost } = await kinds();
    expect(lost).toEqual(['deleted', 'deleted']);
    await reconciliations.repair(id, {});
    await waitFor(
      () => Promise.resolve(found()),
      (now) => now.includes(drop),
    );
    await settled();
    expect((await kinds()).found).toEqual([]);
    expect(names()).toHaveLength(3);
  });
});

describe('A worker that is killed between a drop and its manifest', () => {
  it('leaves nothing that a reader sees; the next one writes the same bytes and one manifest', async () => {
    const worker = await startProgram({
      role: 'worker',
      databaseUrl,
      redisUrl,
      env: {
        FOYER_PIPELINES_MAPPINGS_DIR: path.join(files, 'mappings'),
        FOYER_PIPELINES_DESTINATIONS_FILE: path.join(files, 'destinations.yaml'),
        FOYER_PROCESS_FAIL_POINTS: 'between-drop-and-manifest:1:kill',
      },
    });
    await people.register(event, ['ana@example.com', 'ben@example.com', 'eve@example.com']);
    expect((await worker.stopped).signal).toBe('SIGKILL');
    const [drop, ...others] = found();
    expect(others).toEqual([]);
    expect(names()).toEqual([]);
    expect((await ledgerOf(pool, MAPPING)).states.sending).toBe(3);
    const bytes = readFileSync(path.join(folder, drop!));

    await work();
    const ledger = await settled();
    expect(ledger.states.verified).toBe(3);
    expect(ledger.unaccounted).toBe(0);
    expect(found().filter((name) => name.endsWith('.csv'))).toEqual([drop]);
    expect(readFileSync(path.join(folder, drop!)).equals(bytes)).toBe(true);
    expect(manifests()).toMatchObject([{ drop, rows: 3 }]);
    expect(names()).toHaveLength(3);
  });
});
