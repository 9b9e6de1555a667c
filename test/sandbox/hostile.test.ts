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
  await control(twin, 'PUT', '/faults', { faults: [] });
});

const fault = (one: object) => control(twin, 'PUT', '/faults', { faults: [{ rate: 1, times: 1, ...one }] });

function upsert(properties: Record<string, string>) {
  const inputs = [{ id: 'ada@example.com', idProperty: 'email', properties }];
  return hubspotCall<{ results: { id: string; properties: Record<string, string> }[] }>(
    twin,
    'POST',
    UPSERT,
    { inputs },
  );
}

const outcomes = async () => (await journal(twin)).map(({ outcome }) => outcome);

describe('A hostile backend', () => {
  it('answers a page in place of JSON, with any status, and stores nothing', async () => {
    await fault({ kind: 'html', status: 200 });
    const { status, text } = await upsert({ firstname: 'Ada' });
    expect([status, text.includes('<html>')]).toEqual([200, true]);
    expect(await outcomes()).toEqual(['rejected']);
    expect(await records(twin, 'contacts')).toEqual([]);
  });

  it('redirects, and counts who follows', async () => {
    await fault({ kind: 'redirect', status: 302 });
    await upsert({ firstname: 'Ada' });
    expect((await control<{ elsewhere: number }>(twin, 'GET', '/summary')).body.elsewhere).toBe(1);
    expect(await records(twin, 'contacts')).toEqual([]);
  });

  it('breaks off in the middle of an answer, after it stored', async () => {
    await fault({ kind: 'truncate' });
    await expect(upsert({ firstname: 'Ada' })).rejects.toThrow();
    expect(await outcomes()).toEqual(['unanswered']);
    expect(await records(twin, 'contacts')).toHaveLength(1);
  });

  it('answers half of a body as if it were whole', async () => {
    await fault({ kind: 'malformed' });
    const { status, body } = await upsert({ firstname: 'Ada' });
    expect([status, typeof body]).toEqual([200, 'string']);
    expect(await records(twin, 'contacts')).toHaveLength(1);
  });

  it('drips and floods, and means the same', async () => {
    await fault({ kind: 'drip', delayMs: 0 });
    expect((await upsert({ firstname: 'Ada' })).body.results).toHaveLength(1);
    await fault({ kind: 'flood', bytes: 3_000_000 });
    const { text, body } = await upsert({ firstname: 'Ada' });
    expect(text.length).toBeGreaterThan(3_000_000);
    expect(body.results).toHaveLength(1);
  });

  it('has a clock of its own', async () => {
    await fault({ kind: 'skew', delayMs: 600_000 });
    const { headers } = await upsert({ firstname: 'Ada' });
    expect(Date.parse(headers.get('date')!) - Date.now()).toBeGreaterThan(300_000);
  });

  it.each([
    ['lost', undefined],
    ['truncated', 'Loveländ'],
    ['coerced', 'lovelandish name'],
  ])('says it wrote and %s it', async (how, stored) => {
    await fault({ kind: 'lie', how });
    const { body } = await upsert({ lastname: 'Loveländish Name' });
    expect(body.results[0]!.properties).toMatchObject({ lastname: 'Loveländish Name' });
    expect(await outcomes()).toEqual(['lied']);
    expect((await records(twin, 'contacts'))[0]?.fields.lastname).toBe(stored);
  });

  it('says what is wrong with a fault', async () => {
    for (const wrong of [{ kind: 'shout' }, { kind: 'lie', how: 'x' }, { kind: 'redirect', to: 'x' }])
      expect((await fault(wrong)).status).toBe(400);
  });
});

describe('A colleague at the backend', () => {
  it('changes, deletes and merges records, and none of it is a write of ours', async () => {
    const seeded = await control<{ ids: string[] }>(twin, 'POST', '/records/contacts', {
      records: ['a', 'b', 'c'].map((name) => ({ fields: { email: `${name}@example.com`, firstname: name } })),
    });
    const [a, b, c] = seeded.body.ids as [string, string, string];
    await control(twin, 'PUT', `/records/contacts/${a}`, { fields: { firstname: 'Changed' } });
    await control(twin, 'DELETE', `/records/contacts/${b}`);
    await control(twin, 'POST', `/records/contacts/${c}/merge`, { into: a });
    expect(await records(twin, 'contacts')).toMatchObject([
      { id: a, writes: 0, fields: { firstname: 'Changed', email: 'a@example.com' } },
    ]);
    expect(await outcomes()).toEqual([]);
    const read = await hubspotCall<{ id: string }>(twin, 'GET', `/crm/v3/objects/contacts/${c}`);
    expect(read.body.id).toBe(a);
    expect((await control(twin, 'PUT', `/records/contacts/${b}`, { fields: {} })).status).toBe(404);
    expect((await control(twin, 'POST', '/records/contacts', { records: [{}] })).status).toBe(400);
  });

  it('merges two leads: the loser is deleted, names its master and leaves it its memberships', async () => {
    const org = await salesforceTwin();
    const session = await salesforceSession(org);
    const id = async (object: string, fields: object) =>
      (await session<{ id: string }>('POST', `/sobjects/${object}`, fields)).body.id;
    const [winner, loser] = [
      await id('Lead', { LastName: 'One', Company: 'C' }),
      await id('Lead', { LastName: 'Two', Company: 'C', Title: 'T' }),
    ];
    await id('CampaignMember', { CampaignId: await id('Campaign', { Name: 'S' }), LeadId: loser });
    await control(org, 'POST', `/records/Lead/${loser}/merge`, { into: winner });
    expect(await session('GET', `/sobjects/Lead/${loser}`)).toMatchObject({
      status: 404,
      body: [{ errorCode: 'ENTITY_IS_DELETED' }],
    });
    const soql = encodeURIComponent('SELECT Id, MasterRecordId, IsDeleted FROM Lead');
    expect((await session('GET', `/queryAll?q=${soql}`)).body).toMatchObject({
      records: [
        { Id: winner, IsDeleted: false },
        { Id: loser, MasterRecordId: winner, IsDeleted: true },
      ],
    });
    expect((await records(org, 'CampaignMember'))[0]!.fields.LeadId).toBe(winner);
    expect((await session('GET', `/sobjects/Lead/${winner}`)).body).toMatchObject({ Title: 'T' });
  });
});
