/** The same writes by the vendors' own clients and by our connectors, compared on one capture server. */

import { Client } from '@hubspot/api-client';
import jsforce from 'jsforce';
import { describe, expect, test } from 'vitest';
import { dialects, persons } from './dialects.js';
import { type Seen, json, sharedServer } from './scripted-server.js';

const signal = new AbortController().signal;
const [hubspot, salesforce] = dialects;

describe('the vendors’ own clients send what we send', () => {
  const server = sharedServer();

  const shape = ({ method, path, headers, body }: Seen) => ({
    method,
    path,
    contentType: headers['content-type']?.split(';')[0],
    body: JSON.parse(body) as unknown,
  });

  test('@hubspot/api-client: batch upsert of contacts', async () => {
    server.script = (write, response) => json(response, 200, hubspot!.wrap(hubspot!.success(write)));
    const list = persons(3);
    const inputs = list.map(({ key, traceId, fields }) => ({
      id: key,
      idProperty: 'email',
      objectWriteTraceId: traceId,
      properties: { email: key, ...(fields as Record<string, string>) },
    }));
    const client = new Client({ accessToken: 'pat-1', basePath: server.baseUrl });
    const theirs = await client.crm.contacts.batchApi.upsert({ inputs });
    const ours = await hubspot!.connector(server).send(hubspot!.target, list, { signal });

    expect(server.seen).toHaveLength(2);
    expect(shape(server.seen[1]!)).toEqual(shape(server.seen[0]!));
    expect(server.seen[1]!.headers.authorization).toBe(server.seen[0]!.headers.authorization);
    expect(ours.outcomes.map((outcome) => outcome.kind === 'written' && outcome.targetId)).toEqual(
      theirs.results.map(({ id }) => id),
    );
  });

  test('@hubspot/api-client: batch read of contacts by e-mail and by id', async () => {
    server.script = (_, response) => json(response, 200, { status: 'COMPLETE', results: [] });
    const client = new Client({ accessToken: 'pat-1', basePath: server.baseUrl });
    const connector = hubspot!.connector(server);
    const properties = ['email', 'firstname'];
    const common = { properties, propertiesWithHistory: [] };

    await client.crm.contacts.batchApi.read({
      ...common,
      idProperty: 'email',
      inputs: [{ id: 'a@example.com' }],
    });
    await connector.readBack(hubspot!.target, [{ key: 'a@example.com', targetId: null }], ['firstname'], {
      signal,
    });
    await client.crm.contacts.batchApi.read({ ...common, inputs: [{ id: '17' }] });
    await connector.readBack(hubspot!.target, [{ key: 'a@example.com', targetId: '17' }], ['firstname'], {
      signal,
    });

    const [theirsByKey, oursByKey, theirsById, oursById] = server.seen.map(shape);
    for (const [theirs, ours] of [
      [theirsByKey!, oursByKey!],
      [theirsById!, oursById!],
    ] as const) {
      // Their client adds the flag for archived records, which is false when absent.
      expect(ours.path).toBe(theirs.path.replace('?archived=false', ''));
      expect(ours).toMatchObject({ method: theirs.method, contentType: theirs.contentType });
      expect({ propertiesWithHistory: [], ...(ours.body as object) }).toEqual(theirs.body);
    }
  });

  test('jsforce: upsert of a collection by external id', async () => {
    server.script = salesforce!.around((write, response) => json(response, 200, salesforce!.success(write)));
    const list = persons(3);
    const client = new jsforce.Connection({
      instanceUrl: server.baseUrl,
      accessToken: 't-1',
      version: '60.0',
    });
    const theirs = await client.sobject('Lead').upsert(
      list.map(({ key, fields }) => ({ ...fields, Foyer_Person_Id__c: key })),
      'Foyer_Person_Id__c',
      { allOrNone: false },
    );
    const ours = await salesforce!.connector(server).send(salesforce!.target, list, { signal });

    const [their, our] = server.seen.filter(salesforce!.isWrite);
    expect(shape(our!)).toEqual(shape(their!));
    expect(our!.headers.authorization).toBe(their!.headers.authorization);
    expect(ours.outcomes.map((outcome) => outcome.kind === 'written' && outcome.targetId)).toEqual(
      theirs.map(({ id }) => id),
    );
  });

  test('jsforce: retrieval of a collection by id', async () => {
    server.script = salesforce!.around((_, response) => json(response, 200, [null, null]));
    const ids = ['00Q5500001H9ka4AAB', '00Q5500001H9ka5AAB'];
    const client = new jsforce.Connection({
      instanceUrl: server.baseUrl,
      accessToken: 't-1',
      version: '60.0',
    });
    await client
      .sobject('Lead')
      .retrieve(ids, { fields: ['Id', 'Foyer_Person_Id__c', 'LastName'] })
      .catch(() => null);
    const asked = ids.map((targetId, n) => ({ key: `k-${n}`, targetId }));
    await salesforce!.connector(server).readBack(salesforce!.target, asked, ['LastName'], { signal });

    const [their, our] = server.seen.filter(({ path }) => path.endsWith('/composite/sobjects/Lead'));
    expect(shape(our!)).toEqual(shape(their!));
  });
});
