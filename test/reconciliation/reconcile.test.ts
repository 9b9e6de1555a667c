import { SchedulerRegistry } from '@nestjs/schedule';
import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AllCalls } from '../../src/pipelines/all-calls.js';
import { AppliedMappings } from '../../src/pipelines/applied-mappings.js';
import { Destinations } from '../../src/pipelines/destinations.js';
import { systemClock } from '../../src/platform/clock.js';
import { Settings } from '../../src/platform/config/settings.js';
import { createLogger } from '../../src/platform/logger.js';
import type { ScheduledRepair } from '../../src/platform/scheduler/schedule.js';
import { Scheduler } from '../../src/platform/scheduler/scheduler.js';
import { DISCREPANCY_KINDS } from '../../src/reconciliation/discrepancy.js';
import {
  type DiscrepancyView,
  findRun,
  listDiscrepancies,
  listRuns,
  type Run,
} from '../../src/reconciliation/read-runs.js';
import { ReconciliationSchedules } from '../../src/reconciliation/reconciliation-schedules.js';
import { Reconciliations } from '../../src/reconciliation/reconciliations.js';
import { MAPPING_OF_LEADS, ScriptedRig } from '../pipelines/scripted-rig.js';
import { waitFor } from '../support/wait-for.js';

const MAPPING = 'crm.lead';
const EACH = 3;
const PEOPLE = 60;

let rig: ScriptedRig;
let reconciliations: Reconciliations;
let schedules: ReconciliationSchedules;
let settings: Settings;
let calls: AllCalls;
let keys: string[];

beforeEach(async () => {
  rig = await ScriptedRig.start({ lead: MAPPING_OF_LEADS });
  const worker = await rig.startWorker();
  const [destinations, logger] = [worker.get(Destinations), createLogger('fatal')];
  const applied = worker.get(AppliedMappings);
  calls = new AllCalls(destinations, rig.pool, systemClock, logger);
  settings = worker.get(Settings);
  reconciliations = new Reconciliations(
    rig.pool,
    systemClock,
    logger,
    applied,
    destinations,
    calls,
    settings,
  );
  const scheduler = new Scheduler(new SchedulerRegistry(), settings, systemClock, logger);
  schedules = new ReconciliationSchedules(scheduler, reconciliations, applied, destinations, logger);
  const event = await rig.people.event('reconciled');
  await rig.people.register(
    event,
    Array.from({ length: PEOPLE }, (_, i) => `person${i}@example.com`),
  );
  await rig.until(MAPPING, { verified: PEOPLE });
  keys = rig.crm.all('Lead').map(({ key }) => key!);
});

afterEach(() => rig.stop());

async function run(): Promise<{ run: Run; found: DiscrepancyView[] }> {
  const id = await reconciliations.begin(MAPPING, 'test');
  await reconciliations.quiet();
  const done = (await findRun(rig.pool, id))!;
  expect(done).toMatchObject({ state: 'done', failure: null });
  return { run: done, found: await listDiscrepancies(rig.pool, id, 1_000, -1) };
}

const objectOf = (key: string) => rig.crm.all('Lead').find((one) => one.key === key)!;
const take = (): string[] => keys.splice(0, EACH);

function forget(key: string): void {
  rig.crm.all('Lead').splice(rig.crm.all('Lead').indexOf(objectOf(key)), 1);
}

/** Three differences of each kind. @returns what a run must find, as `kind key` */
async function plant(): Promise<string[]> {
  const planted: string[] = [];
  const note = (kind: string, key: string): void => void planted.push(`${kind} ${key}`);
  for (const key of take()) {
    forget(key);
    note('deleted', key);
  }
  for (const key of take()) {
    forget(key);
    await rig.pool.query('update deliveries set target_id = null where key = $1', [key]);
    note('missing', key);
  }
  for (const key of take()) {
    objectOf(key).fields['Name'] = 'Changed there';
    note('drifted', key);
  }
  for (const key of take()) {
    objectOf(key).fields['Name'] = 'Before';
    await rig.pool.query(
      `update deliveries set shadow = (shadow::jsonb || '{"Name":"Before"}')::text where key = $1`,
      [key],
    );
    note('stale', key);
  }
  for (const key of take()) {
    const { fields } = objectOf(key);
    forget(key);
    rig.crm.stand('Lead', fields, key);
    note('merged', key);
  }
  for (const key of take()) {
    rig.crm.stand('Lead', { ...objectOf(key).fields }, key);
    note('duplicate', key);
  }
  for (const key of take()) {
    await rig.pool.query('delete from deliveries where key = $1', [key]);
    note('unaccounted', key);
  }
  for (let i = 0; i < EACH; i++) {
    rig.crm.stand('Lead', { Email: `nobody${i}@example.com`, Name: 'Nobody' }, `nobody-${i}`);
    note('extra', `nobody-${i}`);
  }
  return planted.sort();
}

