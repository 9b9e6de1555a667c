/** What Salesforce offers beyond upserts: a key instead of a secret, adopting, removing, finding, listing, describing. */
import { createVerify, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createConnector } from '../../src/connectors/registry.js';
import { dialects, kinds, persons } from './dialects.js';
import { type Seen, json, sharedServer } from './scripted-server.js';

const signal = new AbortController().signal;
const dialect = dialects[1]!;
const LEAD = '00Q4S000001VKQ1UAO';

const server = sharedServer();

const bodyOf = (seen: Seen) => JSON.parse(seen.body) as { records: Record<string, unknown>[] };
const queryOf = (seen: Seen): string | null => new URL(seen.path, server.baseUrl).searchParams.get('q');
const calls = (part: string) => server.seen.filter(({ path }) => path.includes(part));

describe('a private key instead of a secret', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const settings = () => ({
    baseUrl: server.baseUrl,
    clientId: 'consumer',
    username: 'foyer@example.com',
    privateKey: pem.replaceAll('\n', '\\n'),
  });
  const connector = () => createConnector({ name: 'sales', connector: 'salesforce', settings: settings() });
  const claimsOf = (seen: Seen): Record<string, unknown> => {
    const form = new URLSearchParams(seen.body);
    expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
    const [head, claims, signature] = form.get('assertion')!.split('.') as [string, string, string];
    const isSigned = createVerify('RSA-SHA256')
      .update(`${head}.${claims}`)
      .verify(publicKey, signature, 'base64url');
    expect(isSigned).toBe(true);
    return JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
  };

  test('signs who we are, for whom, and until when', async () => {
    server.script = dialect.around((write, response) => json(response, 200, dialect.success(write)));
    const result = await connector().send(dialect.target, persons(1), { signal });
    expect(kinds(result)).toEqual(['written']);
    const claims = claimsOf(calls('/token')[0]!);
    expect(claims).toMatchObject({
      iss: 'consumer',
      sub: 'foyer@example.com',
      aud: 'https://login.salesforce.com',
    });
    expect(Number(claims.exp) * 1000 - Date.now()).toBeLessThanOrEqual(180_000);
    expect(Number(claims.exp) * 1000).toBeGreaterThan(Date.now());
  });

  test('a clock that is wrong is found by the answer, corrected once, and named where that does not help', async () => {
    const ahead = new Date(Date.now() + 3_600_000).toUTCString();
    server.script = (_, response) =>
      json(response, 400, { error: 'invalid_grant', error_description: 'expired' }, { date: ahead });
    const result = await connector().send(dialect.target, persons(1), { signal });
    expect(kinds(result)).toEqual(['unauthorised']);
    const [first, second] = calls('/token').map(claimsOf);
    expect(Number(second!.exp) - Number(first!.exp)).toBeGreaterThan(3_500);
    expect(JSON.stringify(result)).toMatch(/our clock is 3[56]\d\d s behind/);
  });

  test('what is no key is said before anything is sent, and not shown', () => {
    const make = () =>
      createConnector({
        name: 'sales',
        connector: 'salesforce',
        settings: { ...settings(), privateKey: 'hush' },
      });
    expect(make).toThrow('privateKey is no private key');
    expect(make).not.toThrow('hush');
  });
});

test('an adopted record is written by its id, and its key with it; others by their key', async () => {
  server.script = dialect.around((request, response) =>
    json(
      response,
      200,
      bodyOf(request).records.map(() => ({ id: LEAD, success: true, errors: [] })),
    ),
  );
  const [first, second] = persons(2);
  const records = [{ ...first!, targetId: LEAD, isAdopted: true }, second!];
  const result = await dialect.connector(server).send(dialect.target, records, { signal });
  expect(kinds(result)).toEqual(['written', 'written']);
  const [update, upsert] = server.seen.filter(dialect.isWrite);
  expect(update!.path).toMatch(/\/composite\/sobjects$/);
  expect(bodyOf(update!).records[0]).toMatchObject({ id: LEAD, Foyer_Person_Id__c: first!.key });
  expect(upsert!.path).toMatch(/\/Lead\/Foyer_Person_Id__c$/);
});

