import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.js';
import { MAPPING, Rig } from './rig.js';

/** Far more than HubSpot reads in one call, in each of the four lanes. */
const PEOPLE = 1_000;

let rig: Rig;

beforeAll(async () => {
  rig = await Rig.start();
});

afterAll(() => rig.stop());

async function lookedAtLater(): Promise<number> {
  const { rows } = await rig.pool.query<{ n: number }>(
    'select count(*)::int as n from deliveries where mapping = $1 and next_attempt_at is not null',
    [MAPPING],
  );
  return rows[0]!.n;
}

describe('A crowd that has to be read once more', () => {
  it('is read in calls as large as the backend allows, and not for ever', async () => {
    const event = await rig.people.event('late-looks');
    await rig.people.register(
      event,
      Array.from({ length: PEOPLE }, (_, i) => `crowd${i}@example.com`),
    );
    await rig.startWorker();
    await rig.settled();
    const before = await rig.contacts();
    // As after a backend that fell silent over all of them: every record is due for a second look at once.
    await rig.pool.query(
      `update deliveries set next_attempt_at = clock_timestamp(), recheck_at = clock_timestamp()`,
    );
    await rig.makeDue();
    await waitFor(lookedAtLater, (many) => many === 0);
    const ledger = await rig.ledger();
    expect(ledger.states).toMatchObject({ verified: PEOPLE });
    expect(await rig.contacts(), 'nothing is written again').toEqual(before);
  });
});
