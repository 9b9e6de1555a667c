/** Mailchimp as config/destinations.yaml declares it, against the twin; and as a list in one call. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { mailchimp } from '../../sandbox/mailchimp/mailchimp.js';
import type { Twin } from '../../sandbox/twin.js';
import { targetFindings } from '../../src/cli/compare-target.js';
import type { DescribedField, Listed, ListPage } from '../../src/connectors/connector.js';
import { createConnector } from '../../src/connectors/registry.js';
import { loadMappings } from '../../src/pipelines/mapping-files.js';
import { loadDestinations } from '../../src/platform/config/destinations.js';
import { started } from '../sandbox/twins.js';
import { kinds } from './dialects.js';

const signal = new AbortController().signal;
const target = { object: 'members', operation: 'upsert' as const, keyField: 'email_address' };
let twin: Twin;
beforeAll(async () => {
  twin = await started(mailchimp());
});
beforeEach(async () => {
  await fetch(`${twin.url}/_twin`, { method: 'DELETE' });
  await faults([]);
});

const faults = (list: object[]) =>
  fetch(`${twin.url}/_twin/faults`, { method: 'PUT', body: JSON.stringify({ faults: list, limits: false }) });
const hash = (address: string) => createHash('md5').update(address.toLowerCase()).digest('hex');

function declared(environment: Record<string, string> = {}, alter = (text: string) => text) {
  const entry = loadDestinations('config/destinations.yaml', {
    MAILCHIMP_BASE_URL: `${twin.url}/3.0`,
    MAILCHIMP_API_KEY: 'twin-key-us1',
    MAILCHIMP_LIST: 'twin-list',
    ...environment,
  }).find(({ name }) => name === 'mailchimp')!;
  const settings = JSON.parse(alter(JSON.stringify(entry.settings))) as typeof entry.settings;
  return createConnector({ ...entry, settings: { ...settings, callTimeoutMs: 1_000 } });
}

const member = (n: number, fields: object = {}) => ({
  traceId: `t-${n}`,
  key: `Person-${n}@example.com`,
  targetId: null,
  fields: {
    FNAME: `Given ${n}`,
    LNAME: 'Müller-Łoś',
    FOYERSTAT: 'registered',
    FOYEREVTS: n,
    FOYERREG: '2026-01-05',
    ...fields,
  },
});
const send = (connector = declared(), record = member(1)) =>
  connector.send(target, [record], { signal }).then(({ outcomes }) => outcomes[0]!);
const FIELDS = ['FNAME', 'LNAME', 'COMPANY', 'FOYERSTAT', 'FOYEREVTS', 'FOYERREG', 'status'];
const stored = (key = member(1).key) =>
  declared()
    .readBack(target, [{ key, targetId: null }], FIELDS, { signal })
    .then(({ records }) => records[0]);
/** What is done there by hand. */
const byHand = (key: string, body: object) =>
  fetch(`${twin.url}/3.0/lists/twin-list/members/${hash(key)}`, {
    method: 'PUT',
    headers: { authorization: `Basic ${Buffer.from('x:twin-key-us1').toString('base64')}` },
    body: JSON.stringify({ email_address: key, ...body }),
  });

test('a member is made, stands there as it was written, and is changed', async () => {
  const id = hash(member(1).key);
  expect(await send()).toEqual({ kind: 'written', targetId: id, created: null });
  const found = (await stored())!;
  expect(found).toMatchObject({
    targetId: id,
    fields: { FNAME: 'Given 1', LNAME: 'Müller-Łoś', status: 'subscribed' },
  });
  for (const [field, value] of Object.entries(member(1).fields))
    expect(declared().canonical(target, field, found.fields[field])).toBe(
      declared().canonical(target, field, value),
    );
  // A difference only: what is not in it stays.
  await send(declared(), { ...member(1), fields: { COMPANY: 'ACME', LNAME: null } as never });
  const after = (await stored())!.fields;
  expect(after).toMatchObject({ FNAME: 'Given 1', COMPANY: 'ACME', FOYEREVTS: 1 });
  expect(declared().canonical(target, 'LNAME', after.LNAME)).toBeNull();
});

