import { describe, expect, test } from 'vitest';
import type { Connector, Listed, ListPage } from '../../src/connectors/connector.js';
import { DestinationSettingsError } from '../../src/connectors/settings.js';
import { declaredBackend, signal, target, write } from './declared-backend.js';
import { person } from './dialects.js';
import { json } from './scripted-server.js';

const { server, declare, answer, sendOne } = declaredBackend();
const shown = { results: 'body.items', id: 'result.id' };
const PEOPLE = Array.from({ length: 5 }, (_, n) => ({
  id: n + 1,
  email: `p${n}@example.com`,
  name: `P${n}`,
}));
const KEYS = PEOPLE.map(({ email }) => email);

async function all(connector: Connector): Promise<{ records: Listed[]; failure?: ListPage['failure'] }> {
  const records: Listed[] = [];
  for (let page: string | null = null; ;) {
    const read: ListPage = await connector.list!(target, ['name'], page, { signal });
    if (read.failure) return { records, failure: read.failure };
    records.push(...read.records);
    page = read.next;
    if (page === null) return { records };
  }
}

const keysOf = ({ records }: { records: readonly Listed[] }) => records.map(({ key }) => key);
const asked = (path: string) => new URL(path, 'http://x').searchParams;

describe('A declared list', () => {
  const list = { ...shown, key: 'result.email' };

  test('goes on with the cursor that each page gives', async () => {
    server.script = ({ path }, response) => {
      const from = Number(asked(path).get('after') ?? 0);
      const next = from + 2 < PEOPLE.length ? { next: String(from + 2) } : {};
      json(response, 200, { items: PEOPLE.slice(from, from + 2), ...next });
    };
    const paged = { paging: 'cursor', cursor: 'body.next', url: '/people', next: '/people?after={{ page }}' };
    const found = await all(declare({ list: { ...list, ...paged } }));
    expect(keysOf(found)).toEqual(KEYS);
    expect(found.records[1]!.stored).toEqual({ targetId: '2', fields: { name: 'P1' } });
    expect(server.seen.map(({ path }) => path)).toEqual(['/people', '/people?after=2', '/people?after=4']);
  });

  test('counts pages from 1 until one is empty', async () => {
    server.script = ({ path }, response) => {
      const from = (Number(asked(path).get('page')) - 1) * 2;
      json(response, 200, { items: PEOPLE.slice(from, from + 2) });
    };
    const found = await all(declare({ list: { ...list, paging: 'number', url: '/people?page={{ page }}' } }));
    expect(keysOf(found)).toEqual(KEYS);
    expect(server.seen).toHaveLength(4);
  });

  test.each([
    ['whole', () => server.baseUrl],
    ['as a path', () => ''],
  ])('follows the Link header, %s', async (_how, base) => {
    server.script = ({ path }, response) => {
      const from = Number(asked(path).get('from') ?? 0);
      const link = `<${base()}/people?from=0>; rel="first", <${base()}/people?from=${from + 2}>; rel="next"`;
      const headers = from + 2 < PEOPLE.length ? { link } : { link: `<${base()}/people>; rel="first"` };
      json(response, 200, { items: PEOPLE.slice(from, from + 2) }, headers);
    };
    expect(keysOf(await all(declare({ list: { ...list, paging: 'link', url: '/people' } })))).toEqual(KEYS);
  });

  test('takes its credentials to no other host, and no list for whole that ends there', async () => {
    answer(200, { items: PEOPLE }, { link: '<https://elsewhere.example.com/people?from=2>; rel="next"' });
    const found = await all(declare({ list: { ...list, paging: 'link', url: '/people' } }));
    expect(found.failure).toMatchObject({ kind: 'unanswered' });
    expect(server.seen).toHaveLength(1);
  });

  test('nor does a path that would read as a host', async () => {
    server.script = (_, response) => {
      const link = `<${server.baseUrl}//elsewhere.invalid/people>; rel="next"`;
      const headers = server.seen.length === 1 ? { link } : {};
      json(response, 200, { items: PEOPLE }, headers);
    };
    const found = await all(declare({ list: { ...list, paging: 'link', url: '/people' } }));
    expect(found.failure).toBeUndefined();
    expect(server.seen.map(({ path }) => path)).toEqual(['/people', '//elsewhere.invalid/people']);
  });

  test.each([
    ['without results', 200, {}, 'unanswered'],
    ['with a record that has no id', 200, { items: [{ email: 'x@example.com' }] }, 'unanswered'],
    ['that is a failure', 500, { items: [] }, 'retry'],
  ])('is no list with a page %s', async (_what, status, body, kind) => {
    answer(status, body);
    const found = await all(declare({ list: { ...list, paging: 'offset', url: '/people?from={{ page }}' } }));
    expect(found).toMatchObject({ records: [], failure: { kind } });
  });

  test('passes over what has no key, and fails no object that declares none', async () => {
    const items = [{ id: 9 }, PEOPLE[0]];
    server.script = ({ path }, response) => {
      json(response, 200, { items: asked(path).get('from') === '0' ? items : [] });
    };
    const connector = declare({ list: { ...list, paging: 'offset', url: '/people?from={{ page }}' } });
    expect(keysOf(await all(connector))).toEqual([KEYS[0]]);
    expect(connector.lists!(target)).toBe(true);
    expect(connector.lists!({ ...target, object: 'others' })).toBe(false);
    expect(declare({})).not.toHaveProperty('list');
  });

  test.each([
    [{ paging: 'offset', url: '/people' }, 'every page would be the first'],
    [{ paging: 'link', url: '/people?page={{ page }}' }, 'which the Link header stands for'],
    [{ paging: 'cursor', url: '/people', next: '/people?after={{ page }}' }, 'gives cursor where'],
    [{ paging: 'cursor', url: '/people?after={{ page }}', cursor: 'body.next' }, 'the first page has not'],
  ])('that would not page is named at the start: %j', (paged, why) => {
    const make = (): Connector => declare({ list: { ...list, ...paged } });
    expect(make).toThrow(DestinationSettingsError);
    expect(make).toThrow(why);
  });
});