const LATER = { code: 'later', message: 'The backend is busy.', owner: 'backend' } as const;

const named = (found: readonly DiscrepancyView[]): string[] =>
  found.map(({ kind, key, targetKey }) => `${kind} ${key ?? targetKey}`).sort();

describe('A reconciliation', () => {
  it('finds nothing where both sides agree, and certifies it', async () => {
    const { run: done, found } = await run();
    expect(found).toEqual([]);
    expect(done.certificate!.counts).toMatchObject({ compared: PEOPLE, theirs: PEOPLE, moving: 0 });
  });

  it('finds every planted difference of eight kinds and none besides, and repairs them in one pass', async () => {
    const planted = await plant();
    const { run: first, found } = await run();
    expect(named(found)).toEqual(planted);
    expect(Object.keys(first.certificate!.discrepancies)).toEqual([...DISCREPANCY_KINDS]);
    const drifted = found.find(({ kind }) => kind === 'drifted')!;
    expect(drifted.fields).toEqual([
      { field: 'Name', theirs: 'Changed there', ours: 'Ana', lastWritten: 'Ana', owner: 'foyer' },
    ]);

    const { left } = await reconciliations.repair(first.id, { remove: true });
    expect(left).toBe(0);
    await waitFor(
      async () => {
        const { rows } = await rig.pool.query<{ n: number }>('select count(*)::int as n from redeliveries');
        return { asked: rows[0]!.n, states: (await rig.ledger(MAPPING)).states };
      },
      ({ asked, states }) => asked === 0 && states.verified === PEOPLE,
    );
    const second = await run();
    expect(second.found).toEqual([]);
    expect(rig.crm.all('Lead')).toHaveLength(PEOPLE);
    const ledger = await rig.ledger(MAPPING);
    expect(ledger.unaccounted).toBe(0);
  });

  it('takes a turn at the destination for each call, as everything does that calls there', async () => {
    const before = rig.crm.calls;
    await run();
    expect(rig.crm.calls).toBeGreaterThan(before);
    expect(calls.to('crm').limiter.takeCount().calls).toBe(rig.crm.calls - before);
  });

  it('takes nothing away unless asked to', async () => {
    rig.crm.stand('Lead', { Email: 'nobody@example.com' }, 'nobody');
    const { run: done } = await run();
    expect(await reconciliations.repair(done.id, {})).toEqual({ repaired: 0, left: 1 });
    expect(rig.crm.all('Lead')).toHaveLength(PEOPLE + 1);
  });

  it('reports nothing that moved under it', async () => {
    const list = rig.crm.list.bind(rig.crm);
    let isFirst = true;
    rig.crm.readBackLimit = 20;
    rig.crm.list = async (...asked) => {
      const page = await list(...asked);
      if (isFirst) {
        isFirst = false;
        const { rows } = await rig.pool.query<{ id: string }>('select id from registrations order by id');
        for (const { id } of rows.slice(0, 10)) await rig.people.rename(id, 'Moved');
        await rig.until(MAPPING, { verified: PEOPLE });
      }
      return page;
    };
    const { run: done, found } = await run();
    expect(found).toEqual([]);
    expect(done.certificate!.counts.compared).toBe(PEOPLE);
  });

  it('can be checked by a script that shares nothing with it', async () => {
    await plant();
    const { run: done, found } = await run();
    const folder = mkdtempSync(path.join(tmpdir(), 'foyer-certificate-'));
    const file = (name: string, text: string): string => {
      writeFileSync(path.join(folder, name), text);
      return path.join(folder, name);
    };
    const lines = (of: readonly object[]): string => of.map((one) => `${JSON.stringify(one)}\n`).join('');
    const check = (run: object, of: readonly object[]) =>
      promisify(execFile)(process.execPath, [
        'scripts/check-certificate.mjs',
        file('run.json', JSON.stringify(run)),
        file('found.ndjson', lines(of)),
      ]);
    expect((await check(done, found)).stdout).toContain(`${PEOPLE - EACH} records compared`);
    await expect(check(done, found.slice(1))).rejects.toThrow('not those of this run');
    const counts = { ...done.certificate!.counts, compared: 1 };
    await expect(check({ certificate: { ...done.certificate, counts } }, found)).rejects.toThrow('changed');
  });
});

