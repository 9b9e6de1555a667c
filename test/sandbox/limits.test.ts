import { describe, expect, it } from 'vitest';
import {
  accessToken,
  call,
  control,
  hubspotCall,
  hubspotTwin,
  journal,
  salesforceSession,
  salesforceTwin,
} from './twins.js';

const LIST = '/crm/v3/objects/contacts?limit=1';

describe('HubSpot’s limits', () => {
  it('let ten calls through in a second and refuse the next, without Retry-After', async () => {
    const twin = await hubspotTwin({ secondlyMax: 10 }, true);
    const answers = await Promise.all(Array.from({ length: 14 }, () => hubspotCall(twin, 'GET', LIST)));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses.filter((status) => status === 200)).toHaveLength(10);
    const refused = answers.find(({ status }) => status === 429)!;
    expect(refused.body).toMatchObject({ status: 'error', category: 'RATE_LIMITS' });
    expect(refused.headers.has('retry-after')).toBe(false);
  });

  it('roll over ten seconds', async () => {
    const twin = await hubspotTwin({ secondlyMax: 1000, tenSecondlyMax: 3 }, true);
    for (let count = 0; count < 3; count += 1)
      expect((await hubspotCall(twin, 'GET', LIST)).status).toBe(200);
    const refused = await hubspotCall(twin, 'GET', LIST);
    expect(refused).toMatchObject({ status: 429, body: { policyName: 'TEN_SECONDLY_ROLLING' } });
  });

  it('end with the day', async () => {
    const twin = await hubspotTwin({ dailyMax: 1 }, true);
    expect((await hubspotCall(twin, 'GET', LIST)).status).toBe(200);
    expect(await hubspotCall(twin, 'GET', LIST)).toMatchObject({
      status: 429,
      body: { policyName: 'DAILY' },
    });
  });

  it('are told on every answer, and on search answers only by day', async () => {
    const twin = await hubspotTwin({}, true);
    const { headers } = await hubspotCall(twin, 'GET', LIST);
    const told = (name: string) => headers.get(`x-hubspot-ratelimit-${name}`);
    expect([told('daily'), told('interval-milliseconds'), told('max'), told('secondly')]).toEqual([
      '250000',
      '10000',
      '100',
      '10',
    ]);
    expect([told('remaining'), told('secondly-remaining')]).toEqual(['99', '9']);
    const search = await hubspotCall(twin, 'POST', '/crm/v3/objects/contacts/search', {});
    expect(search.headers.has('x-hubspot-ratelimit-daily-remaining')).toBe(true);
    expect(search.headers.has('x-hubspot-ratelimit-secondly')).toBe(false);
  });

  it('leave the records of a refused batch in the journal as throttled', async () => {
    const twin = await hubspotTwin({ secondlyMax: 0 }, true);
    const inputs = [1, 2, 3].map((n) => ({ id: `p${n}@example.com`, idProperty: 'email', properties: {} }));
    await hubspotCall(twin, 'POST', '/crm/v3/objects/contacts/batch/upsert', { inputs });
    expect((await journal(twin)).map(({ key, outcome }) => `${key} ${outcome}`)).toEqual([
      'p1@example.com throttled',
      'p2@example.com throttled',
      'p3@example.com throttled',
    ]);
  });

  it('do not apply when they are off', async () => {
    const twin = await hubspotTwin({ secondlyMax: 1, dailyMax: 1 });
    for (let count = 0; count < 5; count += 1)
      expect((await hubspotCall(twin, 'GET', LIST)).status).toBe(200);
  });
});

describe('Salesforce’s limits', () => {
  it('count every call and refuse with 403 when the day is used up', async () => {
    const twin = await salesforceTwin({ dailyMax: 2 }, true);
    const session = await salesforceSession(twin);
    expect((await session('GET', '/limits')).headers.get('sforce-limit-info')).toBe('api-usage=1/2');
    await session('GET', '/limits');
    const refused = await session('GET', '/limits');
    expect(refused).toMatchObject({
      status: 403,
      body: [{ message: 'TotalRequests Limit exceeded.', errorCode: 'REQUEST_LIMIT_EXCEEDED' }],
    });
    await control(twin, 'PUT', '/faults', { limits: false });
    expect((await session('GET', '/limits')).status).toBe(200);
  });

  it('end a token after its calls; a new one works', async () => {
    const twin = await salesforceTwin({ tokenCallsMax: 1 });
    const session = await salesforceSession(twin);
    expect((await session('GET', '/limits')).status).toBe(200);
    expect(await session('GET', '/limits')).toMatchObject({
      status: 401,
      body: [{ errorCode: 'INVALID_SESSION_ID' }],
    });
    expect((await (await salesforceSession(twin))('GET', '/limits')).status).toBe(200);
  });

  it('end a token after its time', async () => {
    const twin = await salesforceTwin({ tokenSeconds: 0 });
    expect((await (await salesforceSession(twin))('GET', '/limits')).status).toBe(401);
  });
});

describe('Logging in', () => {
  it('tells where the instance is and nothing of when the token ends', async () => {
    const twin = await salesforceTwin();
    const form = 'grant_type=client_credentials&client_id=twin-client&client_secret=twin-secret';
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const { body } = await call<Record<string, string>>(
      'POST',
      `${twin.url}/services/oauth2/token`,
      form,
      headers,
    );
    expect(body).toMatchObject({ instance_url: twin.url, token_type: 'Bearer' });
    expect(body).not.toHaveProperty('expires_in');
    expect(await accessToken(twin)).not.toBe(body.access_token);
  });

  it.each([
    ['grant_type=password', 'unsupported_grant_type'],
    ['grant_type=client_credentials&client_id=nobody&client_secret=twin-secret', 'invalid_client_id'],
    ['grant_type=client_credentials&client_id=twin-client&client_secret=wrong', 'invalid_client'],
  ])('refuses %s', async (form, error) => {
    const twin = await salesforceTwin();
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    expect(await call('POST', `${twin.url}/services/oauth2/token`, form, headers)).toMatchObject({
      status: 400,
      body: { error },
    });
  });

  it('refuses HubSpot calls without the private app’s token', async () => {
    const twin = await hubspotTwin();
    for (const headers of [{}, { Authorization: 'Bearer wrong' }, { Authorization: 'Basic pat-twin-0000' }])
      expect(await call('GET', `${twin.url}${LIST}`, undefined, headers)).toMatchObject({
        status: 401,
        body: { status: 'error', category: 'INVALID_AUTHENTICATION' },
      });
  });
});
