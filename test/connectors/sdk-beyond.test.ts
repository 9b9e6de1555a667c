/** The same attendee written by other backends' clients and by us, compared on one capture server. */

import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { beforeAll, describe, expect, test } from 'vitest';
import { createConnector } from '../../src/connectors/registry.js';
import { loadDestinations } from '../../src/platform/config/destinations.js';
import { json, sharedServer } from './scripted-server.js';

const signal = new AbortController().signal;
const KEY = 'Ada.Lovelace@example.com';
const server = sharedServer();

describe('@mailchimp/mailchimp_marketing', () => {
  interface Client {
    basePath: string;
    setConfig: (config: object) => void;
    lists: Record<
      'setListMember' | 'getListMember' | 'deleteListMemberPermanent',
      (...given: unknown[]) => Promise<unknown>
    >;
  }
  const hash = createHash('md5').update(KEY.toLowerCase()).digest('hex');
  const target = { object: 'members', operation: 'upsert' as const, keyField: 'email_address' };
  const fields = {
    FNAME: 'Ada',
    LNAME: 'Łovelace',
    COMPANY: '',
    JOBTITLE: 'Countess',
    COUNTRY: '',
    FOYERID: 'p-1',
    FOYERSTAT: 'registered',
    FOYEREVTS: 1,
    FOYERREG: '2026-01-05',
  };
  let client: Client;

  beforeAll(() => {
    client = createRequire(import.meta.url)('@mailchimp/mailchimp_marketing') as Client;
    client.basePath = `${server.baseUrl}/3.0`;
    client.setConfig({ apiKey: 'key-us1', server: 'us1' });
  });

  const connector = () => {
    const environment = {
      MAILCHIMP_BASE_URL: `${server.baseUrl}/3.0`,
      MAILCHIMP_API_KEY: 'key-us1',
      MAILCHIMP_LIST: 'list-1',
    };
    const all = loadDestinations('config/destinations.yaml', environment);
    return createConnector(all.find(({ name }) => name === 'mailchimp')!);
  };
  /** Any user name goes with the key. */
  const key = (authorization = '') =>
    Buffer.from(authorization.split(' ')[1]!, 'base64').toString().split(':')[1];

  test('member by the hash of the address', async () => {
    server.script = (_, response) => json(response, 200, { id: hash, email_address: KEY, merge_fields: {} });
    const record = { traceId: 't-1', key: KEY, targetId: null, fields };
    const { outcomes } = await connector().send(target, [record], { signal });
    expect(outcomes).toMatchObject([{ kind: 'written', targetId: hash }]);
    const ours = server.seen[0]!;
    await client.lists.setListMember('list-1', hash, {
      email_address: KEY,
      status_if_new: 'subscribed',
      merge_fields: fields,
    });

    const theirs = server.seen[1]!;
    expect({ method: ours.method, path: ours.path }).toEqual({ method: theirs.method, path: theirs.path });
    expect(JSON.parse(ours.body)).toEqual(JSON.parse(theirs.body));
    expect(ours.headers['content-type']?.split(';')[0]).toBe(theirs.headers['content-type']?.split(';')[0]);
    expect(key(ours.headers.authorization)).toBe(key(theirs.headers.authorization));
    expect(key(ours.headers.authorization)).toBe('key-us1');
  });

  test('reading and removing a member', async () => {
    server.script = ({ method }, response) =>
      method === 'GET' ? json(response, 200, { id: hash, merge_fields: {} }) : response.writeHead(204).end();
    const known = { key: KEY, targetId: hash };
    await connector().readBack(target, [known], ['FNAME'], { signal });
    await client.lists.getListMember('list-1', hash);
    await connector().remove!(target, [{ ...known, traceId: 't-1', fields: {} }], { signal });
    await client.lists.deleteListMemberPermanent('list-1', hash);
    const [ourRead, theirRead, ourRemoval, theirRemoval] = server.seen.map(
      ({ method, path }) => `${method} ${path}`,
    );
    expect(ourRead).toBe(theirRead);
    expect(ourRemoval).toBe(theirRemoval);
  });
});