describe('A run after a full one', () => {
  const kindOf = ({ certificate }: Run): string => certificate!.kind;

  it('compares what moved since, and says so', async () => {
    const { run: first } = await run();
    expect(first.certificate).toMatchObject({ kind: 'full', basedOn: null, counts: { afresh: PEOPLE } });
    const { run: second, found } = await run();
    expect(found).toEqual([]);
    expect(second.certificate).toMatchObject({
      kind: 'since',
      basedOn: first.id,
      counts: { compared: PEOPLE, afresh: 0, moving: 0, theirs: PEOPLE, cleared: 0 },
    });
  });

  it('finds every planted difference of eight kinds and none besides, and mends them', async () => {
    await run();
    const planted = await plant();
    const { run: second, found } = await run();
    expect(kindOf(second)).toBe('since');
    expect(named(found)).toEqual(planted);
    const third = await run();
    expect(kindOf(third.run)).toBe('since');
    expect(named(third.found)).toEqual(planted);
    await reconciliations.repair(third.run.id, { remove: true });
    await rig.until(MAPPING, { verified: PEOPLE });
    const { run: last, found: left } = await run();
    expect(kindOf(last)).toBe('since');
    expect(left).toEqual([]);
    expect(last.certificate!.counts.compared).toBe(PEOPLE);
  });

  it('finds again what a full one found and nobody repaired', async () => {
    const planted = await plant();
    expect(named((await run()).found)).toEqual(planted);
    const { run: second, found } = await run();
    expect(kindOf(second)).toBe('since');
    expect(named(found)).toEqual(planted);
  });

  it('has nothing against what moved on both sides', async () => {
    await run();
    const { rows } = await rig.pool.query<{ id: string }>('select id from registrations order by id');
    for (const { id } of rows.slice(0, 10)) await rig.people.rename(id, 'Moved');
    await rig.until(MAPPING, { verified: PEOPLE });
    await waitFor(
      () => Promise.resolve(rig.crm.all('Lead').filter(({ fields }) => fields['Name'] === 'Moved').length),
      (n) => n === 10,
    );
    const { run: second, found } = await run();
    expect(found).toEqual([]);
    expect(second.certificate).toMatchObject({ kind: 'since', counts: { compared: PEOPLE, afresh: 10 } });
  });

  it('claims nothing of what is on its way, and compares it once it is there', async () => {
    rig.crm.script = () => ({ kind: 'retry', afterMs: 3_600_000, reason: LATER });
    const [event] = (await rig.pool.query<{ id: string }>('select id from events')).rows;
    const [late] = await rig.people.register(event!.id, ['late@example.com']);
    await rig.until(MAPPING, { retrying: 1 });
    expect((await run()).run.certificate!.counts).toMatchObject({ compared: PEOPLE, moving: 1 });
    const { run: second } = await run();
    expect(second.certificate).toMatchObject({ kind: 'since', counts: { compared: PEOPLE, moving: 1 } });
    rig.crm.script = () => undefined;
    await rig.pool.query(`update deliveries set next_attempt_at = now() where state = 'retrying'`);
    // The lane does not look at its deliveries again before it has a reason to.
    await rig.people.rename(late!, 'Later');
    await rig.until(MAPPING, { verified: PEOPLE + 1 });
    const { run: third, found } = await run();
    expect(found).toEqual([]);
    expect(third.certificate).toMatchObject({ kind: 'since', counts: { compared: PEOPLE + 1, moving: 0 } });
  });

  it('is a full one where the backend marks no changes', async () => {
    rig.crm.hasMarks = false;
    await run();
    expect(kindOf((await run()).run)).toBe('full');
  });

  it('is a full one of another version of the mapping', async () => {
    await run();
    await rig.pool.query('update reconciliation_notes set mapping_version = 0');
    expect(kindOf((await run()).run)).toBe('full');
  });

  it('is a full one after as many runs as the settings say', async () => {
    settings.reconciliation.fullEvery = 3;
    const kinds: string[] = [];
    for (let i = 0; i < 5; i++) kinds.push(kindOf((await run()).run));
    expect(kinds).toEqual(['full', 'since', 'since', 'full', 'since']);
  });

  it('looks at whatever nothing is noted of', async () => {
    await run();
    await rig.pool.query('update reconciliation_notes set notes = substr(notes, 1, 52 * 20)');
    const { run: second, found } = await run();
    expect(found).toEqual([]);
    expect(second.certificate).toMatchObject({
      kind: 'since',
      counts: { compared: PEOPLE, afresh: PEOPLE - 20 },
    });
  });

  it('is a full one where that is asked for', async () => {
    await run();
    const id = await reconciliations.begin(MAPPING, 'test', true);
    await reconciliations.quiet();
    expect(kindOf((await findRun(rig.pool, id))!)).toBe('full');
  });
});

