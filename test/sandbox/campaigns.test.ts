import { generateKeyPairSync, sign } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Twin } from '../../sandbox/twin.js';
import { call, CLIENT, records, salesforceSession, salesforceTwin } from './twins.js';

let twin: Twin;
let session: Awaited<ReturnType<typeof salesforceSession>>;
let campaign: string;

beforeAll(async () => {
  twin = await salesforceTwin();
  session = await salesforceSession(twin);
  campaign = await made('Campaign', { Name: 'Summit', Foyer_Event_Id__c: 'e-1' });
});

async function made(object: string, fields: object): Promise<string> {
  const { body } = await session<{ id: string }>('POST', `/sobjects/${object}`, fields);
  expect(body.id, JSON.stringify(body)).toBeDefined();
  return body.id;
}

const lead = (n: number) => made('Lead', { LastName: `L${n}`, Company: 'C', Foyer_Person_Id__c: `p-${n}` });

describe('Campaign members', () => {
  it('have the statuses of their campaign, and a status sets whether they responded', async () => {
    for (const [Label, HasResponded] of [
      ['Registered', false],
      ['Attended', true],
    ])
      await made('CampaignMemberStatus', { CampaignId: campaign, Label, HasResponded, SortOrder: 5 });
    const id = await made('CampaignMember', {
      CampaignId: campaign,
      LeadId: await lead(1),
      Status: 'Registered',
    });
    const shown = async () => (await session<object>('GET', `/sobjects/CampaignMember/${id}`)).body;
    expect(await shown()).toMatchObject({ Status: 'Registered', HasResponded: false });
    await session('PATCH', `/sobjects/CampaignMember/${id}`, { Status: 'Attended' });
    expect(await shown()).toMatchObject({ Status: 'Attended', HasResponded: true });
    await session('PATCH', `/sobjects/CampaignMember/${id}`, { Status: 'No such status' });
    expect(await shown()).toMatchObject({ Status: 'Attended' });
  });

  it('get the default in place of a status that the campaign does not have', async () => {
    const id = await made('CampaignMember', {
      CampaignId: campaign,
      LeadId: await lead(2),
      Status: 'Dreaming',
    });
    expect((await session('GET', `/sobjects/CampaignMember/${id}`)).body).toMatchObject({ Status: 'Sent' });
  });

  it('are one for each person and campaign, whatever key the second is sent by', async () => {
    const LeadId = await lead(3);
    await made('CampaignMember', { CampaignId: campaign, LeadId });
    const { body } = await session('PATCH', '/composite/sobjects/CampaignMember/Foyer_Member_Id__c', {
      records: [
        {
          attributes: { type: 'CampaignMember' },
          CampaignId: campaign,
          LeadId,
          Foyer_Member_Id__c: 'r-3',
        },
      ],
    });
    expect(body).toMatchObject([
      {
        success: false,
        errors: [{ statusCode: 'DUPLICATE_VALUE', message: 'Already a campaign member.' }],
      },
    ]);
  });

  it('go with their campaign and their person', async () => {
    const [other, LeadId] = [await made('Campaign', { Name: 'Other' }), await lead(4)];
    await made('CampaignMember', { CampaignId: other, LeadId });
    await session('DELETE', `/sobjects/Lead/${LeadId}`);
    const members = (await records(twin, 'CampaignMember')).map(({ fields }) => fields.CampaignId);
    expect(members).not.toContain(other);
    expect((await session('DELETE', `/composite/sobjects?ids=${other}`)).body).toMatchObject([
      { success: true },
    ]);
    const statuses = (await records(twin, 'CampaignMemberStatus')).map(({ fields }) => fields.CampaignId);
    expect(statuses).toContain(campaign);
    expect(statuses).not.toContain(other);
  });
});

describe('An export by key', () => {
  it('meets every record once in the order of ids, of which some differ in case only', async () => {
    const wanted = Array.from({ length: 450 }, (_, n) => ({
      fields: { LastName: `Seed ${n}`, Company: 'C', Foyer_Person_Id__c: `seed-${n}` },
    }));
    await call('POST', `${twin.url}/_twin/records/Lead`, { records: wanted });
    const seen: string[] = [];
    for (let after = ''; ;) {
      const where = after === '' ? '' : ` AND Id > '${after}'`;
      const soql = `SELECT Id, Foyer_Person_Id__c FROM Lead WHERE Foyer_Person_Id__c LIKE 'seed-%'${where} ORDER BY Id LIMIT 100`;
      const { body } = await session<{ records: { Id: string; Foyer_Person_Id__c: string }[] }>(
        'GET',
        `/query?q=${encodeURIComponent(soql)}`,
      );
      seen.push(...body.records.map((each) => each.Foyer_Person_Id__c));
      if (body.records.length < 100) break;
      after = body.records.at(-1)!.Id;
    }
    expect(seen).toHaveLength(450);
    expect(new Set(seen).size).toBe(450);
  });
});

describe('The JWT bearer flow', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const claims = {
    iss: CLIENT.clientId,
    sub: 'foyer@example.com',
    aud: 'https://login.salesforce.com',
    exp: Math.floor(Date.now() / 1000) + 170,
  };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const grant = async (of: Twin, more: object, key = privateKey) => {
    const signed = `${part({ alg: 'RS256' })}.${part({ ...claims, ...more })}`;
    const signature = sign('sha256', Buffer.from(signed), key).toString('base64url');
    const form = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: `${signed}.${signature}`,
    });
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    return call<Record<string, string>>('POST', `${of.url}/services/oauth2/token`, form.toString(), headers);
  };

  it('gives a session for an assertion that the app’s key signed, and for no other', async () => {
    const jwtPublicKey = publicKey.export({ type: 'spki', format: 'pem' }) as string;
    const keyed = await salesforceTwin({ jwtPublicKey });
    const { status, body } = await grant(keyed, {});
    expect(status).toBe(200);
    const headers = { Authorization: `Bearer ${body.access_token!}` };
    expect((await call('GET', `${keyed.url}/services/data/v60.0/limits`, undefined, headers)).status).toBe(
      200,
    );
    const descriptions = await Promise.all([
      grant(keyed, {}, stranger),
      grant(keyed, { aud: 'https://example.com' }),
      grant(keyed, { exp: 1 }),
      grant(keyed, { sub: 'nobody@example.com' }),
    ]);
    expect(descriptions.map((each) => [each.status, each.body.error_description])).toEqual([
      [400, 'invalid assertion'],
      [400, 'audience is invalid'],
      [400, 'expired authorization code'],
      [400, "user hasn't approved this consumer"],
    ]);
  });
});
