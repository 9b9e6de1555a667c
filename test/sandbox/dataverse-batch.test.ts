import { DynamicsWebApi } from 'dynamics-web-api';
import { beforeAll, describe, expect, it } from 'vitest';
import { dataverseAccount } from './dataverse-account.js';
import { call, control, journal, records } from './twins.js';

const account = dataverseAccount();
let client: DynamicsWebApi;
beforeAll(() => {
  client = new DynamicsWebApi({
    serverUrl: account.twin.url,
    dataApi: { version: '9.2' },
    onTokenRefresh: () => Promise.resolve({ accessToken: account.token } as never),
  });
});

const outcomes = async () => (await journal(account.twin)).map(({ key, outcome }) => `${key} ${outcome}`);

/** Posts a batch written out by hand; the parts of the answer, by their statuses and what follows. */
async function batch(lines: string[], headers: Record<string, string> = {}) {
  const answer = await call('POST', `${account.twin.url}/api/data/v9.2/$batch`, lines.join('\r\n'), {
    Authorization: `Bearer ${account.token}`,
    'Content-Type': 'multipart/mixed; boundary="batch_a"',
    ...headers,
  });
  const parts = [...answer.text.matchAll(/HTTP\/1\.1 (\d{3})[\s\S]*?\r\n\r\n(.*)\r\n/g)];
  return {
    status: answer.status,
    text: answer.text,
    parts: parts.map(([, status, body]) => [Number(status), body]),
  };
}

const part = (request: string, body?: object, more: string[] = []) => [
  'Content-Type: application/http',
  'Content-Transfer-Encoding: binary',
  ...more,
  '',
  `${request} HTTP/1.1`,
  'Content-Type: application/json',
  '',
  ...(body === undefined ? [''] : [JSON.stringify(body)]),
];
const upsert = (person: string, body: object) =>
  part(`PATCH /api/data/v9.2/contacts(foyer_personid='${person}')`, body);

describe('A batch', () => {
  const three = [
    '--batch_a',
    ...upsert('p-1', { lastname: 'A' }),
    '--batch_a',
    ...upsert('p-2', { jobtitle: 'x'.repeat(101) }),
    '--batch_a',
    ...upsert('p-3', { lastname: 'C' }),
    '--batch_a--',
    '',
  ];

  it('goes on after an error where the client prefers so, one answer for each in order', async () => {
    const { status, parts } = await batch(three, { Prefer: 'odata.continue-on-error' });
    expect([status, parts.map(([each]) => each)]).toEqual([200, [204, 400, 204]]);
    expect(parts[1]![1]).toContain('0x80044331');
    expect(await outcomes()).toEqual(['p-1 created', 'p-2 rejected', 'p-3 created']);
  });

  it('ends at the first error otherwise', async () => {
    const { status, parts } = await batch(three);
    expect([status, parts.map(([each]) => each)]).toEqual([400, [204, 400]]);
    expect(await outcomes()).toEqual(['p-1 created', 'p-2 rejected']);
  });

  it('undoes a change set as a whole, and refers to what it made', async () => {
    const set = (changes: string[][]) => [
      '--batch_a',
      'Content-Type: multipart/mixed; boundary=set_b',
      '',
      ...changes.flatMap((change) => ['--set_b', ...change]),
      '--set_b--',
      '--batch_a--',
      '',
    ];
    const contact = (id: string) =>
      part('POST /api/data/v9.2/contacts', { lastname: 'A', foyer_personid: 'p-1' }, [`Content-ID: ${id}`]);
    const registration = (reference: string, minutes: number) =>
      part(
        'POST foyer_eventregistrations',
        { foyer_registrationid: 'r-1', foyer_minutes: minutes, 'foyer_ContactId@odata.bind': reference },
        ['Content-ID: 2'],
      );
    const undone = await batch(set([contact('1'), registration('$1', -1)]), {
      Prefer: 'odata.continue-on-error',
    });
    expect([undone.status, undone.parts.map(([each]) => each)]).toEqual([200, [400]]);
    expect(await records(account.twin, 'contacts')).toEqual([]);
    expect((await journal(account.twin)).map(({ outcome }) => outcome)).toEqual(['rejected', 'rejected']);

    const dangling = await batch(set([contact('1'), registration('$7', 1)]));
    expect([dangling.status, dangling.text.includes("'$7' does not exist in the batch context")]).toEqual([
      400,
      true,
    ]);
    const done = await batch(set([contact('1'), registration('$1', 1)]));
    expect([done.status, done.parts.map(([each]) => each)]).toEqual([200, [204, 204]]);
    expect((await records(account.twin, 'foyer_eventregistrations'))[0]!.fields._foyer_contactid_value).toBe(
      (await records(account.twin, 'contacts'))[0]!.id,
    );
    const nameless = await batch(set([part('POST contacts', { lastname: 'A' })]));
    expect([nameless.status, nameless.text.includes('Content-ID')]).toEqual([400, true]);
  });

  it.each([
    ['no boundary in the type', ['--batch_a', '--batch_a--'], { 'Content-Type': 'multipart/mixed' }],
    ['no end', ['--batch_a', ...upsert('p-1', { lastname: 'A' })], {}],
    ['no request line', ['--batch_a', 'Content-Type: application/http', '', 'rubbish', '--batch_a--'], {}],
    [
      'more than 1,000 operations',
      [...Array.from({ length: 1001 }, () => ['--batch_a', ...part('GET contacts')]).flat(), '--batch_a--'],
      {},
    ],
  ])('is refused with %s', async (_, lines, headers) => {
    expect(await batch(lines, headers)).toMatchObject({ status: 400 });
    expect(await records(account.twin, 'contacts')).toEqual([]);
  });

  it('leaves an item for each record when it is throttled', async () => {
    await control(account.twin, 'PUT', '/faults', { faults: [{ kind: 'throttle', rate: 1 }] });
    expect((await batch(three)).status).toBe(429);
    expect(await outcomes()).toEqual(['p-1 throttled', 'p-2 throttled', 'p-3 throttled']);
  });
});