test('removing looks up unknown ids by key; what is gone already is unchanged', async () => {
  server.script = dialect.around((request, response) => {
    if (request.method === 'DELETE')
      json(response, 200, [
        { id: LEAD, success: true, errors: [] },
        {
          success: false,
          errors: [{ statusCode: 'ENTITY_IS_DELETED', message: 'entity is deleted', fields: [] }],
        },
      ]);
    else
      json(response, 200, {
        compositeResponse: [
          { referenceId: 'r0', httpStatusCode: 404, body: [{ errorCode: 'NOT_FOUND', message: 'none' }] },
        ],
      });
  });
  const [a, b, c] = persons(3);
  const records = [{ ...a!, targetId: LEAD }, { ...b!, targetId: '00Q4S000001VKQ2UAO' }, c!];
  const result = await dialect.connector(server).remove!(dialect.target, records, { signal });
  expect(kinds(result)).toEqual(['written', 'unchanged', 'unchanged']);
  expect(calls('composite/sobjects?ids=')).toHaveLength(1);
});

test('finding quotes values, follows further answers, and tells who is whose whatever the case', async () => {
  const row = (Id: string, Email: string) => ({ Id, Email, attributes: {} });
  server.script = dialect.around((request, response) => {
    if (request.path.includes('/more')) json(response, 200, { done: true, records: [row('2', 'B@x.org')] });
    else
      json(response, 200, {
        done: false,
        nextRecordsUrl: '/services/data/v60.0/query/more',
        records: [row('1', "o'hara@x.org")],
      });
  });
  const by = [{ Email: "O'Hara@x.org" }, { Email: 'b@x.org' }, { Email: 'none@x.org' }];
  const { found, failure } = await dialect.connector(server).find!(dialect.target, by, ['Email'], { signal });
  expect(failure).toBeUndefined();
  expect(found.map((one) => one!.map(({ targetId }) => targetId))).toEqual([['1'], ['2'], []]);
  expect(queryOf(calls('/query?')[0]!)).toContain("Email = 'O\\'Hara@x.org'");
});

test('listing goes from id to id until a page is not full', async () => {
  let page = 0;
  server.script = dialect.around((_, response) => {
    const count = page++ === 0 ? 2_000 : 1;
    const records = Array.from({ length: count }, (_row, n) => ({
      Id: `id-${page}-${n}`,
      Foyer_Person_Id__c: `k${n}`,
    }));
    json(response, 200, { done: true, records });
  });
  const sales = dialect.connector(server);
  const first = await sales.list!(dialect.target, ['LastName'], null, { signal });
  expect(first.records).toHaveLength(2_000);
  expect(first.next).toBe('id-1-1999');
  const second = await sales.list!(dialect.target, ['LastName'], first.next, { signal });
  expect(second).toMatchObject({ next: null, records: [{ key: 'k0' }] });
  expect(queryOf(calls('/query')[1]!)).toContain("AND Id > 'id-1-1999' ORDER BY Id LIMIT 2000");
});

test('describing gives types, lengths, what is required, unique and computed', async () => {
  const field = { nillable: true, defaultedOnCreate: false, createable: true, updateable: true, length: 0 };
  server.script = dialect.around((_, response) =>
    json(response, 200, {
      fields: [
        { ...field, name: 'LastName', type: 'string', length: 80, nillable: false },
        { ...field, name: 'Id', type: 'id', length: 18, createable: false, updateable: false },
        { ...field, name: 'Foyer_Person_Id__c', type: 'string', length: 255, externalId: true },
        { ...field, name: 'Address', type: 'address' },
        {
          ...field,
          name: 'Status',
          type: 'picklist',
          length: 255,
          restrictedPicklist: true,
          picklistValues: [
            { value: 'Open', active: true },
            { value: 'Old', active: false },
          ],
        },
      ],
    }),
  );
  expect(await dialect.connector(server).describe!('Lead', { signal })).toEqual({
    ok: true,
    fields: {
      LastName: { type: 'string', length: 80, required: true },
      Id: { type: 'reference', length: 18, unique: true, writable: false },
      Foyer_Person_Id__c: { type: 'string', length: 255, unique: true },
      Status: { type: 'picklist', length: 255, values: ['Open'] },
    },
  });
});

test.each([
  ['a page', '<html>'],
  ['nothing', ''],
  ['null', 'null'],
  ['rows without ids', '{"done":true,"records":[null,{"x":1}]}'],
])('an answer that is %s finds, lists, removes and describes nothing, and says why', async (_name, body) => {
  server.script = dialect.around((_, response) => void response.writeHead(200).end(body));
  const sales = dialect.connector(server);
  const found = await sales.find!(dialect.target, [{ Email: 'a@b.c' }], [], { signal });
  expect(found).toMatchObject({ found: [undefined], failure: { reason: {} } });
  expect((await sales.list!(dialect.target, [], null, { signal })).failure).toBeDefined();
  expect(kinds(await sales.remove!(dialect.target, persons(1), { signal }))).toEqual(
    ['unanswered'].map(() => 'retry'),
  );
  expect((await sales.describe!('Lead', { signal })).ok).toBe(false);
});
