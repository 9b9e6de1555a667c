import type { INestApplicationContext } from '@nestjs/common';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { Destinations } from '../../src/pipelines/destinations.js';
import { type Ledger, ledgerOf } from '../../src/pipelines/ledger.js';
import type { Clock } from '../../src/platform/clock.js';
import { freshDatabase } from '../support/database.js';
import { People } from '../support/people.js';
import { freshRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { startWorker } from '../support/worker.js';
import { ScriptedBackend } from './scripted-backend.js';

/** Mapping files of a test, delivered to backends that do as the test says. */
export class ScriptedRig {
  private readonly workers: INestApplicationContext[] = [];

  private constructor(
    readonly databaseUrl: string,
    private readonly redisUrl: string,
    readonly pool: pg.Pool,
    readonly people: People,
    readonly backends: Readonly<Record<string, ScriptedBackend>>,
    private readonly mappingsDir: string,
    private readonly destinationsFile: string,
  ) {}

  static async start(
    mappings: Readonly<Record<string, string>>,
    names: readonly string[] = ['crm'],
  ): Promise<ScriptedRig> {
    const dir = mkdtempSync(path.join(tmpdir(), 'foyer-scripted-'));
    for (const [name, text] of Object.entries(mappings)) writeFileSync(path.join(dir, `${name}.yaml`), text);
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'foyer-destinations-')), 'destinations.yaml');
    const entry = 'connector: hubspot, baseUrl: "http://127.0.0.1:1", token: none';
    writeFileSync(file, names.map((name) => `${name}: { ${entry} }\n`).join(''));
    const databaseUrl = await freshDatabase();
    const pool = new pg.Pool({ connectionString: databaseUrl });
    const backends = Object.fromEntries(names.map((name) => [name, new ScriptedBackend(name)]));
    return new ScriptedRig(databaseUrl, await freshRedis(), pool, new People(pool), backends, dir, file);
  }

  get crm(): ScriptedBackend {
    return this.backends['crm']!;
  }

  /** Call it before there is anything to deliver: from then on the worker's connectors are the scripted ones. */
  async startWorker(
    pipelines: Readonly<Record<string, unknown>> = {},
    clock?: Clock,
  ): Promise<INestApplicationContext> {
    const worker = await startWorker({
      ...(clock ? { clock } : {}),
      databaseUrl: this.databaseUrl,
      redisUrl: this.redisUrl,
      destinationsFile: this.destinationsFile,
      mappingsDir: this.mappingsDir,
      pipelines,
    });
    worker.get(Destinations).connector = (name) => this.backends[name]!;
    this.workers.push(worker);
    return worker;
  }

  async stop(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.close()));
    await this.pool.end();
  }

  ledger(mapping: string): Promise<Ledger> {
    return ledgerOf(this.pool, mapping);
  }

  /** Waits until a mapping has so many records in these states. */
  until(mapping: string, states: Partial<Ledger['states']>): Promise<Ledger> {
    return waitFor(
      () => this.ledger(mapping),
      (ledger) => Object.entries(states).every(([state, n]) => ledger.states[state as 'sent'] === n),
    );
  }

  async delivery(mapping: string, key?: string): Promise<{ state: string; reason: { code: string } | null }> {
    const { rows } = await this.pool.query<{ state: string; reason: string | null }>(
      'select state, reason from deliveries where mapping = $1 and ($2::uuid is null or key = $2)',
      [mapping, key],
    );
    return {
      state: rows[0]!.state,
      reason: JSON.parse(rows[0]!.reason ?? 'null') as { code: string } | null,
    };
  }
}

export const MAPPING_OF_LEADS = `mapping: crm.lead
stream: person
destination: crm
object: Lead
operation: upsert
when: consent.granted("marketing")
whenNot: delete
match: { by: [Email], onMany: reject }
key: { field: Foyer_Id, value: person.id }
fields:
  Email: person.email
  Name: person.firstName
`;