describe('A declared lookup', () => {
  const find = { ...shown, url: '/people?email={{ by.email }}', missing: 'status == 404' };
  const look = (connector: Connector, by: Record<string, string>[]) =>
    connector.find!(target, by, ['name'], { signal });

  test('finds by other fields, one a call, and keeps only what is the same there', async () => {
    server.script = ({ path }, response) => {
      const email = asked(path).get('email');
      if (email === 'none@example.com') json(response, 404, {});
      else json(response, 200, { items: [{ id: 1, email: 'P0@Example.com', name: 'P0' }, PEOPLE[1]] });
    };
    const connector = declare({ find, compare: { email: 'lower' } });
    expect(await look(connector, [{ email: KEYS[0]! }, { email: 'none@example.com' }])).toEqual({
      found: [[{ targetId: '1', fields: { name: 'P0', email: 'P0@Example.com' } }], []],
    });
    expect((await look(declare({ find }), [{ email: KEYS[0]! }])).found).toEqual([[]]);
  });

  test('that was not answered found nobody, and nobody is made for it', async () => {
    answer(503, {});
    const { found, failure } = await look(declare({ find }), [
      { email: 'a@example.com' },
      { email: 'b@example.com' },
    ]);
    expect(found).toEqual([undefined, undefined]);
    expect(failure).toMatchObject({ kind: 'retry' });
    expect(declare({})).not.toHaveProperty('find');
  });
});

describe('What answers tell of an allowance', () => {
  const allowance = {
    max: 'headers["x-ratelimit-limit"]',
    left: 'headers["x-ratelimit-remaining"]',
    reset: 'headers["x-ratelimit-reset"]',
  };
  const told = (headers: Record<string, string>) => answer(200, { id: 7 }, headers);
  const sent = async (ms: number) =>
    declare({}, { allowance: { ...allowance, ms } }).send(target, [person(0)], { signal });

  test('holds the calls to it, by window or by day', async () => {
    told({ 'x-ratelimit-limit': '100', 'x-ratelimit-remaining': '40' });
    expect((await sent(10_000)).allowed).toEqual({ window: { calls: 100, ms: 10_000 } });
    expect((await sent(86_400_000)).quota).toEqual({ used: 60, max: 100 });
    told({});
    expect(await sent(10_000)).not.toHaveProperty('allowed');
    told({ 'x-ratelimit-limit': 'unlimited' });
    expect(await sent(86_400_000)).not.toHaveProperty('quota');
  });

  test.each([
    ['seconds', () => '30'],
    ['a moment in seconds', () => String(Math.ceil(Date.now() / 1000) + 30)],
    ['a moment in milliseconds', () => String(Date.now() + 30_000)],
  ])('says when a throttled call may be tried again: %s', async (_how, reset) => {
    const connector = declare({ write }, { allowance: { ...allowance, ms: 60_000 } });
    answer(429, {}, { 'x-ratelimit-reset': reset() });
    const outcome = await sendOne(connector);
    const waitMs = (outcome as { untilMs: number }).untilMs - Date.now();
    expect(waitMs).toBeGreaterThan(26_000);
    expect(waitMs).toBeLessThan(33_000);
    answer(429, {}, { 'x-ratelimit-reset': reset(), 'retry-after': '2' });
    expect((await sendOne(connector)) as { untilMs: number }).toMatchObject({ kind: 'throttled' });
    expect(((await sendOne(connector)) as { untilMs: number }).untilMs - Date.now()).toBeLessThan(5_000);
  });

  test('never holds everybody for longer than a day', async () => {
    const connector = declare({ write }, { allowance: { ...allowance, ms: 60_000 } });
    answer(429, {}, { 'x-ratelimit-reset': '31000000' });
    const outcome = (await sendOne(connector)) as { untilMs: number };
    expect(outcome.untilMs - Date.now()).toBeLessThanOrEqual(86_400_000);
    expect(outcome.untilMs - Date.now()).toBeGreaterThan(86_000_000);
  });
});
