import { SchedulerRegistry } from '@nestjs/schedule';
import { expect } from 'vitest';
import { AllCalls } from '../../src/pipelines/all-calls.js';
import { AppliedMappings } from '../../src/pipelines/applied-mappings.js';
import { Destinations } from '../../src/pipelines/destinations.js';
import { systemClock } from '../../src/platform/clock.js';
import { Settings } from '../../src/platform/config/settings.js';
import { createLogger } from '../../src/platform/logger.js';
import { Scheduler } from '../../src/platform/scheduler/scheduler.js';
import {
  type DiscrepancyView,
  findRun,
  listDiscrepancies,
  type Run,
} from '../../src/reconciliation/read-runs.js';
import { ReconciliationSchedules } from '../../src/reconciliation/reconciliation-schedules.js';
import { Reconciliations } from '../../src/reconciliation/reconciliations.js';
import { MAPPING_OF_LEADS, ScriptedRig } from '../pipelines/scripted-rig.js';

export const MAPPING = 'crm.lead';
export const PEOPLE = 60;
/** Of each kind of difference so many are planted. */
export const EACH = 3;

/** Leads of one mapping that stand verified at a scripted backend, and what compares them. */
export class ReconciledLeads {
  private constructor(
    readonly rig: ScriptedRig,
    readonly reconciliations: Reconciliations,
    readonly schedules: ReconciliationSchedules,
    readonly settings: Settings,
    readonly calls: AllCalls,
    /** Of the records that nothing was done to yet. */
    readonly keys: string[],
  ) {}

  /** @param further mapping files beside that of leads, by name */
  static async start(further: Readonly<Record<string, string>> = {}): Promise<ReconciledLeads> {
    const rig = await ScriptedRig.start({ lead: MAPPING_OF_LEADS, ...further });
    const worker = await rig.startWorker();
    const [destinations, logger] = [worker.get(Destinations), createLogger('fatal')];
    const [applied, settings] = [worker.get(AppliedMappings), worker.get(Settings)];
    const calls = new AllCalls(destinations, rig.pool, systemClock, logger);
    const reconciliations = new Reconciliations(
      rig.pool,
      systemClock,
      logger,
      applied,
      destinations,
      calls,
      settings,
    );
    const scheduler = new Scheduler(new SchedulerRegistry(), settings, systemClock, logger);
    const schedules = new ReconciliationSchedules(scheduler, reconciliations, applied, destinations, logger);
    const event = await rig.people.event('reconciled');
    await rig.people.register(
      event,
      Array.from({ length: PEOPLE }, (_, i) => `person${i}@example.com`),
    );
    await rig.until(MAPPING, { verified: PEOPLE });
    const keys = rig.crm.all('Lead').map(({ key }) => key!);
    return new ReconciledLeads(rig, reconciliations, schedules, settings, calls, keys);
  }

  stop(): Promise<void> {
    return this.rig.stop();
  }

  async run(isFull = false): Promise<{ run: Run; found: DiscrepancyView[] }> {
    const { id } = await this.reconciliations.begin(MAPPING, 'test', isFull);
    await this.reconciliations.quiet();
    const run = (await findRun(this.rig.pool, id))!;
    expect(run).toMatchObject({ state: 'done', failure: null });
    return { run, found: await listDiscrepancies(this.rig.pool, id, 1_000, -1) };
  }

  objectOf(key: string) {
    return this.rig.crm.all('Lead').find((one) => one.key === key)!;
  }

  /** Three differences of each kind. @returns what a run must find, as `kind key` */
  async plant(): Promise<string[]> {
    const planted: string[] = [];
    const note = (kind: string, key: string): void => void planted.push(`${kind} ${key}`);
    for (const key of this.take()) {
      this.forget(key);
      note('deleted', key);
    }
    for (const key of this.take()) {
      this.forget(key);
      await this.rig.pool.query('update deliveries set target_id = null where key = $1', [key]);
      note('missing', key);
    }
    for (const key of this.take()) {
      this.objectOf(key).fields['Name'] = 'Changed there';
      note('drifted', key);
    }
    for (const key of this.take()) {
      this.objectOf(key).fields['Name'] = 'Before';
      await this.rig.pool.query(
        `update deliveries set shadow = (shadow::jsonb || '{"Name":"Before"}')::text where key = $1`,
        [key],
      );
      note('stale', key);
    }
    for (const key of this.take()) {
      const { fields } = this.objectOf(key);
      this.forget(key);
      this.rig.crm.stand('Lead', fields, key);
      note('merged', key);
    }
    for (const key of this.take()) {
      this.rig.crm.stand('Lead', { ...this.objectOf(key).fields }, key);
      note('duplicate', key);
    }
    for (const key of this.take()) {
      await this.rig.pool.query('delete from deliveries where key = $1', [key]);
      note('unaccounted', key);
    }
    for (let i = 0; i < EACH; i++) {
      this.rig.crm.stand('Lead', { Email: `nobody${i}@example.com`, Name: 'Nobody' }, `nobody-${i}`);
      note('extra', `nobody-${i}`);
    }
    return planted.sort();
  }

  private take(): string[] {
    return this.keys.splice(0, EACH);
  }

  private forget(key: string): void {
    const all = this.rig.crm.all('Lead');
    all.splice(all.indexOf(this.objectOf(key)), 1);
  }
}

export const named = (found: readonly DiscrepancyView[]): string[] =>
  found.map(({ kind, key, targetKey }) => `${kind} ${key ?? targetKey}`).sort();
