/** The same attendee written by dynamics-web-api and by us to the Dataverse twin; what both sent is compared. */

import { DynamicsWebApi } from 'dynamics-web-api';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { dataverse } from '../../sandbox/dataverse/dataverse.js';
import type { Twin } from '../../sandbox/twin.js';
import { createConnector } from '../../src/connectors/registry.js';
import { login } from '../sandbox/dataverse-account.js';
import { control, records, started } from '../sandbox/twins.js';
import { forward } from './forward.js';
import { type Seen, sharedServer } from './scripted-server.js';

const signal = new AbortController().signal;
const target = { object: 'contacts', operation: 'upsert' as const, keyField: 'foyer_personid' };
const PEOPLE = ['p-1', "O'Brien ö"].map((key, n) => ({
  traceId: `t-${n}`,
  key,
  targetId: null,
  fields: { firstname: `Ada ${n}`, lastname: 'Łovelace', foyer_eventcount: n, foyer_consent: true },
}));
let twin: Twin;
/** Stands before the twin and writes down what comes by. */
const server = sharedServer();
let client: DynamicsWebApi;

beforeAll(async () => {
  twin = await started(dataverse());
  server.script = forward(twin.url);
  const accessToken = (await login(twin)).body.access_token;
  client = new DynamicsWebApi({
    serverUrl: server.baseUrl,
    dataApi: { version: '9.2' },
    onTokenRefresh: () => Promise.resolve({ accessToken } as never),
  });
});
beforeEach(async () => {
  await control(twin, 'DELETE', '');
  await control(twin, 'PUT', '/faults', { faults: [], limits: false });
});

const connector = () =>
  createConnector({
    name: 'dynamics',
    connector: 'dataverse',
    settings: {
      baseUrl: server.baseUrl,
      loginUrl: server.baseUrl,
      tenantId: 'twin-tenant',
      clientId: 'twin-client',
      clientSecret: 'twin-secret',
      callTimeoutMs: 5000,
    },
  });

/** What one operation of a batch says, however its address and its lines are written. */
interface Operation {
  method: string;
  address: string;
  prefer: string | undefined;
  contentType: string | undefined;
  body: unknown;
}

function operationsOf({ headers, body }: Seen): Operation[] {
  const boundary = /boundary="?([^";]+)/.exec(headers['content-type']!)![1]!;
  const parts = body.split(`--${boundary}`).slice(1, -1);
  return parts.map((part) => {
    const [, method, url, head = '', content = ''] =
      /\r\n([A-Z]+) (\S.*) HTTP\/1\.1\r\n([\s\S]*?)\r\n\r\n([\s\S]*)$/.exec(part)!;
    const header = (name: string) => new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1]?.trim();
    return {
      method: method!,
      address: decodeURIComponent(url!.replace(server.baseUrl, '')),
      prefer: header('Prefer'),
      contentType: header('Content-Type'),
      body: content.trim() === '' ? undefined : (JSON.parse(content) as unknown),
    };
  });
}

const envelope = ({ method, path, headers }: Seen) => ({
  method,
  path,
  type: headers['content-type']?.split(';')[0],
  prefer: headers.prefer,
  odata: [headers['odata-version'], headers['odata-maxversion']],
  scheme: headers.authorization?.split(' ')[0],
});
const calls = () => server.seen.filter(({ path }) => path.startsWith('/api/'));
const keyOf = (key: string) => `foyer_personid='${key.replaceAll("'", "''")}'`;

describe('dynamics-web-api', () => {
  test('upserts by alternate key in one batch that goes on after an error', async () => {
    client.startBatch();
    for (const { key, fields } of PEOPLE)
      void client.upsert({
        collection: 'contacts',
        key: keyOf(key),
        data: fields,
        // The record's key comes back with its id: each answer says whose it is.
        select: ['foyer_personid'],
        returnRepresentation: true,
        inChangeSet: false,
      });
    const answers = (await client.executeBatch({ continueOnError: true })) as { contactid: string }[];
    const { outcomes } = await connector().send(target, PEOPLE, { signal });

    const [theirs, ours] = calls() as [Seen, Seen];
    expect(envelope(ours)).toEqual(envelope(theirs));
    expect(operationsOf(ours)).toEqual(operationsOf(theirs));
    expect(operationsOf(ours)[1]!.address).toBe(
      "/api/data/v9.2/contacts(foyer_personid='O''Brien ö')?$select=foyer_personid",
    );
    expect(outcomes.map((outcome) => outcome.kind === 'written' && outcome.targetId)).toEqual(
      answers.map(({ contactid }) => contactid),
    );
    expect((await records(twin, 'contacts')).map(({ writes }) => writes)).toEqual([2, 2]);
  });

  test('reads records back, and deletes them', async () => {
    await connector().send(target, PEOPLE, { signal });
    const ids = (await records(twin, 'contacts')).map(({ id }) => id);
    const known = PEOPLE.map(({ key, traceId }, n) => ({ key, traceId, targetId: ids[n]!, fields: {} }));
    const last = () => operationsOf(calls().at(-1)!).map(({ method, address }) => `${method} ${address}`);
    const select = ['foyer_personid', 'firstname'];

    client.startBatch();
    for (const key of ids) void client.retrieve({ collection: 'contacts', key, select });
    const theirs = (await client.executeBatch()) as { firstname: string }[];
    const theirReads = last();
    const { records: ours } = await connector().readBack(target, known, ['firstname'], { signal });
    expect(last()).toEqual(theirReads);
    expect(ours.map((record) => record?.fields.firstname)).toEqual(theirs.map(({ firstname }) => firstname));

    await connector().remove!(target, known, { signal });
    const ourRemovals = last();
    expect(await records(twin, 'contacts')).toEqual([]);
    client.startBatch();
    for (const key of ids) void client.deleteRecord({ collection: 'contacts', key, inChangeSet: false });
    await client.executeBatch({ continueOnError: true });
    expect(ourRemovals).toEqual(last());
  });
});
