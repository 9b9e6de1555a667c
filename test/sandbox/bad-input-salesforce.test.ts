import { beforeAll, describe, expect, it } from 'vitest';
import { recordId, wholeId } from '../../sandbox/salesforce/record-id.js';
import type { Twin } from '../../sandbox/twin.js';
import { records, salesforceSession, salesforceTwin } from './twins.js';

let org: Twin;
let session: Awaited<ReturnType<typeof salesforceSession>>;
beforeAll(async () => {
  org = await salesforceTwin();
  session = await salesforceSession(org);
});

describe('Bad input to Salesforce', () => {
  const KEY = 'Foyer_Person_Id__c';
  const UPSERT = `/composite/sobjects/Lead/${KEY}`;
  const lead = { attributes: { type: 'Lead' }, [KEY]: 'p-1', LastName: 'L', Company: 'C' };
  it.each([
    ['no JSON', UPSERT, '{"records":[', 'JSON_PARSER_ERROR'],
    ['no records', UPSERT, '{}', 'JSON_PARSER_ERROR'],
    ['no type', UPSERT, JSON.stringify({ records: [{ ...lead, attributes: undefined }] }), 'INVALID_INPUT'],
    [
      'another type than the address',
      UPSERT,
      JSON.stringify({ records: [{ attributes: { type: 'Contact' }, LastName: 'L' }] }),
      'INVALID_INPUT',
    ],
    [
      'an unknown type',
      UPSERT,
      JSON.stringify({ records: [{ attributes: { type: 'Martian' } }] }),
      'INVALID_TYPE',
    ],
    ['an id', UPSERT, JSON.stringify({ records: [{ ...lead, Id: '00QDz0000000001MAA' }] }), 'INVALID_FIELD'],
    [
      'an unknown field',
      UPSERT,
      JSON.stringify({ records: [lead, { ...lead, Shoe__c: 'x' }] }),
      'INVALID_FIELD',
    ],
    [
      'text for a number',
      UPSERT,
      JSON.stringify({ records: [{ ...lead, Foyer_Event_Count__c: 'many' }] }),
      'JSON_PARSER_ERROR',
    ],
    [
      'a date that is none',
      UPSERT,
      JSON.stringify({ records: [{ ...lead, Foyer_Registered_At__c: 'soon' }] }),
      'JSON_PARSER_ERROR',
    ],
    [
      'an object for text',
      UPSERT,
      JSON.stringify({ records: [{ ...lead, FirstName: {} }] }),
      'JSON_PARSER_ERROR',
    ],
    [
      '201 records',
      UPSERT,
      JSON.stringify({ records: Array.from({ length: 201 }, (_, n) => ({ ...lead, [KEY]: `p-${n}` })) }),
      'LIMIT_EXCEEDED',
    ],
    [
      'a key that is none',
      '/composite/sobjects/Lead/LastName',
      JSON.stringify({ records: [lead] }),
      'NOT_FOUND',
    ],
  ])('a collection with %s is refused as a whole', async (_, path, body, code) => {
    const answer = await session('PATCH', path, body);
    expect(answer).toMatchObject({ status: code === 'NOT_FOUND' ? 404 : 400, body: [{ errorCode: code }] });
    expect(await records(org, 'Lead')).toEqual([]);
  });

  it('refuses a second record with the same key in one call, in order', async () => {
    const { body } = await session<object[]>('PATCH', UPSERT, { records: [lead, { ...lead, [KEY]: 'P-1' }] });
    expect(body).toMatchObject([
      { success: true },
      { success: false, errors: [{ statusCode: 'DUPLICATE_VALUE' }] },
    ]);
  });

  it('rolls everything back with allOrNone', async () => {
    const { body } = await session<object[]>('PATCH', UPSERT, {
      allOrNone: true,
      records: [
        { ...lead, FirstName: 'Changed' },
        { ...lead, [KEY]: 'p-2', Email: 'bad' },
      ],
    });
    expect(body).toMatchObject([
      { success: false, errors: [{ statusCode: 'ALL_OR_NONE_OPERATION_ROLLED_BACK' }] },
      { success: false, errors: [{ statusCode: 'INVALID_EMAIL_ADDRESS' }] },
    ]);
    expect(
      (await records(org, 'Lead')).map(({ fields, writes }) => [fields[KEY], fields.FirstName, writes]),
    ).toEqual([['p-1', undefined, 1]]);
  });

  it('keeps unique fields unique, whatever the record is named by', async () => {
    const { body } = await session('POST', '/sobjects/Lead', { [KEY]: 'p-1', LastName: 'L', Company: 'C' });
    expect(body).toMatchObject([{ errorCode: 'DUPLICATE_VALUE', fields: [KEY] }]);
  });

  it('upserts one record by its key and refuses the key in the body', async () => {
    const path = `/sobjects/Lead/${KEY}/${encodeURIComponent('a/b ö')}`;
    expect(await session('PATCH', path, { LastName: 'L', Company: 'C' })).toMatchObject({
      status: 201,
      body: { created: true },
    });
    expect(await session('PATCH', path, { Title: '  ' })).toMatchObject({
      status: 200,
      body: { created: false },
    });
    expect(await session('GET', path)).toMatchObject({ status: 200, body: { [KEY]: 'a/b ö', Title: null } });
    expect(await session('PATCH', path, { [KEY]: 'x' })).toMatchObject({
      status: 400,
      body: [{ errorCode: 'INVALID_FIELD' }],
    });
    expect((await session('GET', `/sobjects/Lead/${KEY}/nobody`)).status).toBe(404);
  });

  it('answers 300 with the addresses when a key is not unique', async () => {
    for (const LastName of ['One', 'Two'])
      await session('POST', '/sobjects/Contact', { LastName, Email: 'both@example.com' });
    const { status, body } = await session<string[]>('PATCH', '/sobjects/Contact/Email/BOTH@example.com', {
      Title: 'T',
    });
    expect(status).toBe(300);
    expect(body).toHaveLength(2);
    expect(body[0]).toMatch(/^\/services\/data\/v60\.0\/sobjects\/Contact\/003\w{15}$/);
    const collection = await session('PATCH', '/composite/sobjects/Contact/Email', {
      records: [{ attributes: { type: 'Contact' }, LastName: 'X', Email: 'both@example.com' }],
    });
    expect(collection.body).toMatchObject([
      { success: false, errors: [{ statusCode: 'DUPLICATE_EXTERNAL_ID' }] },
    ]);
  });

  it('retrieves in the order of the ids, with null for what is not there', async () => {
    const { body: made } = await session<{ id: string }>('POST', '/sobjects/Contact', {
      LastName: ' Trimmed ',
      FirstName: '',
    });
    const { body } = await session('POST', '/composite/sobjects/Contact', {
      ids: [recordId('003', 999_999), made.id, 'rubbish', made.id.slice(0, 15)],
      fields: ['LastName', 'FirstName'],
    });
    const found = expect.objectContaining({ LastName: 'Trimmed', FirstName: null }) as object;
    expect(body).toEqual([null, found, null, found]);
  });

  it('knows deleted, missing and malformed ids apart', async () => {
    const { body: made } = await session<{ id: string }>('POST', '/sobjects/Account', { Name: 'Gone' });
    await session('DELETE', `/sobjects/Account/${made.id}`);
    const codes = async (id: string) =>
      (await session<{ errorCode: string }[]>('PATCH', `/sobjects/Account/${id}`, { Name: 'N' })).body[0]!
        .errorCode;
    expect(await codes(made.id)).toBe('ENTITY_IS_DELETED');
    expect(await codes(recordId('001', 999_999))).toBe('NOT_FOUND');
    expect(await codes(`${made.id.slice(0, 15)}ZZZ`)).toBe('MALFORMED_ID');
    expect(await codes(recordId('003', 1))).toBe('MALFORMED_ID');
  });

  it('refuses queries it cannot read, with Salesforce’s codes', async () => {
    const code = async (soql: string) =>
      (await session<{ errorCode: string }[]>('GET', `/query?q=${encodeURIComponent(soql)}`)).body[0]!
        .errorCode;
    expect(await code('SELEKT Id FROM Lead')).toBe('MALFORMED_QUERY');
    expect(await code('SELECT Id FROM Lead WHERE')).toBe('MALFORMED_QUERY');
    expect(await code("SELECT Id FROM Lead WHERE LastName = 'open")).toBe('MALFORMED_QUERY');
    expect(await code('SELECT Id FROM Lead LIMIT many')).toBe('MALFORMED_QUERY');
    expect(await code(`SELECT Id FROM Lead WHERE ${'('.repeat(500)}Id = null`)).toBe('MALFORMED_QUERY');
    expect(await code('SELECT Shoe__c FROM Lead')).toBe('INVALID_FIELD');
    expect(await code("SELECT Id FROM Lead WHERE Shoe__c = 'x'")).toBe('INVALID_FIELD');
    expect(await code('SELECT Id FROM Martian')).toBe('INVALID_TYPE');
  });

  it('refuses addresses longer than Salesforce takes', async () => {
    expect((await session('GET', `/query?q=${'x'.repeat(17_000)}`)).status).toBe(414);
  });

  it('refuses composite requests that are too many, doubled or refer to nothing', async () => {
    const part = (referenceId: string, url = '/services/data/v60.0/limits') => ({
      method: 'GET',
      url,
      referenceId,
    });
    const many = Array.from({ length: 26 }, (_, n) => part(`r${n}`));
    expect(await session('POST', '/composite', { compositeRequest: many })).toMatchObject({ status: 400 });
    expect(await session('POST', '/composite', { compositeRequest: [part('a'), part('a')] })).toMatchObject({
      status: 400,
    });
    const dangling = await session('POST', '/composite', {
      compositeRequest: [part('a', '/services/data/v60.0/sobjects/Lead/@{nope.id}')],
    });
    expect(dangling.body).toMatchObject({
      compositeResponse: [{ httpStatusCode: 400, body: [{ errorCode: 'PROCESSING_HALTED' }] }],
    });
  });
});

describe('Record ids', () => {
  it('carry Salesforce’s checksum of upper and lower case', () => {
    // Known pairs from Salesforce's own documentation of the 15- and 18-character forms.
    expect(wholeId('001A0000006Vm9r')).toBe('001A0000006Vm9rIAC');
    expect(wholeId('00QDz0000000001')).toMatch(/^00QDz0000000001\w{3}$/);
    expect(wholeId('00QDz0000000001zzz')).toBeUndefined();
    expect(wholeId('short')).toBeUndefined();
  });
});
