import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ScheduledRepair } from '../../src/platform/scheduler/schedule.js';
import { listDiscrepancies, listRuns, type Run } from '../../src/reconciliation/read-runs.js';
import { MAPPING_OF_LEADS } from '../pipelines/scripted-rig.js';
import { waitFor } from '../support/wait-for.js';
import { MAPPING, PEOPLE, ReconciledLeads } from './reconciled-leads.js';

const CONTACTS = 'crm.contact';

let leads: ReconciledLeads;

beforeEach(async () => {
  const text = MAPPING_OF_LEADS.replace(MAPPING, CONTACTS).replace('object: Lead', 'object: Contact');
  leads = await ReconciledLeads.start({ contact: text });
  await leads.rig.until(CONTACTS, { verified: PEOPLE });
});

afterEach(() => leads.stop());

describe('A slot of a schedule', () => {
  const runSlot = (
    slot: string,
    repair: ScheduledRepair = 'none',
    reconcile: readonly string[] = [MAPPING],
  ): Promise<void> => {
    const schedule = { name: 'nightly', cron: '0 3 * * *', timeZone: 'UTC', reconcile, repair };
    return leads.schedules.runSlot(schedule, new Date(slot));
  };
  const ran = async (): Promise<Run[]> =>
    (await listRuns(leads.rig.pool, 100, null)).filter(({ schedule }) => schedule === 'nightly');

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
    await leads.rig.pool.query(
      `update reconciliations set state = 'running', seen_at = now() - interval '2 minutes', certificate = null`,
    );
    await runSlot('2100-01-01T03:00:00Z');
    expect((await ran()).map(({ state }) => state)).toEqual(['done', 'failed']);
  });

  it('is not taken from a run that is slow to look again', async () => {
    leads.rig.crm.stand('Lead', { Email: 'nobody@example.com' }, 'nobody');
    leads.objectOf(leads.keys[0]!).fields['Name'] = 'Changed there';
    const readBack = leads.rig.crm.readBack.bind(leads.rig.crm);
    const seenAt = async (): Promise<{ state: string; at: number }> => {
      const { rows } = await leads.rig.pool.query<{ state: string; at: number }>(
        'select state, extract(epoch from seen_at)::float8 as at from reconciliations',
      );
      return rows[0]!;
    };
    let isStillSeen = false;
    leads.rig.crm.readBack = async (...asked) => {
      const { at: before } = await seenAt();
      const { state } = await waitFor(seenAt, ({ at }) => at > before);
      isStillSeen = state === 'running';
      return readBack(...asked);
    };
    await runSlot('2100-01-01T03:00:00Z');
    expect(isStillSeen).toBe(true);
    expect(await ran()).toMatchObject([{ state: 'done' }]);
  });

  it('of one mapping that cannot be read or repaired does not keep the next from being compared', async () => {
    leads.rig.crm.stand('Contact', { Email: 'nobody@example.com' }, 'nobody');
    const list = leads.rig.crm.list.bind(leads.rig.crm);
    leads.rig.crm.list = (target, ...asked) =>
      target.object === 'Lead' ? Promise.reject(new Error('It is away.')) : list(target, ...asked);
    leads.rig.crm.remove = () => Promise.reject(new Error('It does not answer.'));
    await runSlot('2100-01-01T03:00:00Z', 'remove', [CONTACTS, MAPPING]);
    await runSlot('2100-01-02T03:00:00Z', 'remove', [CONTACTS, MAPPING]);
    const seen = (await ran()).map(({ mapping, state }) => `${mapping} ${state}`).sort();
    const each = [`${CONTACTS} done`, `${MAPPING} failed`];
    expect(seen).toEqual([...each, ...each].sort());
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
    leads.objectOf(leads.keys[0]!).fields['Name'] = 'Changed there';
    leads.rig.crm.stand('Lead', { Email: 'nobody@example.com' }, 'nobody');
    await runSlot('2100-01-01T03:00:00Z', repair);
    const [run] = await ran();
    const found = await listDiscrepancies(leads.rig.pool, run!.id, 10, -1);
    expect(found.filter(({ repairedAt }) => repairedAt !== null)).toHaveLength(repaired);
    expect(found.filter(({ repairedAt }) => repairedAt === null)).toHaveLength(left);
    expect(leads.rig.crm.all('Lead')).toHaveLength(repair === 'remove' ? PEOPLE : PEOPLE + 1);
    if (repair === 'none') return;
    await waitFor(
      () => Promise.resolve(leads.objectOf(leads.keys[0]!).fields['Name']),
      (name) => name === 'Ana',
    );
  });
});
