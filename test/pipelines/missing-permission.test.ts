import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Outcome } from '../../src/connectors/connector.js';
import { LOGGER, type Logger } from '../../src/platform/logger.js';
import { waitFor } from '../support/wait-for.js';
import { MAPPING_OF_LEADS, ScriptedRig } from './scripted-rig.js';

const FORBIDDEN: Outcome = {
  kind: 'unauthorised',
  isOfKind: true,
  reason: { code: 'FORBIDDEN', message: 'The app lacks a permission.', owner: 'backend', status: 403 },
};
const UNKNOWN: Outcome = {
  kind: 'unauthorised',
  reason: { code: 'INVALID_AUTHENTICATION', message: 'Renew the token.', owner: 'backend', status: 401 },
};
const GUESTS = MAPPING_OF_LEADS.replace('crm.lead', 'crm.guest').replace('object: Lead', 'object: Guest');

let rig: ScriptedRig;
beforeEach(async () => {
  rig = await ScriptedRig.start({ lead: MAPPING_OF_LEADS, guest: GUESTS });
});
afterEach(() => rig.stop());

const emails = (of: string) => Array.from({ length: 3 }, (_, i) => `${of}-${i}@example.com`);

it(
  'one that is missing for an object stops that object alone, and is said once',
  { timeout: 60_000 },
  async () => {
    const worker = await rig.startWorker();
    const said = vi.spyOn(worker.get<Logger>(LOGGER), 'error');
    let asked = 0;
    rig.crm.script = ({ target }) => (target.object === 'Guest' && ++asked ? FORBIDDEN : undefined);
    const event = await rig.people.event('permission');
    // In several goes: what gets through must not open the way for what does not.
    for (const go of ['a', 'b', 'c']) {
      await rig.people.register(event, emails(go));
      const registered = 3 * (go.charCodeAt(0) - 96);
      await rig.until('crm.lead', { verified: registered });
    }
    const lanesThatMayHaveBeenUnderWay = 3;
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThanOrEqual(lanesThatMayHaveBeenUnderWay);
    const refusals = said.mock.calls.filter(([of]) => (of as { reason?: string }).reason !== undefined);
    expect(refusals.map(([of]) => of)).toEqual([
      { destination: 'crm', kind: 'upsert Guest', reason: 'The app lacks a permission.' },
    ]);
    const { rows } = await rig.pool.query('select destination, kind, trouble from destination_troubles');
    expect(rows).toEqual([
      { destination: 'crm', kind: 'upsert Guest', trouble: 'The app lacks a permission.' },
    ]);
  },
);

it(
  'credentials that are not accepted stop the destination, and are said once',
  { timeout: 60_000 },
  async () => {
    const worker = await rig.startWorker();
    const said = vi.spyOn(worker.get<Logger>(LOGGER), 'error');
    rig.crm.script = () => UNKNOWN;
    const event = await rig.people.event('credentials');
    await rig.people.register(event, emails('a'));
    const trouble = async () =>
      (await rig.pool.query<{ trouble: string }>('select trouble from call_budgets')).rows[0]?.trouble;
    await waitFor(trouble, (seen) => seen === 'Renew the token.');
    const { calls } = rig.crm;
    await rig.people.register(event, emails('b'));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(rig.crm.calls - calls).toBeLessThanOrEqual(4);
    expect(rig.crm.written).toEqual([]);
    const refusals = said.mock.calls.filter(([of]) => (of as { reason?: string }).reason !== undefined);
    expect(refusals.map(([of]) => of)).toEqual([{ destination: 'crm', reason: 'Renew the token.' }]);
  },
);

it(
  'one that is missing to read back alone holds what is written there, however often writing goes through',
  { timeout: 60_000 },
  async () => {
    let minutes = 0;
    const worker = await rig.startWorker({}, { now: () => new Date(Date.now() + minutes * 61_000) });
    const logger = worker.get<Logger>(LOGGER);
    const [said, lifted] = [vi.spyOn(logger, 'error'), vi.spyOn(logger, 'info')];
    rig.crm.readBack = (_, records) =>
      Promise.resolve({
        records: records.map(() => undefined),
        requestId: null,
        failure: FORBIDDEN,
      });
    const event = await rig.people.event('reading');
    await rig.people.register(event, ['a@example.com']);
    const troubles = async () =>
      (await rig.pool.query<{ kind: string }>('select kind from destination_troubles order by 1')).rows;
    const refused = [{ kind: 'read Guest' }, { kind: 'read Lead' }];
    await waitFor(troubles, (rows) => rows.length === 2);
    await rig.people.register(event, ['b@example.com']);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(rig.crm.written, 'the second person is not written yet').toHaveLength(2);
    minutes = 1;
    await waitFor(
      () => rig.crm.written.length,
      (written) => written === 4,
    );
    expect(await troubles()).toEqual(refused);
    const refusals = said.mock.calls.filter(([of]) => (of as { reason?: string }).reason !== undefined);
    expect(refusals).toHaveLength(2);
    expect(lifted.mock.calls.filter(([, text]) => text?.includes('accepts our credentials'))).toEqual([]);
  },
);
