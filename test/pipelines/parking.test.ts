import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.js';
import { Rig } from './rig.js';

const LONG_MS = 600_000;

let rig: Rig;
let event: string;

beforeAll(async () => {
  rig = await Rig.start();
  event = await rig.people.event('parking');
  await rig.startWorker({ retryFirstMs: LONG_MS, retryMaxMs: LONG_MS });
});

afterAll(() => rig.stop());

describe('A record that must wait', () => {
  it('lets others pass, takes its later changes along, and goes out once, as it is then', async () => {
    await rig.faults([{ kind: 'status', status: 503, rate: 1, times: 1, path: 'upsert' }]);
    const [parked] = await rig.people.register(event, ['parked@example.com']);
    await waitFor(
      () => rig.ledger(),
      ({ states }) => states.retrying === 1,
    );
    for (const name of ['Bea', 'Cleo', 'Dora']) await rig.people.rename(parked!, name);
    await rig.people.register(event, ['passing@example.com']);
    const meanwhile = await waitFor(
      () => rig.ledger(),
      ({ states, changes }) => states.verified === 1 && changes.waiting === 4,
    );
    expect(meanwhile).toMatchObject({ unaccounted: 0, states: { retrying: 1, verified: 1 } });
    expect(await rig.contactOf('parked@example.com')).toBeUndefined();

    await rig.makeDue();
    const ledger = await rig.settled();
    const contact = await rig.contactOf('parked@example.com');
    expect(contact).toMatchObject({ writes: 1, fields: { firstname: 'Dora' } });
    expect(ledger.changes).toEqual({ total: 5, settled: 2, superseded: 3, waiting: 0 });
  });

  it('is not dropped by a throttled backend, nor counted as refused', async () => {
    await rig.faults([{ kind: 'throttle', rate: 1, times: 1, path: 'upsert' }]);
    await rig.people.register(event, ['throttled@example.com']);
    const ledger = await rig.settled();
    expect(ledger.states).toMatchObject({ verified: 3, rejected: 0 });
    expect(await rig.contactOf('throttled@example.com')).toBeDefined();
  });
});
