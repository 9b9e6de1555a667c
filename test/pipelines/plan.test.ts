import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApp } from '../http/app.js';
import { destinationsFor } from '../support/destinations.js';
import { waitFor } from '../support/wait-for.js';
import { PlanRig } from './plan-rig.js';
import { amend, expectAppliedAsPlanned, RandomEdits, seed } from './random-edits.js';
import { MAPPING } from './rig.js';

const EDITS = 8;

let on: PlanRig;
let base: string;
let registrations: string[];

beforeAll(async () => {
  on = await PlanRig.start();
  base = on.text();
  registrations = await seed(on);
});

afterAll(() => on.stop());

function edited(...edits: [from: string, to: string][]): string {
  return edits.reduce(
    (text, [from, to]) => {
      expect(text).toContain(from);
      return text.replace(from, to);
    },
    base.slice(0, base.indexOf('examples:')),
  );
}

/** What stands at HubSpot of the fields that the mapping writes. */
async function standing(...names: string[]): Promise<object[]> {
  const contacts = await on.rig.contacts();
  return contacts
    .map(({ key, fields }) => ({
      key,
      ...Object.fromEntries(names.map((name) => [name, fields[name] ?? ''])),
    }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

const MAPPED = [
  'email',
  'firstname',
  'lastname',
  'company',
  'jobtitle',
  'country',
  'foyer_status',
  'foyer_events',
];

/** Brings the mapping back to what stands in the project. */
async function reset(): Promise<void> {
  const plan = await on.plan({ source: base });
  await on.apply(plan.id);
  await on.settled();
}

describe('A plan', () => {
  it('is made without one request to the backend', async () => {
    let requests = 0;
    const nobody = createServer((_request, response) => {
      requests += 1;
      response.end();
    });
    await new Promise<void>((resolve) => nobody.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(nobody.address() as AddressInfo).port}`;
    const pipelines = { mappingsDir: on.mappingsDir, destinationsFile: destinationsFor({ hubspot: url }) };
    const app = await TestApp.start({ databaseUrl: on.rig.databaseUrl, settings: { pipelines } });
    const source = edited(['lastname: person.lastName', 'lastname: person.lastName + "!"']);
    const plan = await app.operator('POST', `/v1/mappings/${MAPPING}/plan`, { source });
    expect(plan.body.counts).toMatchObject({ records: 7, changed: 6, unchanged: 1 });
    // Asked to read, it calls: so the silence before was no accident.
    const add = edited(['  lastname:', '  city: person.lastName\n  lastname:']);
    await app.operator('POST', `/v1/mappings/${MAPPING}/plan`, { source: add });
    expect(requests).toBe(0);
    await app.operator('POST', `/v1/mappings/${MAPPING}/plan`, { source: add, read: true });
    expect(requests).toBeGreaterThan(0);
    await app.stop();
    await new Promise((resolve) => nobody.close(resolve));
  });

  it('counts each record in one kind, and says field by field what changes and why', async () => {
    const plan = await on.plan({
      source: edited(
        [
          '  lastname: person.lastName\n',
          '  lastname: person.lastName.upperAscii()\n  city: person.lastName\n',
        ],
        ['  company: person.company\n', '  company: { value: person.company, missing: reject }\n'],
        ['consent.granted("marketing")', 'person.firstName != "Flo" && consent.granted("marketing")'],
      ),
    });
    // Ana and Ben have a company; Flo stops matching; Cy, Dee and Eli have none; one never consented.
    expect(plan.counts).toMatchObject({
      records: 7,
      unchanged: 1,
      changed: 2,
      retained: 1,
      rejected: 3,
      standing: 6,
      unknownFields: 2,
    });
    const changed = plan.samples.find(({ kind }) => kind === 'changed')!;
    expect(changed.fields).toEqual([
      { name: 'lastname', from: 'Ruiz', to: 'RUIZ', expression: { file: on.file, line: 18 } },
      { name: 'city', to: 'Ruiz', expression: { file: on.file, line: 19 } },
    ]);
    const rejected = plan.reasons.find(({ kind }) => kind === 'rejected')!;
    expect(rejected).toMatchObject({ count: 3, reason: { code: 'missing-value', field: 'company' } });
    expect(rejected.reason.line).toBe(20);
    expect(plan.reasons.find(({ kind }) => kind === 'retained')).toMatchObject({ count: 1 });
    expect(plan.calls).toMatchObject({ writes: 3 });
  });

  it('changes nothing where the file says what is in force', async () => {
    const { counts } = await on.plan();
    expect(counts).toMatchObject({ records: 7, unchanged: 7 });
  });

  it('counts records that would claim one key', async () => {
    const { counts, duplicates } = await on.plan({
      source: edited(['value: person.id', 'value: person.lastName']),
    });
    expect(counts).toMatchObject({ rekeyed: 6, duplicates: 5 });
    expect(duplicates[0]!.keys).toHaveLength(2);
  });

  it('refuses a faulty text, naming each fault with its place', async () => {
    const source = edited(
      ['person.firstName', 'person.fristName'],
      ['operation: upsert', 'operation: upsret'],
    );
    const answer = await on.app.call('POST', `/v1/mappings/${MAPPING}/plan`, {
      body: { source },
      token: 'fk_operator-of-the-tests',
    });
    expect(answer.status).toBe(400);
    expect(answer.body.errors.map(({ pointer, code }) => [pointer, code])).toEqual([
      ['/source', 'unknown-value'],
      ['/source', 'unknown-attribute'],
    ]);
    expect(answer.body.errors[1]!.message).toMatch(/hubspot\.contact\.yaml:17:\d+ .*write firstName/);
  });

  it('refuses another place and another name: the records would be left where they stand', async () => {
    for (const source of [
      edited(['object: contacts', 'object: companies']),
      edited(['mapping: hubspot.contact', 'mapping: hubspot.visitor']),
    ]) {
      const body = { source };
      const answer = await on.app.call('POST', `/v1/mappings/${MAPPING}/plan`, {
        body,
        token: 'fk_operator-of-the-tests',
      });
      expect(answer.status).toBe(400);
      expect(answer.body.errors[0]!.pointer).toBe('/source');
    }
  });
});

describe('An apply', () => {
  it(`writes exactly what the plan said, in ${EDITS} random edits one after the other`, async () => {
    const edits = new RandomEdits(base, 20_261_127);
    let changes = 0;
    for (let i = 0; i < EDITS; i++) {
      const { counts } = await expectAppliedAsPlanned(on, edits.next());
      changes += counts.records - counts.unchanged;
      await on.rig.people.rename(registrations[edits.random(3)]!, `Name ${i}`);
      await on.settled();
    }
    expect(changes).toBeGreaterThan(EDITS);
    await reset();
  });

  it('past the limits of the mapping is refused unless forced', async () => {
    const plan = await on.plan({ source: edited(['person.lastName\n', 'person.lastName + "!"\n']) });
    const refused = await on.tryApply({ plan: plan.id });
    expect(refused.status).toBe(409);
    expect(refused.body.detail).toContain(
      'changed allows 20 % of the records that stand there, and this is 6 (100 %)',
    );
    const { rows } = await on.rig.pool.query('select 1 from redeliveries');
    expect(rows).toEqual([]);
    const few = await on.plan({
      source: edited(['person.lastName\n', `'person.firstName == "Flo" ? "Flo!" : person.lastName'\n`]),
    });
    expect(few.counts.changed).toBe(1);
    expect((await on.tryApply({ plan: few.id })).status).toBe(200);
    await on.settled();
    await reset();
  });

  it('of a plan that is out of date, applied already, of another mapping or unknown is refused', async () => {
    const [first, second] = [await on.plan(), await on.plan()];
    await on.apply(first.id);
    for (const plan of [first, second]) expect((await on.tryApply({ plan: plan.id })).status).toBe(409);
    expect((await on.tryApply({ plan: '00000000-0000-7000-8000-000000000000' })).status).toBe(404);
    expect((await on.tryApply({ plan: 'latest' })).status).toBe(400);
    await on.settled();
  });

  it('delivers what changed since the plan by the new version, and says how many', async () => {
    const plan = await on.plan({ source: edited(['person.lastName\n', 'person.lastName.upperAscii()\n']) });
    await amend(on.rig.pool, registrations[0]!, { lastName: 'Moved' });
    await on.rig.settled();
    expect(await on.apply(plan.id)).toMatchObject({ redelivered: 6, moved: 0 });
    await on.settled();
    expect((await on.rig.contactOf('ana@example.com'))!.fields.lastname).toBe('MOVED');
    const again = await on.plan({ source: edited(['person.lastName\n', 'person.lastName.lowerAscii()\n']) });
    await on.rig.people.register(await on.rig.people.event('late'), ['late@example.com']);
    await on.rig.settled();
    expect(await on.apply(again.id)).toMatchObject({ redelivered: 6, moved: 1 });
    await on.settled();
    expect((await on.rig.contactOf('late@example.com'))!.fields.lastname).toBe('ruiz');
    await reset();
  });

  it('lets a batch in flight end on its version, and brings its records to the new one', async () => {
    await on.rig.faults([{ kind: 'slow', rate: 1, delayMs: 400, path: 'upsert' }]);
    const plan = await on.plan({ source: edited(['person.lastName\n', 'person.lastName.upperAscii()\n']) });
    await amend(on.rig.pool, registrations[1]!, { lastName: 'Flight' });
    await waitFor(
      () => on.rig.pool.query('select 1 from intents where mapping = $1', [MAPPING]),
      ({ rows }) => rows.length > 0,
    );
    await on.apply(plan.id);
    const { unaccounted } = await on.settled();
    await on.rig.faults([]);
    expect(unaccounted).toBe(0);
    expect((await on.journal()).some(({ request }) => request.properties.lastname === 'Flight')).toBe(true);
    expect((await on.rig.contactOf('ben@example.com'))!.fields.lastname).toBe('FLIGHT');
    await reset();
  });
});

describe('An undo', () => {
  it('puts back what stood there, and can itself be undone', async () => {
    const before = await standing(...MAPPED);
    const plan = await on.plan({
      // Who has no company has none in what is known to stand there: it is read.
      read: true,
      source: edited(
        ['  company: person.company\n', '  company: { value: person.country, missing: "null" }\n'],
        ['person.lastName\n', 'person.lastName.upperAscii()\n'],
        ['consent.granted("marketing")', 'person.firstName != "Flo" && consent.granted("marketing")'],
      ),
    });
    const { inverse, version } = await on.apply(plan.id);
    await on.settled();
    const after = await standing(...MAPPED);
    expect(after).not.toEqual(before);
    const undone = await on.apply(inverse!, false);
    expect(undone.version).toBe(version + 1);
    expect((await on.settled()).unaccounted).toBe(0);
    expect(await standing(...MAPPED)).toEqual(before);
    await on.apply(undone.inverse!, false);
    await on.settled();
    expect(await standing(...MAPPED)).toEqual(after);
    await reset();
  });

  it('puts back also a field that nobody knew, where the plan had read it', async () => {
    const [ana] = await on.rig.contacts();
    await on.editThere(ana!.key, { city: 'Lisbon' });
    const source = edited(['  lastname:', '  city: person.lastName\n  lastname:']);
    const blind = await on.plan({ source });
    expect(blind.counts).toMatchObject({ unknown: blind.counts.standing, changed: 0 });
    const plan = await on.plan({ source, read: true });
    expect(plan.counts).toMatchObject({ changed: blind.counts.standing, unknown: 0, unknownFields: 0 });
    const { inverse } = await on.apply(plan.id);
    await on.settled();
    expect((await standing('city')).every((contact) => 'city' in contact && contact.city !== 'Lisbon')).toBe(
      true,
    );
    await on.apply(inverse!);
    await on.settled();
    expect(await standing('city')).toContainEqual({ key: ana!.key, city: 'Lisbon' });
    const { rows } = await on.rig.pool.query(`select 1 from plan_records where known like '%Lisbon%'`);
    expect(rows).toHaveLength(1);
    // Whoever is erased takes along what was read of them.
    await on.rig.pool.query(`update deliveries set state = 'erased' where mapping = $1 and key = $2`, [
      MAPPING,
      ana!.key,
    ]);
    const left = await on.rig.pool.query(`select 1 from plan_records where known like '%Lisbon%'`);
    expect(left.rows).toEqual([]);
  });
});
