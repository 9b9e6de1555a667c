import { afterEach, describe, expect, it } from 'vitest';
import { ScriptedRig } from './scripted-rig.js';

const CARDS = `mapping: crm.card
stream: interaction
destination: crm
object: Card
operation: append
when: consent.granted("marketing")
whenNot: keep
key: { field: Foyer_Id, value: interaction.id }
fields:
  What: interaction.type
`;

const NOTES = `mapping: crm.note
stream: registration
destination: crm
object: Card
operation: create
when: consent.granted("marketing")
whenNot: keep
key: { field: Foyer_Id, value: id }
fields:
  Event: event.slug
`;

let rig: ScriptedRig;

afterEach(() => rig.stop());

async function did(registration: string, type: string): Promise<string> {
  const { rows } = await rig.pool.query<{ id: string }>(
    `with made as (
       insert into interactions (id, registration_id, event_id, person_id, type, source, at, created_at)
       select uuidv7(), id, event_id, person_id, $2, 'stage', now(), now() from registrations where id = $1
       returning id)
     select id from made`,
    [registration, type],
  );
  await rig.pool.query(`select append_activity_changes('{}', 'attendance.changed', $1)`, [[rows[0]!.id]]);
  return rows[0]!.id;
}

describe('What is appended', () => {
  it('goes once each, in order for a person, the later ones held behind one that must wait', async () => {
    rig = await ScriptedRig.start({ card: CARDS });
    await rig.startWorker({ retryFirstMs: 300 });
    let refusals = 2;
    rig.crm.script = ({ records }) =>
      records.some(({ fields }) => fields['What'] === 'asked') && refusals-- > 0
        ? {
            kind: 'retry',
            afterMs: 250,
            reason: { code: 'busy', message: 'Busy.', owner: 'backend', status: 409 },
          }
        : undefined;
    const event = await rig.people.event('cards');
    const [one, other] = await rig.people.register(event, ['ordered@example.com', 'other@example.com']);
    const own: string[] = [];
    for (const what of ['watched', 'asked', 'downloaded', 'met']) {
      own.push(await did(one!, what));
      await did(other!, 'met');
    }
    await rig.until('crm.card', { sent: 8 });
    const order = rig.crm.written.filter(({ key }) => own.includes(key)).map(({ key }) => key);
    expect(order).toEqual(own);
    expect(rig.crm.written).toHaveLength(8);
  });

  it('is in doubt when nobody answered, and is not sent again unasked', async () => {
    rig = await ScriptedRig.start({ card: CARDS });
    await rig.startWorker();
    rig.crm.script = () => 'done-and-lost';
    const event = await rig.people.event('doubt');
    const [one, other] = await rig.people.register(event, ['doubt@example.com', 'alive@example.com']);
    const lost = await did(one!, 'asked');
    await rig.until('crm.card', { inDoubt: 1 });
    rig.crm.script = () => undefined;
    await did(other!, 'asked');
    await rig.until('crm.card', { inDoubt: 1, sent: 1 });
    expect(rig.crm.written.filter(({ key }) => key === lost)).toHaveLength(1);
  });
});

describe('What is created without a repeatable call', () => {
  it('is looked up when nobody answered: found there it counts, absent it is sent again', async () => {
    rig = await ScriptedRig.start({ note: NOTES });
    await rig.startWorker();
    const fates = ['done-and-lost', 'lost'] as const;
    let calls = 0;
    rig.crm.script = ({ what }) => (what === 'send' ? fates[calls++] : undefined);
    rig.crm.batchLimit = 1;
    await rig.people.register(await rig.people.event('created'), ['there@example.com', 'absent@example.com']);
    const { changes } = await rig.until('crm.note', { verified: 2 });
    expect(rig.crm.all('Card')).toHaveLength(2);
    expect(new Set(rig.crm.all('Card').map(({ key }) => key)).size).toBe(2);
    expect(changes.total).toBe(changes.settled + changes.superseded);
  });
});
