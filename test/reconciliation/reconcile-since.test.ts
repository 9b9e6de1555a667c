import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Run } from '../../src/reconciliation/read-runs.js';
import { waitFor } from '../support/wait-for.js';
import { MAPPING, named, PEOPLE, ReconciledLeads } from './reconciled-leads.js';

const LATER = { code: 'later', message: 'The backend is busy.', owner: 'backend' } as const;

let leads: ReconciledLeads;

beforeEach(async () => {
  leads = await ReconciledLeads.start();
});

afterEach(() => leads.stop());

describe('A run after a full one', () => {
  const kindOf = ({ certificate }: Run): string => certificate!.kind;

  it('compares what moved since, and says so', async () => {
    const { run: first } = await leads.run();
    expect(first.certificate).toMatchObject({ kind: 'full', basedOn: null, counts: { afresh: PEOPLE } });
    const { run: second, found } = await leads.run();
    expect(found).toEqual([]);
    expect(second.certificate).toMatchObject({
      kind: 'since',
      basedOn: first.id,
      counts: { compared: PEOPLE, afresh: 0, moving: 0, theirs: PEOPLE, cleared: 0 },
    });
  });

  it('finds every planted difference of eight kinds and none besides, and mends them', async () => {
    await leads.run();
    const planted = await leads.plant();
    const { run: second, found } = await leads.run();
    expect(kindOf(second)).toBe('since');
    expect(named(found)).toEqual(planted);
    const third = await leads.run();
    expect(kindOf(third.run)).toBe('since');
    expect(named(third.found)).toEqual(planted);
    await leads.reconciliations.repair(third.run.id, { remove: true });
    await leads.rig.until(MAPPING, { verified: PEOPLE });
    const { run: last, found: left } = await leads.run();
    expect(kindOf(last)).toBe('since');
    expect(left).toEqual([]);
    expect(last.certificate!.counts.compared).toBe(PEOPLE);
  });

  it('finds again what a full one found and nobody repaired', async () => {
    const planted = await leads.plant();
    expect(named((await leads.run()).found)).toEqual(planted);
    const { run: second, found } = await leads.run();
    expect(kindOf(second)).toBe('since');
    expect(named(found)).toEqual(planted);
  });

  it('has nothing against what moved on both sides', async () => {
    await leads.run();
    const { rows } = await leads.rig.pool.query<{ id: string }>('select id from registrations order by id');
    for (const { id } of rows.slice(0, 10)) await leads.rig.people.rename(id, 'Moved');
    await leads.rig.until(MAPPING, { verified: PEOPLE });
    await waitFor(
      () =>
        Promise.resolve(leads.rig.crm.all('Lead').filter(({ fields }) => fields['Name'] === 'Moved').length),
      (n) => n === 10,
    );
    const { run: second, found } = await leads.run();
    expect(found).toEqual([]);
    expect(second.certificate).toMatchObject({ kind: 'since', counts: { compared: PEOPLE, afresh: 10 } });
  });

  it('counts once what the backend lists twice', async () => {
    await leads.run();
    leads.objectOf(leads.keys[0]!).fields['Name'] = 'Changed there';
    const list = leads.rig.crm.list.bind(leads.rig.crm);
    leads.rig.crm.list = async (...asked) => {
      const page = await list(...asked);
      return { ...page, records: page.records.flatMap((one) => [one, one]) };
    };
    const { run: second, found } = await leads.run();
    expect(named(found)).toEqual([`drifted ${leads.keys[0]}`]);
    expect(second.certificate).toMatchObject({
      kind: 'since',
      counts: { compared: PEOPLE, afresh: 1, moving: 0 },
    });
  });

  it('claims nothing of what is on its way, and compares it once it is there', async () => {
    leads.rig.crm.script = () => ({ kind: 'retry', afterMs: 3_600_000, reason: LATER });
    const [event] = (await leads.rig.pool.query<{ id: string }>('select id from events')).rows;
    const [late] = await leads.rig.people.register(event!.id, ['late@example.com']);
    await leads.rig.until(MAPPING, { retrying: 1 });
    expect((await leads.run()).run.certificate!.counts).toMatchObject({ compared: PEOPLE, moving: 1 });
    const { run: second } = await leads.run();
    expect(second.certificate).toMatchObject({ kind: 'since', counts: { compared: PEOPLE, moving: 1 } });
    leads.rig.crm.script = () => undefined;
    await leads.rig.pool.query(`update deliveries set next_attempt_at = now() where state = 'retrying'`);
    // The lane does not look at its deliveries again before it has a reason to.
    await leads.rig.people.rename(late!, 'Later');
    await leads.rig.until(MAPPING, { verified: PEOPLE + 1 });
    const { run: third, found } = await leads.run();
    expect(found).toEqual([]);
    expect(third.certificate).toMatchObject({ kind: 'since', counts: { compared: PEOPLE + 1, moving: 0 } });
  });

  it('is a full one where the backend marks no changes', async () => {
    leads.rig.crm.hasMarks = false;
    await leads.run();
    expect(kindOf((await leads.run()).run)).toBe('full');
  });

  it('is a full one of another version of the mapping', async () => {
    await leads.run();
    await leads.rig.pool.query('update reconciliation_notes set mapping_version = 0');
    expect(kindOf((await leads.run()).run)).toBe('full');
  });

  it('is a full one after as many runs as the settings say', async () => {
    leads.settings.reconciliation.fullEvery = 3;
    const kinds: string[] = [];
    for (let i = 0; i < 5; i++) kinds.push(kindOf((await leads.run()).run));
    expect(kinds).toEqual(['full', 'since', 'since', 'full', 'since']);
  });

  it('looks at whatever nothing is noted of', async () => {
    await leads.run();
    await leads.rig.pool.query('update reconciliation_notes set notes = substr(notes, 1, 52 * 20)');
    const { run: second, found } = await leads.run();
    expect(found).toEqual([]);
    expect(second.certificate).toMatchObject({
      kind: 'since',
      counts: { compared: PEOPLE, afresh: PEOPLE - 20 },
    });
  });

  it('is a full one where that is asked for', async () => {
    await leads.run();
    expect(kindOf((await leads.run(true)).run)).toBe('full');
  });
});
