import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeLease } from '../../src/changes/lease.js';
import type { Write } from '../../src/pipelines/decide.js';
import { batches, intend } from '../../src/pipelines/intend.js';
import { waitFor } from '../support/wait-for.js';
import { MAPPING, Rig } from './rig.js';

const OVER_MS = -1;
const SLOW_MS = 700;

let rig: Rig;
let event: string;

beforeEach(async () => {
  rig = await Rig.start();
  event = await rig.people.event('takeover');
});

afterEach(() => rig.stop());

async function personOf(registration: string): Promise<{ id: string; slot: number; version: number }> {
  const { rows } = await rig.pool.query<{ id: string; slot: number; version: number }>(
    `select p.id, slot_of(p.id) as slot, p.version from registrations r join persons p on p.id = r.person_id
      where r.id = $1`,
    [registration],
  );
  return rows[0]!;
}

/** Leaves the person's newest version as a worker that died in the middle of a call: announced, never settled. */
async function dieSending(registration: string, isPassed: boolean): Promise<void> {
  const { id, slot, version } = await personOf(registration);
  const { rows } = await rig.pool.query<{ lane: number }>(
    'select lane from lanes where mapping = $1 and $2 % lanes = lane',
    [MAPPING, slot],
  );
  const lease = await takeLease(rig.pool, { mapping: MAPPING, lane: rows[0]!.lane }, 'the dead', OVER_MS);
  const taken = { key: id, slot, version, snapshot: {}, previous: null };
  const write: Write = { kind: 'write', taken, key: id, fields: {}, goal: 'verified', reason: null };
  await intend(rig.pool, lease!, batches([write], 1), 1, new Date());
  if (isPassed) await rig.pool.query('update lanes set cursor = (select seq from change_head)');
}

/** Another system, or a late call of a dead worker, changes what stands at the backend. */
async function overwrite(contactKey: string, properties: Record<string, string>): Promise<void> {
  const answer = await fetch(`${rig.twin.url}/crm/v3/objects/contacts/batch/upsert`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer pat-twin-0000' },
    body: JSON.stringify({
      inputs: [{ id: contactKey, idProperty: 'foyer_person_id', properties }],
    }),
  });
  expect(answer.status).toBe(200);
}

describe('What a dead worker left under way', () => {
  it('is delivered by the next one, also where its change was already passed in the log', async () => {
    const first = await rig.startWorker();
    const [id] = await rig.people.register(event, ['left@example.com']);
    await rig.settled();
    await first.close();
    await rig.people.rename(id!, 'Bea');
    await dieSending(id!, true);
    expect((await rig.ledger()).states.sending).toBe(1);

    await rig.startWorker();
    const ledger = await rig.settled();
    expect(ledger.states.verified).toBe(1);
    expect(ledger.changes.total).toBe(ledger.changes.settled + ledger.changes.superseded);
    expect((await rig.contactOf('left@example.com'))!.fields.firstname).toBe('Bea');
  });

  it('is written anew though nothing seems to differ: the dead worker may have written something else', async () => {
    const first = await rig.startWorker();
    const [id] = await rig.people.register(event, ['back@example.com']);
    await rig.settled();
    await first.close();
    // The dead worker wrote Bea and told nobody; meanwhile the name is Ana again, as we last knew it there.
    await rig.people.rename(id!, 'Bea');
    await overwrite((await personOf(id!)).id, { firstname: 'Bea' });
    await dieSending(id!, true);
    await rig.people.rename(id!, 'Ana');

    await rig.startWorker();
    await rig.settled();
    expect((await rig.contactOf('back@example.com'))!.fields.firstname).toBe('Ana');
  });

  it('is looked at once more when its call can no longer take effect, and mended where it did', async () => {
    const [id] = await rig.people.register(event, ['late@example.com']);
    const worker = await rig.startWorker();
    await rig.settled();
    await worker.close();
    const { key } = (await rig.contacts())[0]!;
    await rig.people.rename(id!, 'Bea');
    await dieSending(id!, true);
    await rig.startWorker({ callTimeoutMs: 500, lateWriteMs: 300 });
    await waitFor(
      () => rig.contactOf('late@example.com'),
      (seen) => seen?.fields.firstname === 'Bea',
    );
    await overwrite(key, { firstname: 'Ana' }); // the dead worker's call arrives only now
    await waitFor(
      () => rig.contactOf('late@example.com'),
      (seen) => seen?.fields.firstname === 'Bea',
    );
  });
});

describe('The look that is still to come after a call without an answer', () => {
  const NEWER = [
    ['has another first name, when it is due', 'Bea', '-1 s'],
    ['says the same as before, when it is due', 'Ana', '-1 s'],
    ['has another first name, before it is due', 'Bea', '1500 ms'],
    ['says the same as before, before it is due', 'Ana', '1500 ms'],
  ] as const;

  it.each(NEWER)('is not answered by a newer version that %s', async (_, firstName, dueIn) => {
    const [id] = await rig.people.register(event, ['looked@example.com']);
    const first = await rig.startWorker();
    await rig.settled();
    await first.close();
    // What was sent late stands there, and the person changes before anyone looks.
    await rig.pool.query(
      'update deliveries set recheck_at = clock_timestamp() + $1::interval, next_attempt_at = clock_timestamp() + $1',
      [dueIn],
    );
    await overwrite((await rig.contacts())[0]!.key, { lastname: 'Late' });
    await rig.people.rename(id!, firstName);

    await rig.startWorker();
    const contact = await waitFor(
      () => rig.contactOf('looked@example.com'),
      (seen) => seen?.fields.firstname === firstName && seen.fields.lastname !== 'Late',
    );
    expect(contact!.fields.lastname).toBe('Ruiz');
    await waitFor(
      () =>
        rig.pool.query('select 1 from deliveries where mapping = $1 and next_attempt_at is not null', [
          MAPPING,
        ]),
      ({ rowCount }) => rowCount === 0,
    );
  });
});

describe('A record on its way', () => {
  it('is known as under way before the backend hears of it', async () => {
    await rig.faults([{ kind: 'slow', rate: 1, path: 'upsert', delayMs: SLOW_MS }]);
    await rig.people.register(event, ['slow@example.com']);
    await rig.startWorker();
    const ledger = await waitFor(
      () => rig.ledger(),
      ({ states }) => states.sending + states.verified > 0,
    );
    expect(ledger.states).toMatchObject({ sending: 1, verified: 0 });
    expect(await rig.contacts()).toHaveLength(0);
    expect((await rig.settled()).states.verified).toBe(1);
  });
});

describe('Two workers', () => {
  it('share the lanes and deliver every record once', async () => {
    await Promise.all([rig.startWorker(), rig.startWorker()]);
    const emails = Array.from({ length: 200 }, (_, i) => `many${i}@example.com`);
    for (let i = 0; i < emails.length; i += 20) await rig.people.register(event, emails.slice(i, i + 20));
    const ledger = await rig.settled();
    expect(ledger.states.verified).toBe(200);
    const contacts = await rig.contacts();
    expect(contacts).toHaveLength(200);
    expect(contacts.every(({ writes }) => writes === 1)).toBe(true);
  });
});
