import { afterEach, describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/connectors/connector.js';
import { waitFor } from '../support/wait-for.js';
import { ScriptedRig } from './scripted-rig.js';

const PLACES = `mapping: crm.place
stream: registration
destination: crm
object: Place
operation: upsert
key: { field: Foyer_Id, value: id }
fields:
  Status: status
`;

const OVER = `mapping: crm.over
stream: event
destination: crm
object: Over
operation: upsert
when: has(event.attendanceClosedAt)
whenNot: keep
key: { field: Foyer_Id, value: event.id }
needs: [crm.place]
fields:
  Ended: event.endsAt
`;

const reason = { code: 'busy', message: 'Busy.', owner: 'backend', status: 409 } as const;
const BUSY: Outcome = { kind: 'retry', afterMs: 30, reason };
const REFUSED: Outcome = { kind: 'rejected', reason };

let rig: ScriptedRig;

afterEach(() => rig.stop());

describe('A mapping of events that needs one of registrations', () => {
  it('waits for every one of the event’s, in its newest version, and is woken by the last', async () => {
    rig = await ScriptedRig.start({ place: PLACES, over: OVER });
    await rig.startWorker();
    const [event, other] = [await rig.people.event('over'), await rig.people.event('other')];
    const [, bea] = await rig.people.register(event, ['ana@example.com', 'bea@example.com']);
    const [elsewhere] = await rig.people.register(other, ['cem@example.com']);
    await rig.until('crm.place', { verified: 3 });

    rig.crm.batchLimit = 1;
    const held = new Set([bea!, elsewhere!]);
    rig.crm.script = ({ records }) => (records.some(({ key }) => held.has(key)) ? BUSY : undefined);
    for (const id of held) await rig.people.cancel(id);
    await over(event);
    const waiting = await waitFor(
      () => rig.pool.query<{ reason: string }>(`select reason from deliveries where mapping = 'crm.over'`),
      ({ rowCount }) => rowCount === 1,
    );
    expect(JSON.parse(waiting.rows[0]!.reason)).toMatchObject({
      code: 'waits-for-parent',
      message: 'Waits until crm.place has delivered every record that belongs to this one.',
    });
    expect(rig.crm.all('Over')).toEqual([]);

    held.delete(bea!);
    await rig.until('crm.over', { verified: 1 });
    const written = rig.crm.written.map(({ object, key }) => `${object} ${key}`);
    expect(written.slice(-2)).toEqual([`Place ${bea}`, `Over ${event}`]);
    expect((await rig.ledger('crm.over')).changes.waiting).toBe(0);
  });

  it('does not wait for what was refused or left out: that has its answer', async () => {
    rig = await ScriptedRig.start({
      place: `${PLACES}when: status == "confirmed"\nwhenNot: keep\n`,
      over: OVER,
    });
    await rig.startWorker();
    const event = await rig.people.event('over');
    rig.crm.script = ({ target }) => (target.object === 'Place' ? REFUSED : undefined);
    const [ana] = await rig.people.register(event, ['ana@example.com', 'bea@example.com']);
    await rig.people.cancel(ana!);
    await over(event);
    await rig.until('crm.over', { verified: 1 });
    await rig.until('crm.place', { suppressed: 1, rejected: 1 });
  });
});

const over = (event: string) => rig.pool.query('select close_event_attendance($1, now())', [event]);
