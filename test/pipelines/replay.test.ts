import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PastCall } from '../../src/pipelines/past-calls.js';
import type { Page } from '../../src/platform/http/paging.js';
import { waitFor } from '../support/wait-for.js';
import { PlanRig } from './plan-rig.js';
import { amend, onTheWire, seed } from './random-edits.js';
import { MAPPING } from './rig.js';

let on: PlanRig;
let registrations: string[];

beforeAll(async () => {
  on = await PlanRig.start();
  registrations = await seed(on);
});

afterAll(() => on.stop());

async function replay(body: object): Promise<{ id: string; matched: number }> {
  const answer = await on.app.operator('POST', '/v1/deliveries/replay', { mapping: MAPPING, ...body });
  expect(answer.status).toBe(202);
  await on.settled();
  return answer.body as unknown as { id: string; matched: number };
}

async function keyOf(email: string): Promise<string> {
  const { rows } = await on.rig.pool.query<{ id: string }>('select id from persons where email = $1', [
    email,
  ]);
  return rows[0]!.id;
}

/** What the twin got, byte for byte, but for the number that each write carries. */
async function payloads(after: number): Promise<Map<string, string>> {
  const items = (await on.journal()).slice(after);
  return new Map(
    items.map(({ key, request }) => [key, JSON.stringify({ ...request, objectWriteTraceId: '' })]),
  );
}

/** What goes out in a replay of all that stands at the twin, and between which moments. */
async function aDay(): Promise<{ since: string; until: string; sent: Map<string, string> }> {
  const start = (await on.journal()).length;
  const since = await clock();
  await replay({ state: 'verified' });
  const sent = await payloads(start);
  expect(sent.size).toBeGreaterThan(4);
  return { since, until: await clock(), sent };
}

/** The payloads of calls of then, as Foyer makes them again. */
async function madeAnew(since: string, until: string): Promise<Map<string, string>> {
  const remade = new Map<string, string>();
  for (let cursor = ''; ;) {
    const path = `/v1/mappings/${MAPPING}/calls?limit=2&since=${since}&until=${until}${cursor}`;
    const { status, body } = await on.app.operator('GET', path);
    expect(status).toBe(200);
    const { items, next } = body as unknown as Page<PastCall>;
    for (const { key, targetKey: id, fields } of items.flatMap(({ records }) => records)) {
      if (fields === null) continue;
      const request = {
        id,
        idProperty: 'foyer_person_id',
        objectWriteTraceId: '',
        properties: onTheWire(id!, fields),
      };
      remade.set(key, JSON.stringify(request));
    }
    if (next === null) return remade;
    cursor = `&cursor=${next}`;
  }
}

async function clock(): Promise<string> {
  const { rows } = await on.rig.pool.query<{ now: Date }>('select clock_timestamp() as now');
  return rows[0]!.now.toISOString();
}

async function expectBalanced(): Promise<void> {
  const { records, states, unaccounted, changes } = await on.settled();
  expect(unaccounted).toBe(0);
  expect(changes.total).toBe(changes.settled + changes.superseded + changes.waiting);
  expect(records).toBe(Object.values(states).reduce((sum, n) => sum + n, 0));
}

