import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.js';
import { amend, RandomEdits } from './random-edits.js';
import { MAPPING } from './rig.js';
import { COMPANY, COMPANY_OR_TEXT, COUNTRY_AS_COMPANY, LAST_NAME, Undoing, WHEN } from './undoing.js';

const EDITS = 6;

let to: Undoing;

beforeAll(async () => {
  to = await Undoing.start();
});

afterAll(() => to.on.stop());

afterEach(() => to.reset());

describe('An undo puts back what an earlier version wrote and the one before leaves alone', () => {
  for (const read of [true, false]) {
    it(`in a field that it does not name, ${read ? 'with' : 'without'} a read`, async () => {
      await to.withTexts([COMPANY, '']);
      const before = await to.standing();
      const applied = await to.apply(to.edited([COMPANY, COUNTRY_AS_COMPANY]), read);
      expect(await to.companies()).toMatchObject({ ana: 'ES', ben: '', cy: 'FR', eli: 'DE' });
      expect((await to.undo(applied)).unrestored).toEqual([]);
      expect(await to.companies()).toMatchObject({ ana: 'Example Ltd', cy: '[not provided]' });
      expect(await to.standing()).toEqual(before);
    });
  }

  it('in a field that it omits where the record has no value, and where it was empty', async () => {
    await to.withTexts();
    const before = await to.standing();
    const { unrestored } = await to.undo(await to.apply(to.edited([COMPANY, COUNTRY_AS_COMPANY])));
    expect(unrestored).toEqual([]);
    expect(await to.standing()).toEqual(before);
    // Emptied by a version, and known to be empty.
    await to.apply(to.edited([COMPANY, '  company: { value: person.company, missing: "null" }\n']));
    await to.apply(to.base);
    const emptied = await to.standing();
    const applied = await to.apply(to.edited([COMPANY, COMPANY_OR_TEXT]));
    expect(await to.companies()).toMatchObject({ dee: '[not provided]' });
    await to.undo(applied);
    expect(await to.standing()).toEqual(emptied);
  });

  it('in a field that belongs to its first write', async () => {
    const first = '  lastname: { value: person.lastName, owner: firstWrite }\n';
    await to.apply(to.edited([LAST_NAME, first]));
    await amend(to.on.rig.pool, to.registrations[1]!, { lastName: 'Married' });
    await to.on.rig.settled();
    const before = await to.standing();
    expect(before).toMatchObject({ 'ben@example.com': { lastname: 'Ruiz' } });
    await to.undo(await to.apply(to.base));
    expect(await to.standing()).toEqual(before);
  });

  it('in a record that it keeps as it stands', async () => {
    const keeping = [
      WHEN,
      'person.firstName != "Flo" && consent.granted("marketing")\nwhenNot: keep\n',
    ] as const;
    await to.apply(to.edited([...keeping]));
    const before = await to.standing();
    const applied = await to.apply(to.edited([LAST_NAME, '  lastname: person.lastName.upperAscii()\n']));
    expect(await to.standing()).toMatchObject({ 'flo@example.com': { lastname: 'RUIZ' } });
    await to.undo(applied);
    expect(await to.standing()).toEqual(before);
  });

  it('in a record that changed since and was written over only then', async () => {
    await to.apply(to.edited([COMPANY, '']));
    const applied = await to.apply(to.edited([COMPANY, '  company: person.country\n']));
    expect(await to.companies()).toMatchObject({ ben: 'Example Ltd' });
    await amend(to.on.rig.pool, to.registrations[1]!, { country: 'PT', firstName: 'Benjamin' });
    await to.on.rig.settled();
    expect(await to.companies()).toMatchObject({ ben: 'PT' });
    await to.undo(applied);
    const now = (await to.on.rig.contactOf('ben@example.com'))!.fields;
    expect(now).toMatchObject({ company: 'Example Ltd', firstname: 'Benjamin' });
    await amend(to.on.rig.pool, to.registrations[1]!, { country: undefined, firstName: 'Ben' });
    await to.on.rig.settled();
  });

  it('in a record that it rejects', async () => {
    await to.apply(to.edited([COMPANY, '  company: { value: person.company, missing: reject }\n']));
    const before = await to.standing();
    const applied = await to.apply(to.edited([LAST_NAME, '  lastname: person.lastName.upperAscii()\n']));
    expect(await to.standing()).toMatchObject({ 'cy@example.com': { lastname: 'RUIZ' } });
    await to.undo(applied);
    expect(await to.standing()).toEqual(before);
    expect((await to.on.settled()).states.rejected).toBe(3);
    const { rows } = await to.on.rig.pool.query(`select 1 from attempt_failures where outcome = 'differs'`);
    expect(rows).toEqual([]);
  });

  it('in a record that was removed and is made anew, and says so', async () => {
    await to.withTexts();
    const before = await to.standing();
    const applied = await to.apply(
      to.edited([WHEN, 'person.firstName != "Eli" && consent.granted("marketing")\nwhenNot: delete\n']),
    );
    expect(await to.standing()).not.toHaveProperty(['eli@example.com']);
    const { unrestored } = await to.undo(applied);
    expect(unrestored).toMatchObject([{ reason: 'removed', field: null, records: 1 }]);
    const after = await to.standing();
    expect(after['eli@example.com']).toMatchObject({ company: '[not provided]', lastname: 'Ruiz' });
    expect(after).toMatchObject({ 'cy@example.com': before['cy@example.com'] });
  });
});