test('the audience describes its merge fields, all that its pages would hold, and they take what the mapping writes', async () => {
  const connector = declared();
  const told = await connector.describe!('members', { signal });
  const shipped = JSON.parse(readFileSync('mappings/targets/mailchimp.members.json', 'utf8')) as {
    fields: Record<string, DescribedField>;
  };
  const { fields } = told as { fields: Record<string, DescribedField> };
  expect(fields).toMatchObject({ ...shipped.fields, FOYEREVTS: { type: 'double' } });
  // The twin shows ten a page, as Mailchimp does where nothing else is asked for.
  expect(Object.keys(fields)).toHaveLength(13);
  expect(fields['PHONE']).toEqual({ type: 'phone' });
  const { mappings } = loadMappings('mappings');
  const ours = mappings.filter(({ destination }) => destination === 'mailchimp');
  expect(ours.length).toBeGreaterThan(0);
  expect(targetFindings(fields, shipped.fields, ours)).toEqual([]);
  expect(await declared({ MAILCHIMP_LIST: 'other' }).describe!('members', { signal })).toMatchObject({
    ok: false,
    reason: { code: 'no-list' },
  });
});

test('who has unsubscribed is never subscribed again', async () => {
  await send();
  await byHand(member(1).key, { status: 'unsubscribed' });
  expect((await send(declared(), member(1, { FNAME: 'Ana' }))).kind).toBe('written');
  expect((await stored())!.fields).toMatchObject({ FNAME: 'Ana', status: 'unsubscribed' });
});

test('whose consent ends is unsubscribed', async () => {
  await send();
  expect((await send(declared(), { ...member(1), fields: { status: 'unsubscribed' } as never })).kind).toBe(
    'written',
  );
  expect((await stored())!.fields.status).toBe('unsubscribed');
});

test('a refusal names the field and who can put it right', async () => {
  expect(await send(declared(), member(1, { FOYEREVTS: 'many' }))).toMatchObject({
    kind: 'rejected',
    reason: { field: 'FOYEREVTS', status: 400 },
  });
  const fake = { ...member(1), key: 'ana@mailinator.net' };
  const outcome = await send(declared(), fake);
  expect(outcome).toMatchObject({
    kind: 'rejected',
    reason: { message: expect.stringContaining('looks fake') as string },
  });
  expect(JSON.stringify(outcome)).not.toContain('ana@');
});

test('who was deleted for good cannot be written again, and the reason says so', async () => {
  await send();
  const removed = await declared().remove!(target, [member(1), member(2)], { signal });
  expect(kinds(removed)).toEqual(['written', 'unchanged']);
  expect(await stored()).toBeNull();
  expect(await send()).toMatchObject({ kind: 'rejected', reason: { code: 'forgotten', owner: 'data' } });
});

test.each([
  ['a wrong key', { MAILCHIMP_API_KEY: 'wrong-key' }, 'unauthorised'],
  ['a list that does not exist', { MAILCHIMP_LIST: 'other' }, 'unauthorised'],
])('%s is unauthorised, and the probe says so', async (_name, environment, kind) => {
  const outcome = await send(declared(environment));
  expect(outcome.kind).toBe(kind);
  expect(JSON.stringify(outcome)).not.toContain('wrong-key');
  expect(await declared(environment).probe({ signal })).toMatchObject({ ok: false });
  expect(await declared().probe({ signal })).toEqual({ ok: true });
});

test('a throttle, a bare 403, a time-out after the commit and a lie are each told apart', async () => {
  await faults([{ kind: 'throttle', rate: 1 }]);
  expect((await send()).kind).toBe('throttled');
  await faults([{ kind: 'status', rate: 1, status: 403 }]);
  expect(await send()).toMatchObject({ kind: 'throttled', reason: { code: 'too-busy' } });
  await faults([{ kind: 'timeoutAfterCommit', rate: 1, times: 1, delayMs: 10_000 }]);
  expect((await send()).kind).toBe('unanswered');
  expect((await stored())!.fields.FNAME).toBe('Given 1');
  await faults([{ kind: 'lie', rate: 1 }]);
  expect((await send(declared(), member(2))).kind).toBe('written');
  await faults([]);
  expect(await stored(member(2).key)).toBeNull();
});

