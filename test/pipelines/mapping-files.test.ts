import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hubspot } from '../../sandbox/hubspot/hubspot.js';
import { startTwin } from '../../sandbox/twin.js';
import { freshDatabase } from '../support/database.js';
import { destinationsFor } from '../support/destinations.js';
import { NO_DAYS_END } from '../support/no-days-end.js';
import { People } from '../support/people.js';
import { startProgram } from '../support/program.js';
import { freshRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
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

async function startAndStop(
  pipelines: Record<string, unknown> = {},
  destinationsFile: string = destinationsFor({}),
): Promise<void> {
  const worker = await startWorker({
    databaseUrl,
    redisUrl,
    mappingsDir,
    destinationsFile,
    pipelines,
  });
  await worker.close();
}

/** What a worker says that does not start; '' where it does. */
function refusal(): Promise<string> {
  return startAndStop().then(
    () => '',
    (error: unknown) => (error as Error).message,
  );
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

/** One of each kind: the rule that names it, and what somebody wrote for what. */
const MISTAKES: [kind: string, code: string, from: string, to: string][] = [
  ['yaml', 'yaml-syntax', 'fields:\n', 'fields: {\n'],
  ['key', 'unknown-key', 'whenNot:', 'whenNever:'],
  ['absent', 'missing-destination', 'destination: hubspot\n', ''],
  ['stream', 'unknown-value', 'stream: person', 'stream: persons'],
  ['operation', 'unknown-value', 'operation: upsert', 'operation: upsret'],
  ['syntax', 'expression-syntax', 'firstname: person.firstName', 'firstname: person.firstName +'],
  ['attribute', 'unknown-attribute', 'firstname: person.firstName', 'firstname: person.fristName'],
  ['function', 'unknown-function', '.lowerAscii()', '.toLower()'],
  ['type', 'wrong-type', 'firstname: person.firstName', 'firstname: person.firstName + 1'],
  ['field', 'unknown-field', '  firstname:', '  fristname:'],
  ['picklist', 'unknown-picklist', 'picklist: hubspot-status', 'picklist: hubspot-stauts'],
];

describe('Mapping files at start', () => {
  it('with a mistake of any kind are refused, every mistake named at once with its place', async () => {
    const text = readFileSync(path.join(mappingsDir, 'hubspot.contact.yaml'), 'utf8');
    for (const [kind, , from, to] of MISTAKES) {
      expect(text).toContain(from);
      const broken = text.replace('mapping: hubspot.contact', `mapping: hubspot.${kind}`).replace(from, to);
      writeFileSync(path.join(mappingsDir, `${kind}.yaml`), broken);
    }
    const said = await refusal();
    for (const [kind, code] of MISTAKES) {
      expect(said).toMatch(new RegExp(`/${kind}\\.yaml:\\d+:\\d+ error ${code}`));
    }
    expect(await applied()).toEqual([]);
  });

  it('that were never applied are applied as they stand, once though two workers start', async () => {
    await Promise.all([startAndStop(), startAndStop()]);
    expect(await applied()).toEqual(BOTH);
    const { rows } = await pool.query('select 1 from mapping_versions');
    expect(rows).toHaveLength(2);
  });

  it.each([
    ['is switched off', { enabled: 'false' }],
    ['is switched off by a slip of the pen', { enabled: 'flase' }],
    ['leaves this mapping out', { mappings: 'salesforce.contact, salesforce.account' }],
  ])('whose destination %s are checked but not applied, until it is changed', async (_how, salesforce) => {
    await startAndStop({}, destinationsFor({}, 2_000, { salesforce }));
    expect(await applied()).toEqual([{ name: 'hubspot.contact', version: 1 }]);
    await startAndStop();
    expect(await applied()).toEqual(BOTH);
  });

  it('that are faulty and were never applied keep it from starting, all faults named with their places', async () => {
    edit('hubspot.contact.yaml', 'firstname: person.firstName', 'firstname: person.fristName');
    edit('salesforce.lead.yaml', 'operation: upsert', 'operation: upsret');
    const said = await refusal();
    expect(said).toMatch(/hubspot\.contact\.yaml:\d+:\d+/);
    expect(said).toContain('firstName');
    expect(said).toMatch(/salesforce\.lead\.yaml:\d+:\d+/);
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

  it('that were moved to another folder are the same files', async () => {
    await startAndStop();
    const before = mappingsDir;
    mappingsDir = mkdtempSync(path.join(tmpdir(), 'foyer-moved-'));
    cpSync(before, mappingsDir, { recursive: true });
    rmSync(before, { recursive: true });
    edit('hubspot.contact.yaml', 'fields:\n', 'fields: {\n');
    expect(await refusal()).toBe('');
    expect(await applied()).toEqual(BOTH);
  });

  it('whose tables became faulty leave the applied versions running, and nothing is applied without them', async () => {
    await startAndStop();
    edit('picklists/hubspot-status.yaml', 'confirmed: registered', 'confrimed: registered');
    writeFileSync(path.join(mappingsDir, 'targets/salesforce.Lead.json'), '{');
    expect(await refusal()).toBe('');
    await startAndStop({ autoApply: true });
    expect(await applied()).toEqual(BOTH);
  });

  it('whose tables are faulty and that were never applied are refused', async () => {
    edit('picklists/hubspot-status.yaml', 'confirmed: registered', 'confrimed: registered');
    writeFileSync(path.join(mappingsDir, 'targets/salesforce.Lead.json'), '{');
    const said = await refusal();
    expect(said).toMatch(/hubspot-status\.yaml:\d+:\d+/);
    expect(said).toContain('salesforce.Lead.json:1:1');
  });

  it('of which a new one is faulty are refused: of that one no version runs', async () => {
    await startAndStop();
    const text = readFileSync(path.join(mappingsDir, 'hubspot.contact.yaml'), 'utf8');
    const other = text.replace('hubspot.contact', 'hubspot.visitor').replace('upsert', 'upsret');
    writeFileSync(path.join(mappingsDir, 'hubspot.visitor.yaml'), other);
    expect(await refusal()).toMatch(/hubspot\.visitor\.yaml:\d+:\d+/);
  });
});

describe('While a mapping file is faulty or gone', () => {
  it('the applied version still delivers, and the log names the fault with its place', async () => {
    await startAndStop();
    edit('hubspot.contact.yaml', 'firstname: person.firstName', 'firstname: person.fristName');
    const { contacts, logs } = await delivered();
    expect(contacts).toMatchObject([{ fields: { email: 'ana@example.com', firstname: 'Ana' } }]);
    const told = logs.find((line) => line.includes('the applied versions run on'))!;
    expect(told).toMatch(/hubspot\.contact\.yaml:17:\d+ error unknown-attribute/);
  });

  it('so it does where the file was taken away', async () => {
    await startAndStop();
    rmSync(path.join(mappingsDir, 'hubspot.contact.yaml'));
    expect((await delivered()).contacts).toHaveLength(1);
  });

  /** What a worker of the program delivers to HubSpot after one registration, and what it logged. */
  async function delivered(): Promise<{ contacts: object[]; logs: readonly string[] }> {
    const twin = await startTwin(hubspot(NO_DAYS_END));
    const people = new People(pool);
    await people.register(await people.event('summit'), ['ana@example.com']);
    const env = {
      FOYER_PIPELINES_MAPPINGS_DIR: mappingsDir,
      FOYER_PIPELINES_DESTINATIONS_FILE: destinationsFor({ hubspot: twin.url }),
    };
    const worker = await startProgram({ role: 'worker', databaseUrl, redisUrl, env });
    try {
      const contacts = await waitFor(
        async () => {
          const answer = await fetch(`${twin.url}/_twin/records/contacts`);
          return ((await answer.json()) as { items: object[] }).items;
        },
        (items) => items.length > 0,
      );
      return { contacts, logs: worker.logs };
    } finally {
      worker.kill();
      await worker.stopped;
      await twin.stop();
    }
  }
});
