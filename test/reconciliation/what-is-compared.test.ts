import { register } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listDiscrepancies } from '../../src/reconciliation/read-runs.js';
import { ReconciliationMetrics } from '../../src/reconciliation/reconciliation-metrics.js';
import { PEOPLE, ReconciledLeads } from './reconciled-leads.js';

const GUESTS = `mapping: crm.guest
stream: person
destination: crm
object: Guest
operation: upsert
when: consent.granted("marketing")
whenNot: keep
needs: [crm.lead]
key: { field: Foyer_Id, value: target("crm.lead").id + "/guest" }
fields:
  Lead: target("crm.lead").id
  Name: person.firstName
`;

let leads: ReconciledLeads;
beforeAll(async () => {
  leads = await ReconciledLeads.start({ guest: GUESTS });
  await leads.rig.until('crm.guest', { verified: PEOPLE });
});
afterAll(() => leads.stop());

describe('A comparison of records that wait for others', () => {
  it('finds what was not written anew, and what has no delivery, though both are made of their parents', async () => {
    const { crm, pool } = leads.rig;
    const [stale, alone] = crm.all('Guest');
    stale!.fields['Name'] = 'Before';
    await pool.query(
      `update deliveries set shadow = (shadow::jsonb || '{"Name":"Before"}')::text
        where mapping = 'crm.guest' and target_id = $1`,
      [stale!.id],
    );
    await pool.query(`delete from deliveries where mapping = 'crm.guest' and target_id = $1`, [alone!.id]);
    const { id } = await leads.reconciliations.begin('crm.guest', 'test', true);
    await leads.reconciliations.quiet();
    const found = await listDiscrepancies(pool, id, 1_000, -1);
    expect(found.map(({ kind, targetKey }) => [kind, targetKey]).sort()).toEqual([
      ['stale', stale!.key],
      ['unaccounted', null],
    ]);
    expect(found.find(({ kind }) => kind === 'stale')!.fields).toMatchObject([
      { field: 'Name', theirs: 'Before' },
    ]);
  });
});

describe('A backend that lists nothing', () => {
  it('has no number for what nobody can look for there, in the certificate and in the metrics', async () => {
    const { crm, pool } = leads.rig;
    crm.stand('Lead', { Email: 'nobody@example.com' }, 'nobody');
    Object.assign(crm, { list: undefined });
    const { run, found } = await leads.run(true);
    const metrics = new ReconciliationMetrics(pool);
    const shown = await register.metrics();
    metrics.onModuleDestroy();
    expect(found).toEqual([]);
    expect(run.certificate).toMatchObject({ coverage: 'read-back', notLookedFor: ['extra', 'duplicate'] });
    expect(run.certificate!.discrepancies).toEqual(expect.not.objectContaining({ extra: 0 }));
    expect(shown).toContain('foyer_discrepancies{mapping="crm.lead",kind="missing"} 0');
    expect(shown).not.toContain('{mapping="crm.lead",kind="extra"}');
  });
});
