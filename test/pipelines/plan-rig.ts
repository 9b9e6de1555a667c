import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AppliedPlan } from '../../src/pipelines/apply-plan.js';
import { digestOf } from '../../src/pipelines/plan-mapping.js';
import type { Plan } from '../../src/pipelines/plan.js';
import { type Answer, TestApp } from '../http/app.js';
import { destinationsFor } from '../support/destinations.js';
import { waitFor } from '../support/wait-for.js';
import { MAPPING, Rig } from './rig.js';

interface JournalItem {
  readonly n: number;
  readonly key: string;
  readonly outcome: string;
  readonly request: { readonly properties: Readonly<Record<string, string>> };
}

/** A rig with the api beside its worker, and mapping files of its own. */
export class PlanRig {
  private constructor(
    readonly rig: Rig,
    readonly app: TestApp,
    readonly mappingsDir: string,
  ) {}

  static async start(): Promise<PlanRig> {
    const rig = await Rig.start();
    const mappingsDir = mkdtempSync(path.join(tmpdir(), 'foyer-plans-'));
    cpSync('mappings', mappingsDir, { recursive: true });
    await rig.startWorker({ mappingsDir });
    const pipelines = { mappingsDir, destinationsFile: destinationsFor({ hubspot: rig.twin.url }) };
    // The worker's own Redis: what is applied rings there, and is not left to the sweep.
    const settings = { pipelines, redis: { url: rig.redisUrl } };
    const app = await TestApp.start({ databaseUrl: rig.databaseUrl, settings });
    return new PlanRig(rig, app, mappingsDir);
  }

  async stop(): Promise<void> {
    await this.app.stop();
    await this.rig.stop();
    rmSync(this.mappingsDir, { recursive: true, force: true });
  }

  get file(): string {
    return path.join(this.mappingsDir, 'hubspot.contact.yaml');
  }

  text(): string {
    return readFileSync(this.file, 'utf8');
  }

  edit(from: string, to: string): void {
    const text = this.text();
    if (!text.includes(from)) throw new Error(`${from} does not stand in the mapping`);
    writeFileSync(this.file, text.replace(from, to));
  }

  /** A contact as somebody changes it in HubSpot. */
  async editThere(key: string, properties: object): Promise<void> {
    const answer = await fetch(
      `${this.rig.twin.url}/crm/v3/objects/contacts/${key}?idProperty=foyer_person_id`,
      {
        method: 'PATCH',
        headers: { 'content-type': 'application/json', authorization: 'Bearer pat-twin-0000' },
        body: JSON.stringify({ properties }),
      },
    );
    if (!answer.ok) throw new Error(await answer.text());
  }

  async plan(body: object = {}): Promise<Plan> {
    const { body: plan } = await this.app.operator('POST', `/v1/mappings/${MAPPING}/plan`, body);
    return plan as unknown as Plan;
  }

  tryApply(body: object): Promise<Answer> {
    return this.app.call('POST', `/v1/mappings/${MAPPING}/apply`, {
      body,
      token: 'fk_operator-of-the-tests',
    });
  }

  async apply(plan: string, force = true): Promise<AppliedPlan> {
    const { body } = await this.app.operator('POST', `/v1/mappings/${MAPPING}/apply`, { plan, force });
    return body as unknown as AppliedPlan;
  }

  /** What a plan says it writes: digests by the key of the record. */
  async planned(plan: string): Promise<Map<string, string>> {
    const { rows } = await this.rig.pool.query<{ key: string; digest: string }>(
      'select key, digest from plan_records where plan = $1 and digest is not null',
      [plan],
    );
    return new Map(rows.map(({ key, digest }) => [key, digest]));
  }

  async journal(after = 0): Promise<JournalItem[]> {
    const answer = await fetch(`${this.rig.twin.url}/_twin/journal?limit=10000&cursor=${after}`);
    return ((await answer.json()) as { items: JournalItem[] }).items;
  }

  /** Waits until everything that was asked for again is delivered, and gives the ledger. */
  async settled(): ReturnType<Rig['settled']> {
    await waitFor(
      () => this.rig.pool.query('select 1 from redeliveries where mapping = $1 limit 1', [MAPPING]),
      ({ rows }) => rows.length === 0,
    );
    return this.rig.settled();
  }
}

/** What was written to HubSpot, in the form in which a plan keeps it: its texts made what the mapping gave. */
export function writtenDigest(item: JournalItem): string {
  const numbers = new Set(['foyer_event_count']);
  const fields = Object.entries(item.request.properties)
    .filter(([name]) => name !== 'foyer_person_id')
    .map(([name, value]) => [name, numbers.has(name) && value !== '' ? Number(value) : value] as const);
  return digestOf(Object.fromEntries(fields));
}
