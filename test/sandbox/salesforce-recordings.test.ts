import { beforeAll, describe, expect, it } from 'vitest';
import { field, sobject } from '../../sandbox/salesforce/sobject.js';
import type { Twin } from '../../sandbox/twin.js';
import {
  cassettes,
  differences,
  IS_RECORDED_THERE,
  mappings,
  type Recorded,
  WHY_SKIPPED,
} from './recordings.js';
import { call, control, salesforceSession, salesforceTwin } from './twins.js';

/** Custom objects of the orgs that were recorded, as far as their calls need them. */
const MOVIES = [
  sobject('Movie__c', 'a00', [
    field('Name', 'Name', 'string', { isNameField: true }),
    field('Rating__c', 'Rating', 'picklist', { picklist: ['Excellent', 'Good'], isRestricted: true }),
    field('ReleaseDate__c', 'Release Date', 'date'),
    field('Franchise__c', 'Franchise', 'reference', {
      referenceTo: ['Franchise__c'],
      relationshipName: 'Franchise__r',
    }),
  ]),
  sobject('Franchise__c', 'a03', [field('Name', 'Name', 'string', { isNameField: true })]),
  sobject('Spaceship__c', 'a04', [
    field('Name', 'Name', 'string', { isNameField: true }),
    field('Website__c', 'Website', 'url', { isRequired: true, isNillable: false }),
  ]),
];

type Session = Awaited<ReturnType<typeof salesforceSession>>;
let twin: Twin;
let session: Session;

beforeAll(async () => {
  twin = await salesforceTwin({ sobjects: MOVIES });
  session = await salesforceSession(twin);
});

/** The twin has no Bulk API 1.0, no network errors of its own accord, and does not describe what others installed. */
function isSupported({ url, answer, status }: Recorded): boolean {
  return url.includes('/services/data/') && !url.endsWith('/describe') && !(status === 500 && answer === '');
}

const recordedCassettes = IS_RECORDED_THERE
  ? cassettes('cumulusci-bsd3').map(({ file, recorded }) => ({
      file,
      recorded: recorded.filter(isSupported),
    }))
  : [];

describe.skipIf(!IS_RECORDED_THERE)(`Salesforce’s recorded cassettes (skipped where ${WHY_SKIPPED})`, () => {
  it.each(recordedCassettes.filter(({ recorded }) => recorded.length > 0))(
    '$file has the twin’s status and shape',
    async ({ recorded }) => {
      await control(twin, 'DELETE', '');
      const ids = new Map<string, string>();
      for (const each of recorded) {
        await prepare(each, ids);
        const got = await replay(each, ids);
        learn(each, got, ids);
      }
    },
  );

  it.each(['Lead', 'Contact', 'Account'])(
    'a field of %s is described with the recorded keys',
    async (name) => {
      const found = cassettes('cumulusci-bsd3').find(
        ({ file }) => file === `GET_sobjects_${name}_describe.yaml`,
      )!;
      const recorded = JSON.parse(found.recorded[0]!.answer) as Described;
      const { body } = await session<Described>('GET', `/sobjects/${name}/describe`);
      const isOlder = !('associateEntityType' in recorded);
      const missing = Object.keys(recorded).filter((key) => !(key in body));
      expect(missing).toEqual([]);
      if (!isOlder) expect(Object.keys(body).filter((key) => !(key in recorded))).toEqual([]);
      for (const mine of body.fields) {
        const theirs = recorded.fields.find((other) => other.name === mine.name);
        if (theirs === undefined) continue;
        expect(
          Object.keys(theirs).filter((key) => !(key in mine)),
          mine.name,
        ).toEqual([]);
        const facts = ({ type, length, nillable, createable, updateable, idLookup }: DescribedField) => ({
          type,
          length,
          nillable,
          createable,
          updateable,
          idLookup,
        });
        expect(facts(mine), mine.name).toEqual(facts(theirs));
      }
    },
  );
});

/** Recordings of what the twin does not do: binary fields, joins upwards, and bodies that are no JSON on purpose. */
const NOT_DONE = /binary|associated-data|unexpected-response|unparseable-body|resource-not-found/;

const recordedMappings = IS_RECORDED_THERE
  ? mappings('sf-fx-bsd3/mappings').filter(({ name }) => !NOT_DONE.test(name))
  : [];

describe.skipIf(!IS_RECORDED_THERE)(`Salesforce’s recorded errors (skipped where ${WHY_SKIPPED})`, () => {
  it.each(recordedMappings)('$name has the twin’s status and shape', async (each) => {
    await control(twin, 'DELETE', '');
    const ids = await existing(each);
    if (each.name === 'create-invalid-token.json') {
      const got = await call(each.method, `${twin.url}${each.url}`, each.body, {
        Authorization: 'Bearer stale',
      });
      expect(got.body).toEqual(JSON.parse(each.answer));
      expect(got.status).toBe(each.status);
      return;
    }
    const got = await replay(each, ids);
    if (each.status >= 400) expect(codesOf(got)).toEqual(codesOf(JSON.parse(each.answer)));
  });
});