describe('dynamics-web-api, unmodified', () => {
  it('creates, upserts by key, reads, queries and deletes', async () => {
    const id = String(
      await client.create<unknown>({
        collection: 'contacts',
        data: { firstname: 'Ada', foyer_personid: 'p-1' },
      }),
    );
    expect(id).toBe((await records(account.twin, 'contacts'))[0]!.id);
    const upserted: unknown = await client.upsert({
      collection: 'contacts',
      key: "foyer_personid='p-1'",
      data: { lastname: 'Lovelace' },
      returnRepresentation: true,
      select: ['contactid'],
    });
    expect(upserted).toMatchObject({ contactid: id });
    const read = await client.retrieve<{ fullname: string }>({
      collection: 'contacts',
      key: id,
      select: ['fullname'],
    });
    expect(read.fullname).toBe('Ada Lovelace');
    const { value } = await client.retrieveMultiple({
      collection: 'contacts',
      select: ['lastname'],
      filter: "foyer_personid eq 'p-1'",
    });
    expect(value).toMatchObject([{ lastname: 'Lovelace' }]);
    await client.update({ collection: 'contacts', key: id, data: { jobtitle: 'Countess' } });
    await client.deleteRecord({ collection: 'contacts', key: id });
    await expect(client.retrieve({ collection: 'contacts', key: id })).rejects.toMatchObject({
      status: 404,
      code: '0x80040217',
    });
  });

  it('reads every page, and is told a version that has passed', async () => {
    for (const n of [1, 2, 3]) await client.create({ collection: 'contacts', data: { lastname: `L${n}` } });
    const all = await client.retrieveAll<{ contactid: string; oDataEtag: string }>({
      collection: 'contacts',
      select: ['lastname'],
      maxPageSize: 2,
    });
    expect(all.value).toHaveLength(3);
    const { contactid } = all.value[0]!;
    const changed = client.update({
      collection: 'contacts',
      key: contactid,
      data: { lastname: 'X' },
      ifmatch: 'W/"1"',
    });
    // The client's word for 412.
    expect(await changed).toBe(false);
    expect((await records(account.twin, 'contacts'))[0]!.fields.lastname).toBe('L1');
  });

  it('sends batches, in change sets and without, and reads metadata', async () => {
    client.startBatch();
    for (const n of [1, 2])
      void client.upsert({
        collection: 'contacts',
        key: `foyer_personid='p-${n}'`,
        data: { lastname: `L${n}` },
        inChangeSet: false,
        returnRepresentation: true,
        select: ['contactid'],
      });
    void client.update({
      collection: 'contacts',
      key: "foyer_personid='p-3'",
      data: { jobtitle: 'X' },
      inChangeSet: false,
    });
    const [first, second, third] = (await client.executeBatch({ continueOnError: true })) as unknown as [
      { contactid: string },
      { contactid: string },
      object,
    ];
    expect([first.contactid, second.contactid]).toEqual(
      (await records(account.twin, 'contacts')).map(({ id }) => id),
    );
    // An update is a PATCH with If-Match: * with this client.
    expect(third).toMatchObject({ status: 404, error: { code: '0x80060891' } });

    client.startBatch();
    void client.create({ collection: 'campaigns', data: { name: 'Launch' }, contentId: '1' });
    void client.create({
      collection: 'tasks',
      data: { subject: 'Call', 'regardingobjectid_campaign_task@odata.bind': '$1' },
    });
    await client.executeBatch();
    expect((await records(account.twin, 'tasks'))[0]!.fields._regardingobjectid_value).toBe(
      (await records(account.twin, 'campaigns'))[0]!.id,
    );

    const attributes = await client.retrieveAttributes({
      entityKey: "LogicalName='lead'",
      castType: 'Microsoft.Dynamics.CRM.StringAttributeMetadata',
      select: ['LogicalName', 'MaxLength'],
    });
    expect(attributes.value).toContainEqual(
      expect.objectContaining({ LogicalName: 'companyname', MaxLength: 100 }),
    );
  });
});
