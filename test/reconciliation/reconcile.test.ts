import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { faultOf } from '../../src/reconciliation/certificate.js';
import { DISCREPANCY_KINDS } from '../../src/reconciliation/discrepancy.js';
import { waitFor } from '../support/wait-for.js';
import { EACH, MAPPING, named, PEOPLE, ReconciledLeads } from './reconciled-leads.js';

let leads: ReconciledLeads;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Standard JSON, with the names of each object in order. */
function sorted(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
}

beforeEach(async () => {
  leads = await ReconciledLeads.start();
});

afterEach(() => leads.stop());

describe('A reconciliation', () => {
  it('finds nothing where both sides agree, and certifies it', async () => {
    const { run: done, found } = await leads.run();
    expect(found).toEqual([]);
    expect(done.certificate!.counts).toMatchObject({ compared: PEOPLE, theirs: PEOPLE, moving: 0 });
  });

  it('finds every planted difference of eight kinds and none besides, and repairs them in one pass', async () => {
    const planted = await leads.plant();
    const { run: first, found } = await leads.run();
    expect(named(found)).toEqual(planted);
    expect(Object.keys(first.certificate!.discrepancies)).toEqual([...DISCREPANCY_KINDS]);
    const drifted = found.find(({ kind }) => kind === 'drifted')!;
    expect(drifted.fields).toEqual([
      { field: 'Name', theirs: 'Changed there', ours: 'Ana', lastWritten: 'Ana', owner: 'foyer' },
    ]);

    const { left } = await leads.reconciliations.repair(first.id, { remove: true });
    expect(left).toBe(0);
    await waitFor(
      async () => {
        const { rows } = await leads.rig.pool.query<{ n: number }>(
          'select count(*)::int as n from redeliveries',
        );
        return { asked: rows[0]!.n, states: (await leads.rig.ledger(MAPPING)).states };
      },
      ({ asked, states }) => asked === 0 && states.verified === PEOPLE,
    );
    const second = await leads.run();
    expect(second.found).toEqual([]);
    expect(leads.rig.crm.all('Lead')).toHaveLength(PEOPLE);
    const ledger = await leads.rig.ledger(MAPPING);
    expect(ledger.unaccounted).toBe(0);
  });

  it('takes a turn at the destination for each call, as everything does that calls there', async () => {
    const before = leads.rig.crm.calls;
    await leads.run();
    expect(leads.rig.crm.calls).toBeGreaterThan(before);
    expect(leads.calls.to('crm').limiter.takeCount().calls).toBe(leads.rig.crm.calls - before);
  });

  it('takes nothing away unless asked to', async () => {
    leads.rig.crm.stand('Lead', { Email: 'nobody@example.com' }, 'nobody');
    const { run: done } = await leads.run();
    expect(await leads.reconciliations.repair(done.id, {})).toEqual({ repaired: 0, left: 1 });
    expect(leads.rig.crm.all('Lead')).toHaveLength(PEOPLE + 1);
  });

  it('reports nothing that moved under it', async () => {
    const list = leads.rig.crm.list.bind(leads.rig.crm);
    let isFirst = true;
    leads.rig.crm.readBackLimit = 20;
    leads.rig.crm.list = async (...asked) => {
      const page = await list(...asked);
      if (isFirst) {
        isFirst = false;
        const { rows } = await leads.rig.pool.query<{ id: string }>(
          'select id from registrations order by id',
        );
        for (const { id } of rows.slice(0, 10)) await leads.rig.people.rename(id, 'Moved');
        await leads.rig.until(MAPPING, { verified: PEOPLE });
      }
      return page;
    };
    const { run: done, found } = await leads.run();
    expect(found).toEqual([]);
    expect(done.certificate!.counts.compared).toBe(PEOPLE);
  });

  it('has nothing against a record whose delivery is not settled yet', async () => {
    const { crm, people, pool } = leads.rig;
    const readBack = crm.readBack.bind(crm);
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    crm.readBack = async (...asked) => {
      await held;
      return readBack(...asked);
    };
    const list = crm.list.bind(crm);
    let isFirst = true;
    crm.list = async (...asked) => {
      if (isFirst) {
        isFirst = false;
        await people.register(await people.event('late'), ['late@example.com']);
        await waitFor(
          () => Promise.resolve(crm.all('Lead').length),
          (n) => n === PEOPLE + 1,
        );
      }
      return list(...asked);
    };
    const { run: done, found } = await leads.run();
    const { rows } = await pool.query('select from intents');
    letGo();
    expect(rows).toHaveLength(1);
    expect(found).toEqual([]);
    expect(done.certificate!.counts).toMatchObject({ theirs: PEOPLE + 1, cleared: 1 });
    await leads.rig.until(MAPPING, { verified: PEOPLE + 1 });
  });

  it('does not take away what has become a record of ours since', async () => {
    const stray = leads.rig.crm.stand('Lead', { Email: 'nobody@example.com' }, 'nobody');
    const { run: done } = await leads.run();
    await leads.rig.pool.query(
      `insert into target_claims (mapping, target_key, key) values ($1, 'nobody', new_id())`,
      [MAPPING],
    );
    expect(await leads.reconciliations.repair(done.id, { remove: true })).toEqual({ repaired: 0, left: 1 });
    expect(leads.rig.crm.all('Lead')).toContain(stray);
  });

  it('does not take away what somebody has changed since it was seen, and what is gone needs no taking', async () => {
    const { crm } = leads.rig;
    const [touched, left, gone] = ['touched', 'left', 'gone'].map((name) =>
      crm.stand('Lead', { Email: `${name}@example.com` }, name),
    );
    const copy = crm.stand('Lead', { Email: 'left@example.com' }, 'left');
    const { run: done, found } = await leads.run();
    expect(named(found)).toEqual(['duplicate left', 'extra gone', 'extra left', 'extra touched']);
    touched!.fields['Name'] = 'Somebody works with it';
    copy.fields['Name'] = 'With this as well';
    crm.all('Lead').splice(crm.all('Lead').indexOf(gone!), 1);
    expect(await leads.reconciliations.repair(done.id, { remove: true })).toEqual({ repaired: 2, left: 2 });
    expect(crm.all('Lead')).toEqual(expect.arrayContaining([touched, copy]));
    expect(crm.all('Lead')).not.toContain(left);
  });

  it('can be checked by a script that shares nothing with it', async () => {
    await leads.plant();
    const { run: done, found } = await leads.run();
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
    expect(faultOf(done.certificate!, leads.reconciliations.publicKeys())).toBeNull();
    const { run: since, found: again } = await leads.run();
    expect(since.certificate).toMatchObject({ kind: 'since', basedOn: done.id });
    expect((await check(since, again)).stdout).toContain(`${PEOPLE - EACH} records compared`);
    await expect(check(done, found.slice(1))).rejects.toThrow('not those of this run');
    const altered = found.map((one) => ({
      ...one,
      fields: one.fields.map((field) => ({ ...field, theirs: 'Altered' })),
    }));
    await expect(check(done, altered)).rejects.toThrow('not those of this run');
    // As runs before were certified: without a format, and without the fields.
    const { format: _format, sha256: _sha256, signature: _signature, ...old } = done.certificate!;
    old.discrepanciesSha256 = sha256(
      found
        .map(({ kind, key, targetKey, targetId }) => [kind, key ?? '', targetKey ?? '', targetId ?? ''])
        .map((columns) => `${columns.join('\t')}\n`)
        .join(''),
    );
    const counted = { certificate: { ...old, sha256: sha256(sorted(old)) } };
    expect((await check(counted, altered)).stdout).toContain(`${PEOPLE - EACH} records compared`);
    const counts = { ...done.certificate!.counts, compared: 1 };
    await expect(check({ certificate: { ...done.certificate, counts } }, found)).rejects.toThrow('changed');
  });
});
