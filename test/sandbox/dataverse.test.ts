import { describe, expect, it } from 'vitest';
import { dataverseAccount, login, RETURNED } from './dataverse-account.js';
import { call, control, journal, records } from './twins.js';

const account = dataverseAccount();
const { ask } = account;

describe('Dataverse', () => {
  it('gives tokens for its own resource to who knows the secret', async () => {
    const refused = async (more: Record<string, string>, tenant?: string) => {
      const { status, body } = await login(account.twin, more, tenant);
      return [status, body.error, body.error_codes[0]];
    };
    expect(await refused({ client_secret: 'x' })).toEqual([401, 'invalid_client', 7000215]);
    expect(await refused({ client_id: 'x' })).toEqual([400, 'unauthorized_client', 700016]);
    expect(await refused({ scope: 'https://else.example/.default' })).toEqual([
      400,
      'invalid_resource',
      500011,
    ]);
    expect(await refused({ scope: account.twin.url })).toEqual([400, 'invalid_scope', 1002012]);
    expect(await refused({}, 'elsewhere')).toEqual([400, 'invalid_request', 90002]);

    expect((await ask('GET', 'WhoAmI')).status).toBe(200);
    const without = await call('GET', `${account.twin.url}/api/data/v9.2/contacts`);
    expect([without.status, without.text]).toEqual([401, '']);
    expect(without.headers.get('www-authenticate')).toContain('authorization_uri=');
    const stranger = (await login(account.twin, { client_id: 'twin-stranger' })).body.access_token;
    const reply = await ask('GET', 'contacts', undefined, { Authorization: `Bearer ${stranger}` });
    expect(reply).toMatchObject({ status: 403, body: { error: { code: '0x80072560' } } });
  });

  it('upserts by alternate key and tells new from known only when asked', async () => {
    const path = `contacts(foyer_personid='${encodeURIComponent("O''Brien ö")}')`;
    const first = await ask('PATCH', path, { firstname: 'Ada', lastname: 'O’Brien' });
    expect([first.status, first.text]).toEqual([204, '']);
    // As Microsoft documents it: by the key that the client named, not by the id.
    expect(decodeURIComponent(first.headers.get('odata-entityid')!)).toBe(
      `${account.twin.url}/api/data/v9.2/${decodeURIComponent(path)}`,
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

    const [stored] = await records(account.twin, 'contacts');
    expect(stored).toMatchObject({
      id: second.body.contactid,
      key: "O'Brien ö",
      writes: 2,
      fields: { foyer_personid: "O'Brien ö", fullname: 'Ada O’Brien', jobtitle: 'Countess', statecode: 0 },
    });
    expect((await journal(account.twin)).map(({ object, outcome }) => `${object} ${outcome}`)).toEqual([
      'contacts created',
      'contacts updated',
      'contacts created',
    ]);
  });

  it('keeps the key of the address against one in the body, and two records apart', async () => {
    await ask('PATCH', "contacts(foyer_personid='p-1')", { lastname: 'A' });
    await ask('PATCH', "contacts(foyer_personid='p-1')", { foyer_personid: 'p-9' });
    expect((await records(account.twin, 'contacts')).map(({ fields }) => fields.foyer_personid)).toEqual([
      'p-1',
    ]);
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
    expect((await journal(account.twin)).map(({ key, outcome }) => [key, outcome])).toEqual([
      ['p-1', 'rejected'],
    ]);
    expect(await records(account.twin, 'contacts')).toEqual([]);
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
    expect(await records(account.twin, 'contacts')).toEqual([]);
    expect((await journal(account.twin)).map(({ key, outcome }) => `${key} ${outcome}`)).toEqual([
      'p-1 rejected',
      'p-2 rejected',
    ]);
    expect((await ask('POST', path, { Targets: [target(1, { lastname: 'A' }), target(2, {})] })).status).toBe(
      204,
    );
    expect(await records(account.twin, 'contacts')).toHaveLength(2);
  });

  it('leaves the loser of a merge inactive and pointing at the winner', async () => {
    for (const n of [1, 2]) await ask('PATCH', `contacts(foyer_personid='p-${n}')`, { lastname: `L${n}` });
    const [winner, loser] = await records(account.twin, 'contacts');
    await control(account.twin, 'POST', `/records/contacts/${loser!.id}/merge`, { into: winner!.id });
    const { body } = await ask<Record<string, unknown>>('GET', "contacts(foyer_personid='p-2')");
    expect(body).toMatchObject({ statecode: 1, merged: true, _masterid_value: winner!.id });
  });
});