describe('An undo', () => {
  it('can itself be undone, over and over, also before anything of it was delivered', async () => {
    await to.withTexts([COMPANY, '']);
    const before = await to.standing();
    const applied = await to.apply(to.edited([COMPANY, COUNTRY_AS_COMPANY]));
    const after = await to.standing();
    let last = await to.undo(await to.undo(await to.undo(applied)));
    expect(await to.standing()).toEqual(before);
    last = await to.undo(last);
    expect(await to.standing()).toEqual(after);
    await to.whilePaused(async () => {
      for (let turn = 0; turn < 3; turn++) last = await to.on.apply(last.inverse!, false);
    });
    expect(await to.standing()).toEqual(before);
  });

  it('takes back also what is still on its way while it is asked for', async () => {
    await to.withTexts([COMPANY, '']);
    const before = await to.standing();
    const cy = (await to.on.rig.contactOf('cy@example.com'))!.fields.foyer_person_id;
    const plan = await to.on.plan({ source: to.edited([COMPANY, COUNTRY_AS_COMPANY]) });
    await to.on.rig.faults([{ kind: 'slow', rate: 1, delayMs: 400, path: 'upsert' }]);
    const applied = await to.on.apply(plan.id);
    await waitFor(
      () =>
        to.on.rig.pool.query('select 1 from intents where mapping = $1 and $2 = any(keys)', [MAPPING, cy]),
      ({ rows }) => rows.length > 0,
    );
    const start = (await to.on.journal()).length;
    await to.undo(applied);
    await to.on.rig.faults([]);
    const sent = (await to.on.journal()).slice(start).map(({ request }) => request.properties.company);
    expect(sent).toContain('FR');
    expect(await to.standing()).toEqual(before);
  });

  it('says which fields it cannot put back, since nobody knew what stood there', async () => {
    await to.apply(to.base);
    const applied = await to.apply(to.edited([LAST_NAME, `${LAST_NAME}  city: person.lastName\n`]));
    const { unrestored } = await to.undo(applied);
    expect(unrestored).toMatchObject([{ reason: 'unknown', field: 'city', records: 6 }]);
    expect(unrestored[0]!.message).toContain('city stays as the undone version wrote it');
    expect(unrestored[0]!.keys).toHaveLength(5);
  });

  it('says which records it cannot unmake', async () => {
    const without = to.edited([WHEN, `person.lastName != "New" && ${WHEN}`]);
    await to.apply(without);
    // Consents only once that is the name: before, it would be sent under the one it has at first.
    const fair = await to.on.rig.people.event('fair');
    const [id] = await to.on.rig.people.register(fair, ['gus@example.com'], false);
    await amend(to.on.rig.pool, id!, { lastName: 'New' });
    await to.on.rig.consent(id!, true);
    await to.on.rig.settled();
    expect(await to.standing()).not.toHaveProperty(['gus@example.com']);
    const applied = await to.apply(to.base);
    expect(await to.standing()).toHaveProperty(['gus@example.com']);
    expect((await to.undo(applied)).unrestored).toMatchObject([
      { reason: 'created', field: null, records: 1 },
    ]);
  });

  it(
    `leaves only what it names otherwise than it stood, in ${EDITS} random edits`,
    { timeout: 120_000 },
    async () => {
      const edits = new RandomEdits(to.on.text(), 20_261_128);
      let restored = 0;
      for (let i = 0; i < EDITS; i++) {
        const [before, source] = [await to.standing(), edits.next()];
        const applied = await to.apply(source, i % 2 === 0);
        const after = await to.standing();
        const undone = await to.undo(applied);
        const lost = new Set(undone.unrestored.map(({ field }) => field));
        expect(without(await to.standing(), lost)).toEqual(without(before, lost));
        if (JSON.stringify(before) !== JSON.stringify(after)) restored += 1;
        await to.undo(undone);
        expect(await to.standing()).toEqual(after);
      }
      expect(restored).toBeGreaterThan(EDITS / 2);
    },
  );
});

describe('An undo beside a backend in trouble', () => {
  it.each([
    { kind: 'status', status: 503, rate: 1, times: 3, path: 'upsert' },
    { kind: 'timeoutAfterCommit', rate: 1, times: 2, delayMs: 2_000, path: 'upsert' },
    { kind: 'lie', rate: 1, times: 3 },
    // Last: for minutes after it calls are spaced.
    { kind: 'throttle', rate: 1, times: 3, path: 'upsert' },
  ])('puts back all the same: $kind', { timeout: 60_000 }, async (fault) => {
    await to.withTexts([COMPANY, '']);
    const before = await to.standing();
    const plan = await to.on.plan({ source: to.edited([COMPANY, COUNTRY_AS_COMPANY]) });
    await to.on.rig.faults([fault]);
    const applied = await to.on.apply(plan.id);
    await to.on.settled();
    expect(await to.companies()).toMatchObject({ ana: 'ES', ben: '', cy: 'FR', eli: 'DE' });
    await to.on.rig.faults([fault]);
    await to.undo(applied);
    await to.on.rig.faults([]);
    expect(await to.standing()).toEqual(before);
  });
});

/** But for these fields. */
function without(contacts: object, lost: ReadonlySet<string | null>): object {
  return Object.fromEntries(
    Object.entries(contacts as Record<string, object>).map(([email, fields]) => [
      email,
      Object.fromEntries(Object.entries(fields).filter(([name]) => !lost.has(name))),
    ]),
  );
}