test('as a list: 500 in one call, and the errors inside a success go to their own records', async () => {
  const connector = createConnector({
    name: 'lists',
    connector: 'rest',
    settings: {
      baseUrl: `${twin.url}/3.0`,
      auth: { kind: 'basic', username: 'x', password: 'twin-key-us1' },
      objects: {
        members: {
          write: {
            url: '/lists/twin-list',
            batch: { max: 500 },
            record: {
              email_address: '{{ key }}',
              status_if_new: 'subscribed',
              merge_fields: { FNAME: '{{ record.FNAME }}', FOYEREVTS: '{{ record.FOYEREVTS }}' },
            },
            body: { members: '{{ records }}', update_existing: true },
            results: ['body.new_members', 'body.updated_members', 'body.errors'],
            of: { result: 'result.email_address.lowerAscii()', record: 'key.lowerAscii()' },
            written: '!has(result.error)',
            created: 'body.new_members.exists(m, m.id == result.id)',
            id: 'result.id',
            code: 'result.error_code',
            message: 'coalesce(result.field_message, result.error)',
            field: 'result.field',
          },
        },
      },
    },
  });
  await send();
  const records = Array.from({ length: 500 }, (_, n) =>
    n === 7 ? member(n, { FOYEREVTS: 'many' }) : member(n),
  );
  const { outcomes } = await connector.send(target, records, { signal });
  expect(outcomes[0]).toEqual({ kind: 'written', targetId: hash(member(0).key), created: true });
  expect(outcomes[1]).toMatchObject({ kind: 'written', created: false });
  expect(outcomes[7]).toMatchObject({
    kind: 'rejected',
    reason: { field: 'FOYEREVTS', code: 'ERROR_GENERIC' },
  });
  expect(outcomes.filter(({ kind }) => kind === 'written')).toHaveLength(499);
});

const all = async (connector = declared()) => {
  const records: Listed[] = [];
  const asked: (string | null)[] = [];
  for (let page: string | null = null; ;) {
    const read: ListPage = await connector.list!(target, FIELDS, page, { signal });
    if (read.failure) return { records, asked, failure: read.failure };
    asked.push(page);
    records.push(...read.records);
    page = read.next;
    if (page === null) return { records, asked };
  }
};

test('the audience is listed page by page: those that carry our id, as a read-back shows them', async () => {
  for (let n = 0; n < 5; n++) await send(declared(), member(n, { FOYERID: `p-${n}` }));
  await byHand('stranger@example.com', { status_if_new: 'subscribed' });
  const { records, asked } = await all();
  expect(asked).toEqual([null, '6']);
  expect(records.map(({ key }) => key)).toEqual([0, 1, 2, 3, 4].map((n) => `person-${n}@example.com`));
  expect(records[3]!.stored).toEqual(await stored(member(3).key));
});

test('an audience of many pages is listed whole', async () => {
  const people = Array.from({ length: 7 }, (_, n) => member(n, { FOYERID: `p-${n}` }));
  for (const one of people) await send(declared(), one);
  const { records, asked } = await all(declared({}, (text) => text.replace('count=1000', 'count=2')));
  expect(asked).toEqual([null, '2', '4', '6', '7']);
  expect(records.map(({ key }) => key)).toEqual(people.map(({ key }) => key.toLowerCase()));
});

test('a page that cannot be read ends the listing, and nothing is taken for gone', async () => {
  await send(declared(), member(1, { FOYERID: 'p-1' }));
  await faults([{ kind: 'status', rate: 1, status: 503 }]);
  expect(await all()).toMatchObject({ records: [], failure: { kind: 'retry' } });
});
