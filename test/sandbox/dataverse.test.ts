import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dataverse } from '../../sandbox/dataverse/dataverse.js';
import type { DataverseSettings } from '../../sandbox/dataverse/settings.js';
import type { Twin } from '../../sandbox/twin.js';
import { call, control, journal, records, type Reply, started } from './twins.js';

interface Failure {
  error: { code: string; message: string };
}

let twin: Twin;
let token: string;

async function login(of: Twin, more: Record<string, string> = {}, tenant = 'twin-tenant') {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: 'twin-client',
    client_secret: 'twin-secret',
    scope: `${of.url}/.default`,
    ...more,
  });
  return call<{ access_token: string; error: string; error_codes: number[] }>(
    'POST',
    `${of.url}/${tenant}/oauth2/v2.0/token`,
    form.toString(),
    { 'Content-Type': 'application/x-www-form-urlencoded' },
  );
}

function ask<Body = Failure>(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply<Body>> {
  return call<Body>(method, `${twin.url}/api/data/v9.2/${path}`, body, {
    Authorization: `Bearer ${token}`,
    Accept: 'application/json',
    'OData-Version': '4.0',
    'OData-MaxVersion': '4.0',
    'If-None-Match': 'null',
    ...headers,
  });
}

const RETURNED = { Prefer: 'return=representation' };

async function other(settings: Partial<DataverseSettings>): Promise<void> {
  twin = await started(dataverse({}, settings));
  token = (await login(twin)).body.access_token;
}

beforeAll(() => other({}));
beforeEach(async () => {
  await control(twin, 'DELETE', '');
  await control(twin, 'PUT', '/faults', { faults: [], limits: false });
});

describe('Dataverse', () => {
  it('gives tokens for its own resource to who knows the secret', async () => {
    const refused = async (more: Record<string, string>, tenant?: string) => {
      const { status, body } = await login(twin, more, tenant);
      return [status, body.error, body.error_codes[0]];
    };
    expect(await refused({ client_secret: 'x' })).toEqual([401, 'invalid_client', 7000215]);
    expect(await refused({ client_id: 'x' })).toEqual([400, 'unauthorized_client', 700016]);
    expect(await refused({ scope: 'https://else.example/.default' })).toEqual([
      400,
      'invalid_resource',
      500011,
    ]);
    expect(await refused({ scope: twin.url })).toEqual([400, 'invalid_scope', 1002012]);
    expect(await refused({}, 'elsewhere')).toEqual([400, 'invalid_request', 90002]);

    expect((await ask('GET', 'WhoAmI')).status).toBe(200);
    const without = await call('GET', `${twin.url}/api/data/v9.2/contacts`);
    expect([without.status, without.text]).toEqual([401, '']);
    expect(without.headers.get('www-authenticate')).toContain('authorization_uri=');
    const stranger = (await login(twin, { client_id: 'twin-stranger' })).body.access_token;
    const reply = await ask('GET', 'contacts', undefined, { Authorization: `Bearer ${stranger}` });
    expect(reply).toMatchObject({ status: 403, body: { error: { code: '0x80072560' } } });
  });

  it('upserts by alternate key and tells new from known only when asked', async () => {
    const path = `contacts(foyer_personid='${encodeURIComponent("O''Brien ö")}')`;
    const first = await ask('PATCH', path, { firstname: 'Ada', lastname: 'O’Brien' });
    expect([first.status, first.text]).toEqual([204, '']);
    // As Microsoft documents it: by the key that the client named, not by the id.
    expect(decodeURIComponent(first.headers.get('odata-entityid')!)).toBe(
      `${twin.url}/api/data/v9.2/${decodeURIComponent(path)}`,
    );
    const second = await ask<Record<string, string>>(
      'PATCH',
      `${path}?$select=contactid`,
      { jobtitle: 'Countess' },
      RETURNED,
    );
    expect(second).toMatchObject({ status: 200, body: { contactid: expect.any(String) as string } });
    expect(Object.keys(second.body)).toEqual(['@odata.context', '@odata.etag', 'contactid']);
    const third = await ask(
      'PATCH',
      `contacts(foyer_personid='p-2')?$select=contactid`,
      { lastname: 'B' },
      RETURNED,
    );
    expect(third.status).toBe(201);

    const [stored] = await records(twin, 'contacts');
    expect(stored).toMatchObject({
      id: second.body.contactid,
      key: "O'Brien ö",
      writes: 2,
      fields: { foyer_personid: "O'Brien ö", fullname: 'Ada O’Brien', jobtitle: 'Countess', statecode: 0 },
    });
    expect((await journal(twin)).map(({ object, outcome }) => `${object} ${outcome}`)).toEqual([
      'contacts created',
      'contacts updated',
      'contacts created',
    ]);
  });

  it('keeps the key of the address against one in the body, and two records apart', async () => {
    await ask('PATCH', "contacts(foyer_personid='p-1')", { lastname: 'A' });
    await ask('PATCH', "contacts(foyer_personid='p-1')", { foyer_personid: 'p-9' });
    expect((await records(twin, 'contacts')).map(({ fields }) => fields.foyer_personid)).toEqual(['p-1']);
    const twice = await ask('POST', 'contacts', { lastname: 'B', foyer_personid: 'P-1' });
    expect(twice).toMatchObject({ status: 412, body: { error: { code: '0x80060892' } } });
    const unkeyed = await ask('PATCH', "contacts(emailaddress1='a@example.com')", { lastname: 'A' });
    expect(unkeyed.body.error.message).toBe(
      'The specified key attributes are not a defined key for the contact entity',
    );
  });

  it.each([
    [
      'a property it does not have',
      { shoesize: 44 },
      400,
      '0x80048d19',
      "The property 'shoesize' does not exist",
    ],
    [
      'text that is too long',
      { firstname: 'x'.repeat(51) },
      400,
      '0x80044331',
      "maximum allowed length of '50'",
    ],
    ['a number for text', { firstname: 7 }, 400, '0x80048d19', "expected type 'Edm.String'"],
    ['text for a number', { foyer_eventcount: '7' }, 400, '0x80048d19', "expected type 'Edm.Int32'"],
    ['a number out of range', { numberofchildren: -1 }, 400, '0x8004432f', 'outside the valid range'],
    [
      'an option it does not have',
      { preferredcontactmethodcode: 9 },
      400,
      '0x8004431a',
      'Accepted Values: 1,2,3,4,5',
    ],
    ['a day for a moment', { foyer_registeredat: '2026-03-01' }, 400, '0x80048d19', 'Edm.DateTimeOffset'],
    ['a moment for a day', { birthdate: '1815-12-10T00:00:00Z' }, 400, '0x80048d19', 'Edm.Date'],
    ['a year before 1753', { birthdate: '1700-01-01' }, 400, '0x80040239', '01/01/1753'],
    [
      'a bind it does not know',
      { 'company@odata.bind': '/accounts(1)' },
      400,
      '0x80048d19',
      "undeclared property 'company'",
    ],
    [
      'a bind to nobody',
      { 'parentcustomerid_account@odata.bind': "/accounts(accountnumber='no')" },
      404,
      '0x80060891',
      'account entity',
    ],
  ])('refuses %s', async (_, body, status, code, message) => {
    const reply = await ask('PATCH', "contacts(foyer_personid='p-1')", body);
    expect(reply).toMatchObject({ status, body: { error: { code } } });
    expect(reply.body.error.message).toContain(message);
    expect((await journal(twin)).map(({ key, outcome }) => [key, outcome])).toEqual([['p-1', 'rejected']]);
    expect(await records(twin, 'contacts')).toEqual([]);
  });

  it('keeps times to the second and empty text as null', async () => {
    await ask('PATCH', "contacts(foyer_personid='p-1')", {
      foyer_registeredat: '2026-03-01T11:00:00.123+01:00',
      jobtitle: '',
      createdon: '2001-01-01T00:00:00Z',
    });
    const { body } = await ask<Record<string, unknown>>('GET', "contacts(foyer_personid='p-1')");
    expect(body).toMatchObject({ foyer_registeredat: '2026-03-01T10:00:00Z', jobtitle: null });
    expect(body.createdon).not.toBe('2001-01-01T00:00:00Z');
  });

  it('obeys If-Match and If-None-Match', async () => {
    const path = "contacts(foyer_personid='p-1')";
    expect((await ask('PATCH', path, { lastname: 'A' }, { 'If-Match': '*' })).body.error.code).toBe(
      '0x80060891',
    );
    expect((await ask('PATCH', path, { lastname: 'A' }, { 'If-None-Match': '*' })).status).toBe(204);
    expect((await ask('PATCH', path, { lastname: 'A' }, { 'If-None-Match': '*' })).body.error.code).toBe(
      '0x80040237',
    );
    const etag = (await ask('GET', path)).headers.get('etag')!;
    expect((await ask('GET', path, undefined, { 'If-None-Match': etag })).status).toBe(304);
    expect((await ask('PATCH', path, { lastname: 'B' }, { 'If-Match': etag })).status).toBe(204);
    for (const method of ['PATCH', 'DELETE'])
      expect(
        await ask(method, path, method === 'PATCH' ? {} : undefined, { 'If-Match': etag }),
      ).toMatchObject({
        status: 412,
        body: { error: { code: '0x80060882' } },
      });
    expect((await ask('DELETE', path)).status).toBe(204);
    expect((await ask('DELETE', path)).body.error.code).toBe('0x80060891');
    const id = '00000000-0000-0000-0000-000000000001';
    expect((await ask('GET', `contacts(${id})`)).body.error).toEqual({
      code: '0x80040217',
      message: `contact With Id = ${id} Does Not Exist`,
    });
  });

  it('reads by filter, in pages, with labels on request', async () => {
    for (const n of [1, 2, 3, 4, 5])
      await ask('PATCH', `contacts(foyer_personid='p-${n}')`, {
        lastname: `L${n}`,
        foyer_eventcount: n,
        preferredcontactmethodcode: 2,
      });
    const keys = async (filter: string, more = '') => {
      const reply = await ask<{ value: { foyer_personid: string }[] }>(
        'GET',
        `contacts?$select=foyer_personid&$filter=${encodeURIComponent(filter)}${more}`,
      );
      return reply.body.value.map((each) => each.foyer_personid);
    };
    expect(
      await keys("Microsoft.Dynamics.CRM.In(PropertyName='foyer_personid',PropertyValues=['p-4','P-2','x'])"),
    ).toEqual(['p-4', 'p-2']);
    expect(await keys("foyer_personid eq 'p-3' or foyer_personid eq 'p-1'")).toEqual(['p-3', 'p-1']);
    expect(await keys("not (foyer_eventcount lt 4) and contains(lastname,'l')")).toEqual(['p-4', 'p-5']);
    expect(await keys('jobtitle eq null', '&$orderby=foyer_eventcount desc&$top=2')).toEqual(['p-5', 'p-4']);
    for (const wrong of [
      "lastname eq 'open",
      'shoesize eq 1',
      'lastname is 3',
      "lastname eq 'a' and",
      `${'('.repeat(200)}lastname eq null`,
    ])
      expect((await ask('GET', `contacts?$filter=${encodeURIComponent(wrong)}`)).body.error.code).toBe(
        '0x80060888',
      );

    const seen: string[] = [];
    let next: string | undefined =
      `${twin.url}/api/data/v9.2/contacts?$select=foyer_personid,preferredcontactmethodcode&$count=true`;
    while (next !== undefined) {
      const page: Reply<{
        value: Record<string, string>[];
        '@odata.count': number;
        '@odata.nextLink'?: string;
      }> = await call('GET', next, undefined, {
        Authorization: `Bearer ${token}`,
        Prefer: 'odata.maxpagesize=2,odata.include-annotations="OData.Community.Display.V1.FormattedValue"',
      });
      expect(page.body['@odata.count']).toBe(5);
      for (const each of page.body.value) {
        seen.push(each.foyer_personid!);
        expect(each['preferredcontactmethodcode@OData.Community.Display.V1.FormattedValue']).toBe('Email');
      }
      next = page.body['@odata.nextLink'];
    }
    expect(seen).toEqual(['p-1', 'p-2', 'p-3', 'p-4', 'p-5']);
  });

  it('binds lookups by key and shows them as values', async () => {
    await ask('PATCH', "contacts(foyer_personid='p-1')", { lastname: 'A' });
    await ask('PATCH', "campaigns(foyer_eventid='e-1')", { name: 'Launch', typecode: 3 });
    const made = await ask<Record<string, string>>(
      'PATCH',
      "foyer_eventregistrations(foyer_registrationid='r-1')",
      {
        foyer_name: 'A at Launch',
        foyer_status: 100000003,
        'foyer_ContactId@odata.bind': "/contacts(foyer_personid='p-1')",
        'foyer_CampaignId@odata.bind': `${twin.url}/api/data/v9.2/campaigns(foyer_eventid='e-1')`,
      },
      { Prefer: 'return=representation,odata.include-annotations="*"' },
    );
    const [contact] = await records(twin, 'contacts');
    expect(made.body).toMatchObject({
      _foyer_contactid_value: contact!.id,
      '_foyer_contactid_value@Microsoft.Dynamics.CRM.lookuplogicalname': 'contact',
      'foyer_status@OData.Community.Display.V1.FormattedValue': 'Attended',
    });
  });

  it('describes its tables, columns by their kind, options and keys', async () => {
    const contact = "EntityDefinitions(LogicalName='contact')";
    const { body: entity } = await ask<Record<string, unknown>>(
      'GET',
      `${contact}?$select=EntitySetName,PrimaryIdAttribute`,
    );
    expect(entity).toMatchObject({ EntitySetName: 'contacts', PrimaryIdAttribute: 'contactid' });
    const { body: texts } = await ask<{ value: Record<string, unknown>[] }>(
      'GET',
      `${contact}/Attributes/Microsoft.Dynamics.CRM.StringAttributeMetadata?$select=LogicalName,MaxLength`,
    );
    expect(texts.value).toContainEqual({
      LogicalName: 'firstname',
      MaxLength: 50,
      MetadataId: expect.any(String) as string,
    });
    const { body: choices } = await ask<{
      value: { LogicalName: string; OptionSet: { Options: { Value: number }[] } }[];
    }>(
      'GET',
      `${contact}/Attributes/Microsoft.Dynamics.CRM.PicklistAttributeMetadata?$select=LogicalName&$expand=OptionSet`,
    );
    expect(choices.value[0]!.OptionSet.Options.map(({ Value }) => Value)).toEqual([1, 2, 3, 4, 5]);
    const base = await ask('GET', `${contact}/Attributes?$select=LogicalName,MaxLength`);
    expect(base.body.error.message).toContain(
      "named 'MaxLength' on type 'Microsoft.Dynamics.CRM.AttributeMetadata'",
    );
    const { body: keys } = await ask<{ value: object[] }>('GET', `${contact}/Keys`);
    expect(keys.value).toMatchObject([{ KeyAttributes: ['foyer_personid'], EntityKeyIndexStatus: 'Active' }]);
    expect((await ask('GET', "EntityDefinitions(LogicalName='martian')")).status).toBe(404);
    expect((await ask('GET', 'martians')).body.error.message).toBe(
      "Resource not found for the segment 'martians'.",
    );
  });

  it('undoes all of an UpsertMultiple when one record is wrong', async () => {
    const path = 'contacts/Microsoft.Dynamics.CRM.UpsertMultiple';
    const target = (n: number, more: object) => ({
      '@odata.type': 'Microsoft.Dynamics.CRM.contact',
      '@odata.id': `contacts(foyer_personid='p-${n}')`,
      ...more,
    });
    const bad = await ask('POST', path, {
      Targets: [target(1, { lastname: 'A' }), target(2, { jobtitle: 'x'.repeat(101) })],
    });
    expect(bad).toMatchObject({ status: 400, body: { error: { code: '0x80044331' } } });
    expect(await records(twin, 'contacts')).toEqual([]);
    expect((await journal(twin)).map(({ key, outcome }) => `${key} ${outcome}`)).toEqual([
      'p-1 rejected',
      'p-2 rejected',
    ]);
    expect((await ask('POST', path, { Targets: [target(1, { lastname: 'A' }), target(2, {})] })).status).toBe(
      204,
    );
    expect(await records(twin, 'contacts')).toHaveLength(2);
  });

  it('leaves the loser of a merge inactive and pointing at the winner', async () => {
    for (const n of [1, 2]) await ask('PATCH', `contacts(foyer_personid='p-${n}')`, { lastname: `L${n}` });
    const [winner, loser] = await records(twin, 'contacts');
    await control(twin, 'POST', `/records/contacts/${loser!.id}/merge`, { into: winner!.id });
    const { body } = await ask<Record<string, unknown>>('GET', "contacts(foyer_personid='p-2')");
    expect(body).toMatchObject({ statecode: 1, merged: true, _masterid_value: winner!.id });
  });
});

describe('Dataverse’s service protection', () => {
  it('refuses by calls, by work and by calls at once, each in its own words', async () => {
    await other({ windowMax: 2 });
    const codes = async () => {
      const reply = await ask('GET', 'WhoAmI');
      return reply.status === 200 ? 200 : `${reply.status} ${reply.body.error.code}`;
    };
    expect([await codes(), await codes(), await codes()]).toEqual([200, 200, '429 0x80072322']);
    const refused = await ask('PATCH', "contacts(foyer_personid='p-1')", { lastname: 'A' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(290);
    expect(refused.body.error.message).toBe(
      'Number of requests exceeded the limit of 2 over time window of 300 seconds.',
    );
    expect((await journal(twin)).map(({ key, outcome }) => [key, outcome])).toEqual([['p-1', 'throttled']]);

    await other({ executionMsMax: 25 });
    expect([await codes(), await codes(), await codes(), await codes()]).toEqual([
      200,
      200,
      200,
      '429 0x80072321',
    ]);
    await other({ concurrencyMax: 3 });
    await control(twin, 'PUT', '/faults', { faults: [{ kind: 'slow', rate: 1, delayMs: 200 }] });
    const answers = await Promise.all(Array.from({ length: 6 }, codes));
    expect(answers.filter((each) => each === '429 0x80072326')).not.toEqual([]);
  });

  it('is played by faults, code and Retry-After given', async () => {
    await other({});
    const path = "contacts(foyer_personid='p-1')";
    await control(twin, 'PUT', '/faults', {
      faults: [{ kind: 'throttle', rate: 1, times: 1, retryAfterSeconds: 17 }],
    });
    const throttled = await ask('PATCH', path, { lastname: 'A' });
    expect([throttled.status, throttled.headers.get('retry-after')]).toEqual([429, '17']);
    await control(twin, 'PUT', '/faults', { faults: [{ kind: 'status', rate: 1, code: '0x80072321' }] });
    expect(await ask('PATCH', path, { lastname: 'A' })).toMatchObject({
      status: 429,
      body: { error: { code: '0x80072321' } },
    });
    await control(twin, 'PUT', '/faults', { faults: [{ kind: 'lie', rate: 1, how: 'truncated', times: 1 }] });
    await ask('PATCH', path, { lastname: 'Lovelace' });
    expect((await records(twin, 'contacts'))[0]!.fields).toMatchObject({
      lastname: 'Love',
      foyer_personid: 'p-1',
    });
    await control(twin, 'DELETE', '/tokens');
    expect((await ask('GET', path)).status).toBe(401);
    expect((await journal(twin)).map(({ outcome }) => outcome)).toEqual(['throttled', 'throttled', 'lied']);
  });
});
