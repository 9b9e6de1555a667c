import jsforce from 'jsforce';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Twin } from '../../sandbox/twin.js';
import { CLIENT, journal, records, salesforceTwin } from './twins.js';

let twin: Twin;
let connection: InstanceType<typeof jsforce.Connection>;

beforeAll(async () => {
  twin = await salesforceTwin();
  connection = new jsforce.Connection({
    loginUrl: twin.url,
    instanceUrl: twin.url,
    oauth2: { ...CLIENT, loginUrl: twin.url },
  });
  await connection.authorize({ grant_type: 'client_credentials' });
});

const KEY = 'Foyer_Person_Id__c';

function lead(person: string, more: Record<string, unknown> = {}) {
  return { [KEY]: person, LastName: 'Lovelace', Company: 'Engines', ...more };
}

describe('jsforce drives the twin unmodified', () => {
  it('logs in by client credentials and learns where its instance is', () => {
    expect(connection.instanceUrl).toBe(twin.url);
    expect(connection.accessToken).toMatch(/^00D\w{12}!/);
  });

  it('creates with the first upsert of an external id and updates with the second', async () => {
    const first = await connection.sobject('Lead').upsert(lead('p-1', { FirstName: 'Ada' }), KEY);
    const second = await connection.sobject('Lead').upsert(lead('p-1', { Title: 'Countess' }), KEY);
    expect(first).toMatchObject({ success: true, created: true });
    expect(second).toMatchObject({ success: true, created: false, id: first.id });
    expect(await records(twin, 'Lead')).toMatchObject([
      { key: 'p-1', writes: 2, fields: { FirstName: 'Ada', Title: 'Countess', Status: 'Open' } },
    ]);
  });

  it('upserts a collection with one result for each record, in order', async () => {
    const many = [
      lead('p-1', { FirstName: 'Augusta' }),
      lead('p-2', { Email: 'bad address' }),
      { [KEY]: 'p-3', Company: 'No Name' },
      lead('p-4', { Status: 'Asleep' }),
      lead('p-5', { FirstName: 'x'.repeat(41) }),
      lead('p-6'),
    ];
    const results = await connection.sobject('Lead').upsert(many, KEY, { allowRecursive: true });
    const codes = results.map((result) =>
      result.success
        ? (result as { created?: boolean }).created
        : (result.errors[0] as unknown as { statusCode: string }).statusCode,
    );
    expect(codes).toEqual([
      false,
      'INVALID_EMAIL_ADDRESS',
      'REQUIRED_FIELD_MISSING',
      'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
      'STRING_TOO_LONG',
      true,
    ]);
    const outcomes = (await journal(twin)).slice(-6).map(({ key, outcome }) => `${key} ${outcome}`);
    expect(outcomes).toEqual([
      'p-1 updated',
      'p-2 rejected',
      'p-3 rejected',
      'p-4 rejected',
      'p-5 rejected',
      'p-6 created',
    ]);
  });

  it('creates, retrieves, updates and deletes records', async () => {
    const contact = connection.sobject('Contact');
    const created = await contact.create([
      { LastName: 'Hopper', Email: 'Grace@Example.com' },
      { LastName: 'Liskov' },
    ]);
    const ids = created.map(({ id }) => id!);
    expect(await contact.retrieve(ids)).toMatchObject([
      { Id: ids[0], LastName: 'Hopper', Email: 'grace@example.com' },
      { Id: ids[1], LastName: 'Liskov', Email: null },
    ]);
    await contact.update({ Id: ids[0]!, FirstName: 'Grace' });
    expect(await contact.retrieve(ids[0]!)).toMatchObject({ Name: 'Grace Hopper' });
    await contact.destroy(ids);
    await expect(contact.retrieve(ids[0]!)).rejects.toMatchObject({ errorCode: 'ENTITY_IS_DELETED' });
  });

  it('queries with conditions, order and limit', async () => {
    const leads = await connection
      .sobject('Lead')
      .find({ [KEY]: { $in: ['p-1', 'p-6', 'p-404'] } }, ['Id', KEY, 'FirstName'])
      .sort({ [KEY]: -1 })
      .limit(5);
    expect(leads.map((each) => each[KEY])).toEqual(['p-6', 'p-1']);
    const { totalSize } = await connection.query(`SELECT count() FROM Lead WHERE FirstName LIKE 'aug%'`);
    expect(totalSize).toBe(1);
  });

  it('follows a long query over its pages', async () => {
    const accounts = Array.from({ length: 2100 }, (_, index) => ({ Name: `Account ${index}` }));
    await connection.sobject('Account').create(accounts, { allowRecursive: true });
    const all = await connection.query('SELECT Name FROM Account', { autoFetch: true, maxFetch: 5000 });
    expect(all.records).toHaveLength(2100);
  });

  it('describes the org and its objects', async () => {
    const { sobjects } = await connection.describeGlobal();
    expect(sobjects.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['Lead', 'Contact', 'Account', 'Task']),
    );
    const { fields, keyPrefix } = await connection.sobject('Lead').describe();
    expect(keyPrefix).toBe('00Q');
    expect(fields.find(({ name }) => name === KEY)).toMatchObject({
      externalId: true,
      unique: true,
      length: 36,
      type: 'string',
    });
    expect(
      fields
        .filter(
          ({ nillable, createable, defaultedOnCreate }) => !nillable && createable && !defaultedOnCreate,
        )
        .map(({ name }) => name),
    ).toEqual(['LastName', 'Company']);
  });

  it('answers composite requests that refer to each other', async () => {
    const base = `/services/data/v${connection.version}`;
    const answer = await connection.request<{
      compositeResponse: { httpStatusCode: number; body: { id: string } }[];
    }>({
      method: 'POST',
      url: `${base}/composite`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        compositeRequest: [
          { method: 'POST', url: `${base}/sobjects/Account`, referenceId: 'acme', body: { Name: 'Acme' } },
          {
            method: 'POST',
            url: `${base}/sobjects/Contact`,
            referenceId: 'wile',
            body: { LastName: 'Coyote', AccountId: '@{acme.id}' },
          },
        ],
      }),
    });
    expect(answer.compositeResponse.map(({ httpStatusCode }) => httpStatusCode)).toEqual([201, 201]);
    const [contact] = await connection.sobject('Contact').find({ LastName: 'Coyote' }, ['AccountId']);
    expect(contact!.AccountId).toBe(answer.compositeResponse[0]!.body.id);
  });

  it('shows the usage of the daily limit', async () => {
    await connection.limits();
    expect(connection.limitInfo.apiUsage).toMatchObject({ limit: 100_000 });
  });

  it('takes a new session when the old one is over', async () => {
    await fetch(`${twin.url}/_twin/tokens`, { method: 'DELETE' });
    // jsforce answers INVALID_SESSION_ID with a refresh, which client credentials do not have.
    await expect(connection.sobject('Lead').find({ [KEY]: 'p-1' })).rejects.toThrow(
      'Unable to refresh session',
    );
    await connection.authorize({ grant_type: 'client_credentials' });
    expect(await connection.sobject('Lead').find({ [KEY]: 'p-1' }, ['Id'])).toHaveLength(1);
  });
});