describe('A replay', () => {
  it('sends the same bytes as the first time, whole, though everything stands there already', async () => {
    const start = (await on.journal()).length;
    await replay({ state: 'verified' });
    const first = await payloads(start);
    expect(first.size).toBe(6);
    const again = (await on.journal()).length;
    const { id, matched } = await replay({ state: 'verified' });
    expect(matched).toBe(6);
    expect(await payloads(again)).toEqual(first);
    const told = await on.app.operator('GET', `/v1/deliveries/replay/${id}`);
    expect(told.body).toMatchObject({ id, mapping: MAPPING, matched: 6, waiting: 0 });
    await expectBalanced();
  });

  it('of an old day makes what was sent that day, from the log and the version that was in force', async () => {
    const { since, until, sent } = await aDay();
    // Since then people have changed, and so has the mapping.
    for (const [i, id] of registrations.slice(0, 3).entries())
      await amend(on.rig.pool, id, { lastName: `Later ${i}` });
    const source = on.text().replace('person.firstName\n', 'person.firstName.upperAscii()\n');
    const { inverse } = await on.apply(
      (await on.plan({ source: source.slice(0, source.indexOf('examples:')) })).id,
    );
    await on.settled();
    expect(await madeAnew(since, until)).toEqual(sent);
    await on.apply(inverse!);
    await expectBalanced();
  });

  it('takes what its filter says: a state, a reason, keys, a time', async () => {
    const [ana, ben] = [await keyOf('ana@example.com'), await keyOf('ben@example.com')];
    expect(await replay({ keys: [ana, ben] })).toMatchObject({ matched: 2 });
    expect(await replay({ keys: [ana], state: 'rejected' })).toMatchObject({ matched: 0 });
    expect(await replay({ reason: 'when-false' })).toMatchObject({ matched: 1 });
    const { rows } = await on.rig.pool.query<{ now: Date }>('select clock_timestamp() as now');
    expect(await replay({ since: rows[0]!.now.toISOString() })).toMatchObject({ matched: 0 });
    await on.rig.people.rename(registrations[0]!, 'Later');
    await on.rig.settled();
    expect(await replay({ since: rows[0]!.now.toISOString() })).toMatchObject({ matched: 1 });
    await expectBalanced();
  });

  it('mends what was rejected once the mapping was mended', async () => {
    const text = on.text().slice(0, on.text().indexOf('examples:'));
    const strict = text.replace(
      '  company: person.company\n',
      '  company: { value: person.company, missing: reject }\n',
    );
    await on.rig.people.register(await on.rig.people.event('strict'), ['eve@example.com']);
    await on.rig.settled();
    await on.apply((await on.plan({ source: strict })).id);
    expect((await on.settled()).states.rejected).toBeGreaterThan(0);
    const { counts, id } = await on.plan({ source: text });
    expect(counts.accepted + counts.changed + counts.created + counts.unknown).toBeGreaterThan(0);
    await on.apply(id);
    expect((await on.settled()).states.rejected).toBe(0);
    await expectBalanced();
  });

  it('of an old day makes the same but for who was erased since, of whom nothing is left to send', async () => {
    const { since, until, sent } = await aDay();
    const erased = await keyOf('flo@example.com');
    expect(sent.get(erased)).toContain('flo@example.com');
    await on.rig.pool.query('select erase_person($1, now())', [registrations[5]]);
    await on.rig.settled();
    sent.delete(erased);
    expect(await madeAnew(since, until)).toEqual(sent);
    await expectBalanced();
  });

  it('leaves alone who was erased', async () => {
    await on.rig.pool.query('select erase_person($1, now())', [registrations[2]]);
    await on.rig.settled();
    const before = (await on.journal()).length;
    const { matched } = await replay({});
    const got = await payloads(before);
    expect(matched).toBeGreaterThan(4);
    expect([...got.values()].some((payload) => payload.includes('cy@example.com'))).toBe(false);
    // Nor does a plan name them.
    const source = on.text().replace('person.lastName\n', 'person.lastName.upperAscii()\n');
    const plan = await on.plan({ source: source.slice(0, source.indexOf('examples:')) });
    const { rows } = await on.rig.pool.query(
      `select 1 from plan_records r join registrations g on g.person_id = r.key where r.plan = $1 and g.id = $2`,
      [plan.id, registrations[2]],
    );
    expect(rows).toEqual([]);
    await expectBalanced();
  });

  it('is refused for no mapping, no state and no key that there is', async () => {
    const bad = [
      { mapping: 'no.mapping' },
      { state: 'lost' },
      { keys: ['ana'] },
      { since: 'yesterday' },
      { all: true },
    ];
    for (const body of bad) {
      const answer = await on.app.call('POST', '/v1/deliveries/replay', {
        body: { mapping: MAPPING, ...body },
        token: 'fk_operator-of-the-tests',
      });
      expect(answer.status, JSON.stringify(body)).toBe(400);
    }
  });
});

describe('Plans, undos and replays beside live traffic', () => {
  it('lose nothing: every record ends as the version in force maps it, and the ledger is balanced', async () => {
    await on.rig.startWorker({ mappingsDir: on.mappingsDir });
    const event = await on.rig.people.event('crowd');
    const text = on.text().slice(0, on.text().indexOf('examples:'));
    const over = new AbortController();
    let n = 0;
    const traffic = (async () => {
      while (!over.signal.aborted) {
        const [id] = await on.rig.people.register(event, [`crowd-${n++}@example.com`]);
        await on.rig.people.rename(id!, `Name ${n}`);
      }
    })();
    for (let round = 0; round < 4; round++) {
      const source = text.replace('person.lastName\n', `person.lastName + " ${round}"\n`);
      const { inverse } = await on.apply((await on.plan({ source })).id);
      await on.app.operator('POST', '/v1/deliveries/replay', { mapping: MAPPING });
      if (round % 2 === 0) await on.apply(inverse!);
    }
    await waitFor(
      () => n,
      (registered) => registered > 20,
    );
    over.abort();
    await traffic;
    await expectBalanced();
    const contacts = (await on.rig.contacts()).filter(({ fields }) => fields.email?.startsWith('crowd-'));
    expect(contacts).toHaveLength(n);
    // The last round was not undone.
    expect(new Set(contacts.map(({ fields }) => fields.lastname))).toEqual(new Set(['Ruiz 3']));
  });
});
