import { beforeAll, describe, expect, it } from 'vitest';
import type { Twin } from '../../sandbox/twin.js';
import { cassettes, differences, IS_RECORDED_THERE, type Recorded, WHY_SKIPPED } from './recordings.js';
import { call, control, hubspotTwin, TOKEN } from './twins.js';

const SCOPELESS = 'pat-twin-scopeless';
const SEARCH_LAG_MS = 0;

let twin: Twin;
beforeAll(async () => {
  twin = await hubspotTwin({ searchLagMs: SEARCH_LAG_MS });
});

/** What the twin does not have: users are no part of it. */
function isSupported({ url, status }: Recorded): boolean {
  return status === 403 || !url.includes('/objects/users');
}

const supported = IS_RECORDED_THERE
  ? cassettes('ruby_hubspot_api-mit').map(({ file, recorded }) => ({
      file,
      recorded: recorded.filter(isSupported),
    }))
  : [];

describe.skipIf(!IS_RECORDED_THERE)(`HubSpot’s recorded answers (skipped where ${WHY_SKIPPED})`, () => {
  it('are there to compare with', () => {
    expect(supported.flatMap(({ recorded }) => recorded).length).toBeGreaterThanOrEqual(40);
  });

  it.each(supported.filter(({ recorded }) => recorded.length > 0))(
    '$file has the twin’s status and shape',
    async ({ recorded }) => {
      await control(twin, 'DELETE', '');
      const ids = await prepare(recorded);
      for (const each of recorded) await replay(each, ids);
    },
  );
});

/** Makes the records that the recording found in place, and maps their ids to the twin's. */
async function prepare(recorded: Recorded[]): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  const made = new Set<string>();
  for (const { method, url, status, answer } of recorded) {
    if (status !== 200 && method !== 'DELETE' && status !== 204) {
      if (status === 201) for (const { id } of objectsIn(answer)) made.add(id);
      continue;
    }
    const type = url.includes('/companies') ? 'companies' : 'contacts';
    const isWrite = method === 'PATCH';
    for (const { id, properties } of isWrite ? [] : objectsIn(answer)) {
      if (made.has(id) || ids.has(id)) continue;
      ids.set(id, await create(type, own(properties)));
    }
    if (isListed(answer)) await fillUp(type, answer);
  }
  return ids;
}

async function replay(each: Recorded, ids: Map<string, string>): Promise<void> {
  const { pathname, search } = new URL(each.url);
  const mapped = (text: string) =>
    [...ids].reduce((done, [recordedId, id]) => done.replaceAll(recordedId, id), text);
  const token = each.status === 403 ? SCOPELESS : TOKEN;
  const body = each.body === '' ? undefined : mapped(each.body);
  const got = await call(each.method, `${twin.url}${mapped(pathname)}${mapped(search)}`, body, {
    Authorization: `Bearer ${token}`,
  });
  expect(got.status, each.name).toBe(each.status);
  if (each.answer.startsWith('<')) {
    expect(got.text, each.name).toBe(each.answer);
    return;
  }
  if (each.answer === '') return;
  const recordedAnswer: unknown = JSON.parse(each.answer);
  expect(differences(got.body, recordedAnswer), each.name).toEqual([]);
  if (each.status !== 201) return;
  const [before, after] = [objectsIn(each.answer), objectsIn(got.text)];
  for (const { id, properties } of before)
    ids.set(id, after.find((other) => other.properties.email === properties.email)?.id ?? after[0]!.id);
}

interface RecordedObject {
  id: string;
  properties: Record<string, string>;
}

function objectsIn(answer: string): RecordedObject[] {
  if (!answer.startsWith('{')) return [];
  const body = JSON.parse(answer) as Partial<RecordedObject> & { results?: RecordedObject[] };
  return body.results ?? (body.properties === undefined ? [] : [body as RecordedObject]);
}

/** What a client may write of a recorded record. */
function own(properties: Record<string, string>): Record<string, string> {
  const written = Object.entries(properties).filter(
    ([name]) => !/^(hs_|createdate|lastmodifieddate)/.test(name),
  );
  return Object.fromEntries(written);
}

async function create(type: string, properties: Record<string, string>): Promise<string> {
  const headers = { Authorization: `Bearer ${TOKEN}` };
  const { body } = await call<{ id: string }>(
    'POST',
    `${twin.url}/crm/v3/objects/${type}`,
    { properties },
    headers,
  );
  return body.id;
}

function isListed(answer: string): boolean {
  return answer.includes('"paging"') || answer.includes('"total"');
}

/** The recorded account held more records than the page shows: some more like them. */
async function fillUp(type: string, answer: string): Promise<void> {
  const { total = 2 } = JSON.parse(answer) as { total?: number };
  const shown = objectsIn(answer);
  for (let more = shown.length; more < total; more += 1)
    await create(type, {
      firstname: `Test more ${more}`,
      lastname: 'User',
      email: `more${more}@example.org`,
    });
}
