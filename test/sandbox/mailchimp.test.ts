import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mailchimp } from '../../sandbox/mailchimp/mailchimp.js';
import type { Twin } from '../../sandbox/twin.js';
import { call, control, journal, records, started } from './twins.js';

interface Problem {
  type?: string;
  title: string;
  status: number;
  detail: string;
  errors?: { field: string; message: string }[];
}
interface Member {
  id: string;
  email_address: string;
  status: string;
  merge_fields: Record<string, unknown>;
  tags: { name: string }[];
}

const KEY = `Basic ${Buffer.from('anybody:twin-key-us1').toString('base64')}`;
const hash = (address: string) => createHash('md5').update(address.toLowerCase()).digest('hex');
const ADA = 'ada@example.com';
let twin: Twin;

function ask<Body = Problem>(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
) {
  return call<Body>(method, `${twin.url}/3.0/lists/twin-list${path}`, body, {
    Authorization: KEY,
    ...headers,
  });
}
const put = (address: string, more: object = {}) =>
  ask<Member & Problem>('PUT', `/members/${hash(address)}`, {
    email_address: address,
    status_if_new: 'subscribed',
    ...more,
  });

beforeAll(async () => {
  twin = await started(mailchimp());
});
beforeEach(async () => {
  await control(twin, 'DELETE', '');
  await control(twin, 'PUT', '/faults', { faults: [], limits: true });
});

