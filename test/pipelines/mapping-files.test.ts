import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshDatabase } from '../support/database.js';
import { destinationsFor } from '../support/destinations.js';
import { freshRedis } from '../support/redis.js';
import { startWorker } from '../support/worker.js';

let mappingsDir: string;
let databaseUrl: string;
let redisUrl: string;
let pool: pg.Pool;

beforeEach(async () => {
  mappingsDir = mkdtempSync(path.join(tmpdir(), 'foyer-mappings-'));
  cpSync('mappings', mappingsDir, { recursive: true });
  databaseUrl = await freshDatabase();
  redisUrl = await freshRedis();
  pool = new pg.Pool({ connectionString: databaseUrl });
});

afterEach(async () => {
  await pool.end();
  rmSync(mappingsDir, { recursive: true, force: true });
});

function edit(file: string, from: string, to: string): void {
  const place = path.join(mappingsDir, file);
  const text = readFileSync(place, 'utf8');
  expect(text).toContain(from);
  writeFileSync(place, text.replace(from, to));
}

async function startAndStop(pipelines: Record<string, unknown> = {}): Promise<void> {
  const worker = await startWorker({
    databaseUrl,
    redisUrl,
    mappingsDir,
    destinationsFile: destinationsFor({}),
    pipelines,
  });
  await worker.close();
}

async function applied(): Promise<{ name: string; version: number }[]> {
  const { rows } = await pool.query<{ name: string; version: number }>(
    'select name, version from mappings order by name',
  );
  return rows;
}

const BOTH = [
  { name: 'hubspot.contact', version: 1 },
  { name: 'salesforce.lead', version: 1 },
];

describe('Mapping files at start', () => {
  it('that were never applied are applied as they stand, once though two workers start', async () => {
    await Promise.all([startAndStop(), startAndStop()]);
    expect(await applied()).toEqual(BOTH);
    const { rows } = await pool.query('select 1 from mapping_versions');
    expect(rows).toHaveLength(2);
  });

  it('that are faulty and were never applied keep it from starting, all faults named with their places', async () => {
    edit('hubspot.contact.yaml', 'firstname: person.firstName', 'firstname: person.fristName');
    edit('salesforce.lead.yaml', 'operation: upsert', 'operation: upsret');
    const refusal = await startAndStop().then(
      () => '',
      (error: unknown) => (error as Error).message,
    );
    expect(refusal).toMatch(/hubspot\.contact\.yaml:\d+:\d+/);
    expect(refusal).toContain('firstName');
    expect(refusal).toMatch(/salesforce\.lead\.yaml:\d+:\d+/);
    expect(await applied()).toEqual([]);
  });

  it('that became faulty later leave the applied version running', async () => {
    await startAndStop();
    edit('hubspot.contact.yaml', 'firstname: person.firstName', 'firstname: person.fristName');
    await startAndStop();
    expect(await applied()).toEqual(BOTH);
  });

  it('that were changed wait to be applied, unless autoApply is on', async () => {
    await startAndStop();
    edit('hubspot.contact.yaml', 'limits: { changed: 20%', 'limits: { changed: 21%');
    await startAndStop();
    expect(await applied()).toEqual(BOTH);
    await startAndStop({ autoApply: true });
    expect(await applied()).toEqual([{ name: 'hubspot.contact', version: 2 }, BOTH[1]]);
  });

  it('that were taken away leave the applied version running', async () => {
    await startAndStop();
    rmSync(path.join(mappingsDir, 'hubspot.contact.yaml'));
    await startAndStop();
    expect(await applied()).toEqual(BOTH);
  });
});