interface DescribedField {
  name: string;
  [key: string]: unknown;
}

interface Described {
  fields: DescribedField[];
}

async function replay(each: Recorded, ids: Map<string, string>): Promise<unknown> {
  const mapped = (text: string) =>
    [...ids].reduce((done, [recordedId, id]) => done.replaceAll(recordedId, id), text);
  const local = (text: string) => mapped(text).replaceAll('vxx.0', 'v60.0');
  const url = local(each.url)
    .replace(/^https:\/\/[^/]+/, '')
    .replace(/^\/services\/data\/v(\d\d\.0)/, '/../v$1');
  const target = url.startsWith('/../') ? url : `/..${url.slice('/services/data'.length)}`;
  const got = await session(each.method, target, each.body === '' ? undefined : local(each.body));
  expect(got.status, `${each.name}: ${got.text}`).toBe(each.status);
  if (each.answer === '') return got.body;
  expect(differences(got.body, JSON.parse(each.answer)), each.name).toEqual([]);
  return got.body;
}

/** Makes the records whose ids a call names and that no earlier call made. */
async function prepare({ url, body, answer }: Recorded, ids: Map<string, string>): Promise<void> {
  const isUpsertOrQuery = url.includes('/composite/sobjects') || url.includes('/query');
  if (!isUpsertOrQuery) return;
  if (url.includes('/query')) {
    const { records = [] } = JSON.parse(answer) as {
      records?: { attributes: { type: string; url: string }; Name?: string }[];
    };
    for (const { attributes, Name } of records)
      await make(attributes.type, attributes.url.split('/').at(-1)!, Name, ids);
    return;
  }
  const { records } = JSON.parse(body) as { records: { Id?: string | null; attributes: { type: string } }[] };
  const known = (JSON.parse(answer) as { id: string; created?: boolean }[]).filter(
    ({ created }) => created === false,
  );
  for (const { Id, attributes } of records)
    if (typeof Id === 'string') await make(attributes.type, Id, undefined, ids);
  for (const { id } of known) if (!ids.has(id)) await make(records[0]!.attributes.type, id, undefined, ids);
}

async function make(
  type: string,
  recordedId: string,
  name: string | undefined,
  ids: Map<string, string>,
): Promise<void> {
  if (ids.has(recordedId)) return;
  const people = { LastName: name ?? 'Someone' };
  const dated = { Name: name ?? 'Something', StageName: 'Prospecting', CloseDate: '2021-10-03' };
  const given = type === 'Contact' ? people : type === 'Opportunity' ? dated : { Name: name ?? 'Something' };
  const { body } = await session<{ id: string }>('POST', `/sobjects/${type}`, given);
  ids.set(recordedId, body.id);
}

/** The twin's ids for those that the recorded answer gave. */
function learn(each: Recorded, got: unknown, ids: Map<string, string>): void {
  if (each.method === 'GET' || each.answer === '') return;
  const recorded = JSON.parse(each.answer) as { id?: string } | { id?: string }[];
  const [before, after] = [[recorded].flat(), [got as typeof recorded].flat()];
  const flags = (answers: object[]) =>
    answers.map((answer) => ('created' in answer ? answer.created : undefined));
  expect(flags(after), each.name).toEqual(flags(before));
  before.forEach(({ id }, index) => {
    const own = after[index]?.id;
    if (id !== undefined && own !== undefined) ids.set(id, own);
  });
}

/** The record that a recorded call is about, made in the state the call expects. */
async function existing({ url, name, answer }: Recorded): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  const recordedIds = new Set(`${url} ${answer}`.match(/\b(?:001|a00|a01|a03)[0-9a-zA-Z]{15}\b/g));
  const [type, recordedId] = /sobjects\/(\w+)\/(\w{18})$/.exec(url)?.slice(1) ?? [];
  if (type !== undefined && recordedId !== undefined && !name.includes('malformed-id')) {
    await make(type, recordedId, 'Existing', ids);
    if (name.includes('already-deleted'))
      await session('DELETE', `/sobjects/${type}/${ids.get(recordedId)!}`);
  } else if (name.includes('graph-single') && !name.includes('create')) {
    const inBody = /Movie__c\/(\w{18})/.exec(recordedBody(name))?.[1];
    if (inBody !== undefined) await make('Movie__c', inBody, 'Existing', ids);
  } else if (name.startsWith('query'))
    for (const id of recordedIds) await make('Account', id, 'Existing', ids);
  return ids;
}

function recordedBody(name: string): string {
  return recordedMappings.find((each) => each.name === name)!.body;
}

/** The error codes anywhere in an answer, in order. */
function codesOf(body: unknown): unknown[] {
  if (Array.isArray(body)) return body.flatMap(codesOf);
  if (typeof body !== 'object' || body === null) return [];
  const { errorCode, ...rest } = body as Record<string, unknown>;
  return [...(errorCode === undefined ? [] : [errorCode]), ...Object.values(rest).flatMap(codesOf)];
}
