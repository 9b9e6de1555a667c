/** What stands in Microsoft's documentation of reading, answered to the connector over the wire. */
import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { json } from './scripted-server.js';
import { contacts, ID, parts, refusal, scriptedDataverse, signal } from './scripted-dataverse.js';

const { server, answerWith, connector, calls } = scriptedDataverse();

test('reading is one batch of GETs, by id and by key; a lookup is read under its own name', async () => {
  const bound = 'foyer_ContactId@odata.bind';
  answerWith(
    parts([
      {
        status: 200,
        body: {
          contactid: ID,
          foyer_personid: 'a',
          firstname: 'Ada',
          _foyer_contactid_value: ID.toUpperCase(),
        },
      },
      { status: 404, body: refusal('0x80060891', 'A record with the specified key values does not exist') },
      { status: 404, body: refusal('0x80060888', 'Resource not found for the segment') },
    ]),
  );
  const one = connector();
  const asked = [ID, null, null].map((targetId, n) => ({ key: 'abc'[n]!, targetId }));
  const { records, failure } = await one.readBack(contacts, asked, ['firstname', bound], { signal });
  expect(records[0]).toMatchObject({ targetId: ID, fields: { firstname: 'Ada' } });
  expect(records.slice(1)).toEqual([null, undefined]);
  expect(failure).toMatchObject({ kind: 'rejected', reason: { code: '0x80060888' } });
  expect(one.canonical(contacts, bound, records[0]!.fields[bound])).toBe(
    one.canonical(contacts, bound, `/contacts(${ID})`),
  );
  const select = '$select=foyer_personid,firstname,_foyer_contactid_value';
  expect([...calls()[0]!.body.matchAll(/^GET (\S+)/gm)].map(([, path]) => path)).toEqual([
    `/api/data/v9.2/contacts(${ID})?${select}`,
    `/api/data/v9.2/contacts(foyer_personid='b')?${select}`,
    `/api/data/v9.2/contacts(foyer_personid='c')?${select}`,
  ]);
});

test('listing follows the pages on our own host, and calls no list ended that is not', async () => {
  const page = (link: string) => (response: ServerResponse) =>
    json(response, 200, {
      value: [{ contactid: ID, foyer_personid: 'a' }, { contactid: ID }],
      '@odata.nextLink': link,
    });
  const next = `/api/data/v9.2/contacts?$select=foyer_personid&$skiptoken=2`;
  answerWith(page(`${server.baseUrl}${next}`));
  const first = await connector().list!(contacts, [], null, { signal });
  expect(first.records).toEqual([{ key: 'a', stored: expect.objectContaining({ targetId: ID }) as unknown }]);
  expect(first.next).toBe(next);
  answerWith(page(`https://elsewhere.example${next}`));
  expect((await connector().list!(contacts, [], first.next, { signal })).next).toBe(next);
  answerWith(page('https://elsewhere.example/'));
  const lost = await connector().list!(contacts, [], first.next, { signal });
  expect(lost).toMatchObject({ records: [], next, failure: { kind: 'unanswered' } });
  expect(calls().at(-1)).toMatchObject({ path: next, headers: { prefer: 'odata.maxpagesize=5000' } });
});