describe('A slot of a schedule', () => {
  const runSlot = (slot: string, repair: ScheduledRepair = 'none'): Promise<void> => {
    const schedule = { name: 'nightly', cron: '0 3 * * *', timeZone: 'UTC', reconcile: [MAPPING], repair };
    return schedules.runSlot(schedule, new Date(slot));
  };
  const ran = async (): Promise<Run[]> =>
    (await listRuns(rig.pool, 100, null)).filter(({ schedule }) => schedule === 'nightly');

  it('is run once, however many ask for it at the same moment, and again at the next', async () => {
    await Promise.all(Array.from({ length: 5 }, () => runSlot('2100-01-01T03:00:00Z')));
    expect(await ran()).toMatchObject([{ state: 'done', mapping: MAPPING }]);
    await runSlot('2100-01-01T03:00:00Z');
    expect(await ran()).toHaveLength(1);
    await runSlot('2100-01-02T03:00:00Z');
    expect(await ran()).toHaveLength(2);
  });

  it('is given back by a run whose process stopped', async () => {
    await runSlot('2100-01-01T03:00:00Z');
    await rig.pool.query(
      `update reconciliations set state = 'running', seen_at = now() - interval '2 minutes', certificate = null`,
    );
    await runSlot('2100-01-01T03:00:00Z');
    expect((await ran()).map(({ state }) => state)).toEqual(['done', 'failed']);
  });

  it('before the mapping was in force is not made good', async () => {
    await runSlot('2001-01-01T03:00:00Z');
    expect(await ran()).toEqual([]);
  });

  it.each<[ScheduledRepair, number, number]>([
    ['none', 0, 2],
    ['write', 1, 1],
    ['remove', 2, 0],
  ])('repairs what its schedule says: %s', async (repair, repaired, left) => {
    objectOf(keys[0]!).fields['Name'] = 'Changed there';
    rig.crm.stand('Lead', { Email: 'nobody@example.com' }, 'nobody');
    await runSlot('2100-01-01T03:00:00Z', repair);
    const [run] = await ran();
    const found = await listDiscrepancies(rig.pool, run!.id, 10, -1);
    expect(found.filter(({ repairedAt }) => repairedAt !== null)).toHaveLength(repaired);
    expect(found.filter(({ repairedAt }) => repairedAt === null)).toHaveLength(left);
    expect(rig.crm.all('Lead')).toHaveLength(repair === 'remove' ? PEOPLE : PEOPLE + 1);
    if (repair === 'none') return;
    await waitFor(
      () => Promise.resolve(objectOf(keys[0]!).fields['Name']),
      (name) => name === 'Ana',
    );
  });
});
