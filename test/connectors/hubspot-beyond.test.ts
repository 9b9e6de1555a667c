/** What HubSpot offers beyond upserts: adopting, removing, finding, listing, describing. */
import { expect, test } from 'vitest';
import type { ObjectTarget } from '../../src/connectors/connector.js';
import { dialects, kinds, persons } from './dialects.js';
import { type Seen, json, sharedServer } from './scripted-server.js';

const signal = new AbortController().signal;
const dialect = dialects[0]!;
const target: ObjectTarget = { object: 'contacts', operation: 'upsert', keyField: 'foyer_person_id' };

const server = sharedServer();

interface Body {
  inputs: { id: string; idProperty?: string; properties: Record<string, string> }[];
  filterGroups: { filters: object[] }[];
}
const bodyOf = (seen: Seen) => JSON.parse(seen.body) as Body;
const calls = (part: string) => server.seen.filter(({ path }) => path.includes(part));

test('an adopted contact is written by its id, and its key with it; others by their key', async () => {
  server.script = (request, response) =>
    json(response, 200, {
      status: 'COMPLETE',
      results: bodyOf(request).inputs.map(({ properties }, n) => ({ id: String(70 + n), properties })),
    });
  const [first, second] = persons(2);
  const records = [second!, { ...first!, targetId: '70', isAdopted: true }];
  const result = await dialect.connector(server).send(target, records, { signal });
  expect(kinds(result)).toEqual(['written', 'written']);
  expect(bodyOf(calls('/batch/update')[0]!).inputs).toEqual([
    expect.objectContaining({
      id: '70',
      properties: expect.objectContaining({ foyer_person_id: first!.key }) as object,
    }),
  ]);
  expect(bodyOf(calls('/batch/update')[0]!).inputs[0]).not.toHaveProperty('idProperty');
  expect(bodyOf(calls('/batch/upsert')[0]!).inputs).toHaveLength(1);
});

test('an installed app renews its token when it is refused, once, and shows no secret', async () => {
  let issued = 0;
  server.script = (request, response) => {
    if (request.path === '/oauth/v1/token')
      json(response, 200, { access_token: `at-${++issued}`, expires_in: 1_800, refresh_token: 'rt-1' });
    else if (request.headers.authorization !== 'Bearer at-2') json(response, 401, { category: 'EXPIRED' });
    else json(response, 200, { results: dialect.success(request), status: 'COMPLETE' });
  };
  const settings = { token: '', refreshToken: 'rt-1', clientId: 'app', clientSecret: 'hush' };
  const crm = dialect.connector(server, settings);
  const results = await Promise.all(persons(4).map((one) => crm.send(dialect.target, [one], { signal })));
  expect(results.flatMap(kinds)).toEqual(Array(4).fill('written'));
  expect(calls('/oauth')).toHaveLength(2);
  const form = new URLSearchParams(calls('/oauth')[0]!.body);
  expect(Object.fromEntries(form)).toMatchObject({ grant_type: 'refresh_token', refresh_token: 'rt-1' });

  server.script = (request, response) =>
    json(response, 400, { error: 'invalid_grant', error_description: request.body.replaceAll('&', ' ') });
  const refused = await dialect.connector(server, settings).send(dialect.target, persons(1), { signal });
  expect(kinds(refused)).toEqual(['unauthorised']);
  expect(JSON.stringify(refused)).not.toMatch(/hush|rt-1/);
});

test('removing archives by id, looks up unknown ids by key, and leaves what is gone alone', async () => {
  server.script = (request, response) => {
    if (request.path.endsWith('/batch/archive')) response.writeHead(204).end();
    else json(response, 200, { status: 'COMPLETE', results: [] });
  };
  const [first, second] = persons(2);
  const records = [{ ...first!, targetId: '17' }, second!];
  const result = await dialect.connector(server).remove!(target, records, { signal });
  expect(kinds(result)).toEqual(['written', 'unchanged']);
  expect(bodyOf(calls('/batch/archive')[0]!).inputs).toEqual([{ id: '17' }]);
});

test('finding asks five at a time and tells who is whose whatever the case', async () => {
  server.script = (_, response) =>
    json(response, 200, { results: [{ id: '1', properties: { email: 'a0@x.org' } }] });
  const by = Array.from({ length: 6 }, (_, n) => ({ email: `A${n}@x.org` }));
  const { found, failure } = await dialect.connector(server).find!(target, by, [], { signal });
  expect(failure).toBeUndefined();
  expect(found.map((one) => one!.length)).toEqual([1, 0, 0, 0, 0, 0]);
  expect(calls('/search').map((call) => bodyOf(call).filterGroups.length)).toEqual([5, 1]);
});

test('listing follows the pages and passes over what does not carry our key', async () => {
  server.script = (request, response) =>
    request.path.includes('after=7')
      ? json(response, 200, { results: [{ id: '8', properties: { foyer_person_id: 'k8' } }] })
      : json(response, 200, {
          results: [
            { id: '6', properties: { foyer_person_id: 'k6' } },
            { id: '7', properties: {} },
          ],
          paging: { next: { after: '7' } },
        });
  const crm = dialect.connector(server);
  const first = await crm.list!(target, ['email'], null, { signal });
  expect(first.records.map(({ key }) => key)).toEqual(['k6']);
  const second = await crm.list!(target, ['email'], first.next, { signal });
  expect(second).toMatchObject({ next: null, records: [{ key: 'k8', stored: { targetId: '8' } }] });
});

test('describing gives types, options, what is unique and computed', async () => {
  server.script = (_, response) =>
    json(response, 200, {
      results: [
        { name: 'email', type: 'string' },
        { name: 'foyer_person_id', type: 'string', hasUniqueValue: true },
        { name: 'createdate', type: 'datetime', modificationMetadata: { readOnlyValue: true } },
        { name: 'foyer_status', type: 'enumeration', options: [{ value: 'registered' }] },
      ],
    });
  expect(await dialect.connector(server).describe!('contacts', { signal })).toEqual({
    ok: true,
    fields: {
      email: { type: 'email', unique: true },
      foyer_person_id: { type: 'string', length: 65_536, unique: true },
      createdate: { type: 'datetime', writable: false },
      foyer_status: { type: 'picklist', values: ['registered'] },
    },
  });
});

test.each([
  ['a page', '<html>'],
  ['nothing', ''],
  ['null', 'null'],
  ['results without ids', '{"results":[null,{"x":1}]}'],
])('an answer that is %s finds, lists and removes nothing, and says why', async (_name, body) => {
  server.script = (_, response) => void response.writeHead(200).end(body);
  const crm = dialect.connector(server);
  expect(await crm.find!(target, [{ email: 'a@b.c' }], [], { signal })).toMatchObject({
    found: [undefined],
    failure: { reason: {} },
  });
  expect((await crm.list!(target, [], null, { signal })).failure).toBeDefined();
  const removed = await crm.remove!(target, [{ ...persons(1)[0]!, targetId: '1' }], { signal });
  expect(kinds(removed)[0]).not.toBe('written');
});
