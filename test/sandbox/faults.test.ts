import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Twin } from '../../sandbox/twin.js';
import {
  control,
  hubspotCall,
  hubspotTwin,
  journal,
  records,
  salesforceSession,
  salesforceTwin,
} from './twins.js';

const UPSERT = '/crm/v3/objects/contacts/batch/upsert';
let twin: Twin;

beforeAll(async () => {
  twin = await hubspotTwin();
});

beforeEach(async () => {
  await control(twin, 'DELETE', '');
  await faults([]);
});

function faults(list: object[], limits?: boolean) {
  return control<{ error?: string }>(twin, 'PUT', '/faults', {
    faults: list,
    ...(limits === undefined ? {} : { limits }),
  });
}

function upsert(...emails: string[]) {
  const inputs = emails.map((email) => ({
    id: email,
    idProperty: 'email',
    objectWriteTraceId: email,
    properties: { firstname: 'F' },
  }));
  return hubspotCall<{ results: { id: string; new: boolean }[] }>(twin, 'POST', UPSERT, { inputs });
}

async function outcomes(): Promise<string[]> {
  return (await journal(twin)).map(({ key, outcome, status }) => `${key} ${outcome} ${status}`);
}

describe('Faults', () => {
  it('refuse drops the connection before anything is read', async () => {
    await faults([{ kind: 'refuse', rate: 1, times: 1 }]);
    await expect(upsert('a@example.com')).rejects.toThrow('fetch failed');
    expect(await outcomes()).toEqual([]);
    expect((await upsert('a@example.com')).status).toBe(200);
  });

  it('slow waits and then answers as usual', async () => {
    await faults([{ kind: 'slow', rate: 1, delayMs: 80 }]);
    const before = performance.now();
    expect((await upsert('a@example.com')).status).toBe(200);
    expect(performance.now() - before).toBeGreaterThan(75);
  });

  it('status answers in the vendor’s words and leaves one rejected item for each record', async () => {
    await faults([{ kind: 'status', rate: 1, status: 503, times: 1, path: '/batch/upsert' }]);
    const answer = await upsert('a@example.com', 'b@example.com');
    expect(answer).toMatchObject({
      status: 503,
      body: { status: 'error', correlationId: expect.any(String) as string },
    });
    expect(await outcomes()).toEqual(['a@example.com rejected 503', 'b@example.com rejected 503']);
    expect(await records(twin, 'contacts')).toEqual([]);
  });

  it('throttle answers as HubSpot does and leaves one throttled item for each record', async () => {
    await faults([{ kind: 'throttle', rate: 1, times: 1 }]);
    const answer = await upsert('a@example.com', 'b@example.com');
    expect(answer).toMatchObject({
      status: 429,
      body: { category: 'RATE_LIMITS', message: 'You have reached your secondly limit.' },
    });
    expect(answer.headers.has('retry-after')).toBe(false);
    expect(await outcomes()).toEqual(['a@example.com throttled 429', 'b@example.com throttled 429']);
  });

  it('timeoutAfterCommit stores the records and never answers', async () => {
    await faults([{ kind: 'timeoutAfterCommit', rate: 1, times: 1, delayMs: 50 }]);
    await expect(upsert('a@example.com')).rejects.toThrow('fetch failed');
    expect(await outcomes()).toEqual(['a@example.com unanswered 0']);
    const [stored] = await records(twin, 'contacts');
    expect(stored).toMatchObject({ key: 'a@example.com', writes: 1 });
    expect((await journal(twin))[0]!.id).toBe(stored!.id);
    expect((await upsert('a@example.com')).body.results[0]).toMatchObject({ new: false });
  });

  it('lie answers success for single records and stores nothing of them', async () => {
    await faults([{ kind: 'lie', rate: 1, times: 1 }]);
    const answer = await upsert('a@example.com', 'b@example.com');
    expect(answer.body.results).toHaveLength(2);
    expect(await outcomes()).toEqual(['a@example.com lied 200', 'b@example.com created 200']);
    expect((await records(twin, 'contacts')).map(({ key }) => key)).toEqual(['b@example.com']);
  });

  it('lie leaves an existing record as it was', async () => {
    await upsert('a@example.com');
    await faults([{ kind: 'lie', rate: 1 }]);
    const inputs = [{ id: 'a@example.com', idProperty: 'email', properties: { firstname: 'Other' } }];
    const answer = await hubspotCall<{ results: { properties: object }[] }>(twin, 'POST', UPSERT, { inputs });
    expect(answer.body.results[0]!.properties).toMatchObject({ firstname: 'Other' });
    expect((await records(twin, 'contacts'))[0]).toMatchObject({ writes: 1, fields: { firstname: 'F' } });
  });

  it('strikes the same calls for the same seed', async () => {
    const emails = Array.from({ length: 60 }, (_, index) => `p${index}@example.com`);
    const run = async (seed: number) => {
      await control(twin, 'DELETE', '');
      await faults([{ kind: 'lie', rate: 0.3, seed }]);
      await upsert(...emails);
      return (await journal(twin)).map(({ outcome }) => outcome).join();
    };
    const first = await run(7);
    expect(first).toContain('lied');
    expect(first).toContain('created');
    expect(await run(7)).toBe(first);
    expect(await run(8)).not.toBe(first);
  });

  it('shows what is in force and how often it struck', async () => {
    await faults([{ kind: 'throttle', rate: 1, times: 2 }], true);
    await upsert('a@example.com');
    expect((await control(twin, 'GET', '/faults')).body).toEqual({
      faults: [{ kind: 'throttle', rate: 1, times: 2, struck: 1 }],
      limits: true,
    });
    await faults([], false);
    expect((await control(twin, 'GET', '/faults')).body).toEqual({ faults: [], limits: false });
  });

  it.each([
    ['not json', 'not JSON'],
    ['[]', 'must be an object'],
    ['{"faults":{}}', 'must be an array'],
    ['{"fault":[]}', '"fault" is unknown'],
    ['{"limits":"off"}', '"limits" must be true or false'],
    ['{"faults":[{"kind":"explode","rate":1}]}', 'faults[0].kind must be one of refuse'],
    ['{"faults":[{"kind":"lie"}]}', 'faults[0].rate must be a number from 0 to 1'],
    ['{"faults":[{"kind":"lie","rate":1.5}]}', 'faults[0].rate'],
    ['{"faults":[{"kind":"lie","rate":1,"times":-1}]}', 'faults[0].times'],
    ['{"faults":[{"kind":"status","rate":1,"status":200}]}', 'faults[0].status'],
    ['{"faults":[{"kind":"slow","rate":1,"delayMs":1e9}]}', 'faults[0].delayMs'],
    [
      '{"faults":[{"kind":"lie","rate":1,"chance":1},5]}',
      'faults[0].chance is unknown. faults[1] must be an object',
    ],
  ])('refuses %s with a clear message and changes nothing', async (body, message) => {
    await faults([{ kind: 'slow', rate: 0 }]);
    const answer = await control<{ error: string }>(twin, 'PUT', '/faults', body);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toContain(message);
    expect((await control<{ faults: unknown[] }>(twin, 'GET', '/faults')).body.faults).toHaveLength(1);
  });
});