describe('Mailchimp', () => {
  it('takes any user with the right key, as Basic or Bearer', async () => {
    const ping = async (authorization?: string) => {
      const headers: Record<string, string> =
        authorization === undefined ? {} : { Authorization: authorization };
      return (await call<Problem>('GET', `${twin.url}/3.0/ping`, undefined, headers)).body;
    };
    expect(await ping(KEY)).toEqual({ health_status: "Everything's Chimpy!" });
    expect(await ping('Bearer twin-key-us1')).toEqual({ health_status: "Everything's Chimpy!" });
    expect(await ping()).toMatchObject({ status: 401, title: 'API Key Missing' });
    expect(await ping('Basic YW55Ondyb25n')).toMatchObject({ status: 401, title: 'API Key Invalid' });
  });

  it('upserts a member by the hash of the address, merge fields with their types', async () => {
    const made = await put('Ada@Example.com', {
      merge_fields: { FNAME: 'Ada', FOYEREVTS: '2', FOYERREG: '03/01/2026', SHOESIZE: '44' },
    });
    expect(made).toMatchObject({
      status: 200,
      body: {
        id: hash(ADA),
        email_address: 'Ada@Example.com',
        status: 'subscribed',
        merge_fields: { FNAME: 'Ada', LNAME: '', FOYEREVTS: 2, FOYERREG: '2026-03-01' },
      },
    });
    expect(made.body.merge_fields).not.toHaveProperty('SHOESIZE');
    const again = await put(ADA, { status_if_new: 'unsubscribed', merge_fields: { FNAME: '', LNAME: 'L' } });
    expect(again.body).toMatchObject({
      status: 'subscribed',
      merge_fields: { FNAME: '', LNAME: 'L', FOYEREVTS: 2 },
    });
    expect(await records(twin, 'members')).toMatchObject([{ id: hash(ADA), key: ADA, writes: 2 }]);
    const { body } = await ask<Partial<Member>>('GET', `/members/${ADA}?fields=id,merge_fields.LNAME`);
    expect(body).toEqual({ id: hash(ADA), merge_fields: { LNAME: 'L' } });
  });

  it.each([
    [
      'a word for a number',
      { merge_fields: { FOYEREVTS: 'many' } },
      'Invalid Resource',
      { field: 'FOYEREVTS', message: 'Please enter a number' },
    ],
    [
      'a choice it does not have',
      { merge_fields: { FOYERSTAT: 'lost' } },
      'Invalid Resource',
      { field: 'FOYERSTAT' },
    ],
    ['no day', { merge_fields: { FOYERREG: 'soon' } }, 'Invalid Resource', { field: 'FOYERREG' }],
    [
      'no status for somebody new',
      { status_if_new: undefined },
      'Invalid Resource',
      { field: 'status_if_new' },
    ],
    ['a status it does not know', { status: 'happy' }, 'Invalid Resource', { field: 'status' }],
  ])('refuses %s with a problem document', async (_, more, title, fault) => {
    const reply = await put(ADA, more);
    expect(reply.headers.get('content-type')).toContain('application/problem+json');
    expect(reply).toMatchObject({ status: 400, body: { title, status: 400, errors: [fault] } });
    expect((await journal(twin)).map(({ key, outcome }) => [key, outcome])).toEqual([[ADA, 'rejected']]);
    expect(await records(twin, 'members')).toEqual([]);
  });

  it('refuses addresses that are none, look fake, are forgotten or must not be written to', async () => {
    const detail = async (address: string, more?: object) => {
      const { body } = await put(address, more);
      return `${body.title}: ${body.detail}`;
    };
    expect(await detail('ada')).toBe('Invalid Resource: Please provide a valid email address.');
    expect(await detail('x@mailinator.net')).toContain('looks fake or invalid');
    await put(ADA);
    await control(twin, 'PUT', `/records/members/${hash(ADA)}`, { fields: { status: 'cleaned' } });
    expect(await detail(ADA, { status: 'subscribed' })).toContain('Member In Compliance State');
    expect((await put(ADA, { merge_fields: { FNAME: 'A' } })).body.status).toBe('cleaned');
    await ask('POST', `/members/${hash(ADA)}/actions/delete-permanent`);
    expect(await detail(ADA)).toContain('Forgotten Email Not Subscribed');
  });

  it('archives, and takes the archived back as new', async () => {
    await put(ADA);
    const path = `/members/${hash(ADA)}`;
    expect((await ask('DELETE', path)).status).toBe(204);
    expect((await ask('DELETE', path)).status).toBe(405);
    expect((await ask<Member>('GET', path)).body.status).toBe('archived');
    expect((await put(ADA, { status_if_new: 'pending' })).body.status).toBe('pending');
    expect(await ask('PATCH', `/members/${hash('b@example.com')}`, {})).toMatchObject({
      status: 404,
      body: { title: 'Resource Not Found' },
    });
    const twice = await ask('POST', '/members', { email_address: ADA, status: 'subscribed' });
    // Recorded without a type.
    expect(twice.body).toEqual({
      title: 'Member Exists',
      status: 400,
      detail: expect.stringContaining(ADA) as string,
      instance: expect.any(String) as string,
    });
  });

  it('writes a batch, each record by itself', async () => {
    await put(ADA);
    const members = [
      { email_address: ADA, status: 'subscribed', merge_fields: { LNAME: 'L' } },
      { email_address: 'bob@example.com', status: 'subscribed' },
      { email_address: 'cy@example.com', status: 'subscribed', merge_fields: { FOYEREVTS: 'x' } },
    ];
    const without = await ask<Record<string, unknown>>('POST', '', { members });
    expect(without).toMatchObject({
      status: 200,
      body: {
        total_created: 1,
        total_updated: 0,
        error_count: 2,
        errors: [
          { email_address: ADA, error_code: 'ERROR_CONTACT_EXISTS' },
          {
            email_address: 'cy@example.com',
            error_code: 'ERROR_GENERIC',
            field: 'FOYEREVTS',
            field_message: 'Please enter a number',
          },
        ],
      },
    });
    const updating = await ask<Record<string, unknown>>('POST', '', {
      members: members.slice(0, 2),
      update_existing: true,
    });
    expect(updating.body).toMatchObject({ total_created: 0, total_updated: 2, error_count: 0 });
    expect((await journal(twin)).map(({ key, outcome }) => `${key} ${outcome}`)).toEqual([
      `${ADA} created`,
      `${ADA} rejected`,
      'bob@example.com created',
      'cy@example.com rejected',
      `${ADA} updated`,
      'bob@example.com updated',
    ]);
    const many = Array.from({ length: 501 }, (_, n) => ({
      email_address: `${n}@example.com`,
      status: 'subscribed',
    }));
    expect((await ask('POST', '', { members: many })).status).toBe(400);
  });

  it('keeps tags, and events as often as they are sent', async () => {
    await put(ADA);
    const path = `/members/${hash(ADA)}`;
    const tags = (name: string, status: string) => ask('POST', `${path}/tags`, { tags: [{ name, status }] });
    expect((await tags('Launch', 'active')).status).toBe(204);
    await tags('Other', 'active');
    await tags('Other', 'inactive');
    expect((await ask<Member>('GET', path)).body.tags.map(({ name }) => name)).toEqual(['Launch']);
    for (const _ of [1, 2])
      expect(
        (await ask('POST', `${path}/events`, { name: 'asked', properties: { session: 'Keynote' } })).status,
      ).toBe(204);
    expect((await ask('POST', `${path}/events`, { name: 'x' })).status).toBe(400);
    expect(await records(twin, 'events')).toHaveLength(2);
  });

  it('lets ten calls in at once, and says only that it was too many', async () => {
    await control(twin, 'PUT', '/faults', { faults: [{ kind: 'slow', rate: 1, delayMs: 200 }] });
    const replies = await Promise.all(Array.from({ length: 14 }, (_, n) => put(`${n}@example.com`)));
    const refused = replies.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThanOrEqual(4);
    expect(refused[0]!.body).toMatchObject({
      title: 'Too Many Requests',
      detail: 'You have exceeded the limit of 10 simultaneous connections.',
    });
    expect(refused[0]!.headers.has('retry-after')).toBe(false);
    await control(twin, 'PUT', '/faults', {
      faults: [
        { kind: 'status', rate: 1, status: 403, times: 1 },
        { kind: 'lie', rate: 1 },
      ],
    });
    expect((await put(ADA)).text).toContain('<h1>');
    expect((await put(ADA)).status).toBe(200);
    expect((await ask('GET', `/members/${hash(ADA)}`)).status).toBe(404);
  });

  it('is driven by its own client, unmodified', async () => {
    interface Client {
      basePath: string;
      setConfig: (config: object) => void;
      ping: { get: () => Promise<{ health_status: string }> };
      lists: Record<
        | 'setListMember'
        | 'getListMember'
        | 'batchListMembers'
        | 'updateListMember'
        | 'deleteListMember'
        | 'getListMergeFields',
        (...given: unknown[]) => Promise<unknown>
      >;
    }
    const client = createRequire(import.meta.url)('@mailchimp/mailchimp_marketing') as Client;
    client.basePath = `${twin.url}/3.0`;
    client.setConfig({ apiKey: 'twin-key-us1', server: 'us1' });
    expect((await client.ping.get()).health_status).toContain('Chimpy');
    const set = await client.lists.setListMember('twin-list', hash(ADA), {
      email_address: ADA,
      status_if_new: 'subscribed',
      merge_fields: { FNAME: 'Ada' },
    });
    expect(set).toMatchObject({ id: hash(ADA), status: 'subscribed' });
    const batch = await client.lists.batchListMembers('twin-list', {
      members: [{ email_address: ADA, status: 'subscribed' }],
      update_existing: true,
    });
    expect(batch).toMatchObject({ total_updated: 1 });
    await client.lists.updateListMember('twin-list', hash(ADA), { status: 'unsubscribed' });
    expect(await client.lists.getListMember('twin-list', hash(ADA))).toMatchObject({
      status: 'unsubscribed',
    });
    await client.lists.deleteListMember('twin-list', hash(ADA));
    expect(await client.lists.getListMergeFields('twin-list')).toMatchObject({ total_items: 11 });
    const refused = client.lists.setListMember('twin-list', hash('x'), {
      email_address: 'x',
      status_if_new: 'subscribed',
    });
    await expect(refused).rejects.toMatchObject({
      status: 400,
      response: { body: { title: 'Invalid Resource' } },
    });
  });
});