describe('Faults at Salesforce', () => {
  it('speak Salesforce’s words, and the records of a throttled collection are in the journal', async () => {
    const org = await salesforceTwin();
    const session = await salesforceSession(org);
    const upsertLeads = () =>
      session('PATCH', '/composite/sobjects/Lead/Foyer_Person_Id__c', {
        records: ['p-1', 'p-2'].map((person) => ({
          attributes: { type: 'Lead' },
          Foyer_Person_Id__c: person,
          LastName: 'L',
          Company: 'C',
        })),
      });
    await control(org, 'PUT', '/faults', { faults: [{ kind: 'throttle', rate: 1, times: 1 }] });
    expect(await upsertLeads()).toMatchObject({
      status: 403,
      body: [{ errorCode: 'REQUEST_LIMIT_EXCEEDED' }],
    });
    await control(org, 'PUT', '/faults', { faults: [{ kind: 'status', rate: 1, times: 1, status: 401 }] });
    expect(await upsertLeads()).toMatchObject({ status: 401, body: [{ errorCode: 'INVALID_SESSION_ID' }] });
    await control(org, 'PUT', '/faults', { faults: [{ kind: 'lie', rate: 1, times: 1 }] });
    expect(await upsertLeads()).toMatchObject({ status: 200, body: [{ success: true }, { success: true }] });
    expect((await journal(org)).map(({ object, key, outcome }) => `${object} ${key} ${outcome}`)).toEqual([
      'Lead p-1 throttled',
      'Lead p-2 throttled',
      'Lead p-1 rejected',
      'Lead p-2 rejected',
      'Lead p-1 lied',
      'Lead p-2 created',
    ]);
    expect((await records(org, 'Lead')).map(({ key }) => key)).toEqual(['p-2']);
  });
});
