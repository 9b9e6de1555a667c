// The client's models are classes without behaviour, and its documentation passes them as literals.

import { Client } from '@hubspot/api-client';
import { FilterOperatorEnum } from '@hubspot/api-client/lib/codegen/crm/contacts/index.js';
import {
  PropertyCreateFieldTypeEnum,
  PropertyCreateTypeEnum,
} from '@hubspot/api-client/lib/codegen/crm/properties/index.js';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Twin } from '../../sandbox/twin.js';
import { control, hubspotTwin, journal, records, TOKEN } from './twins.js';

const SEARCH_LAG_MS = 150;
let twin: Twin;
let contacts: Client['crm']['contacts'];
let properties: Client['crm']['properties'];

beforeAll(async () => {
  twin = await hubspotTwin({ searchLagMs: SEARCH_LAG_MS });
  const client = new Client({ accessToken: TOKEN, basePath: twin.url, numberOfApiCallRetries: 0 });
  contacts = client.crm.contacts;
  properties = client.crm.properties;
});

function upsertInput(email: string, more: Record<string, string> = {}, trace = email) {
  return { id: email, idProperty: 'email', objectWriteTraceId: trace, properties: { email, ...more } };
}

describe('HubSpot’s own client drives the twin unmodified', () => {
  it('creates on the first upsert and updates the same contact on the second', async () => {
    const first = await contacts.batchApi.upsert({
      inputs: [upsertInput('Ada@Example.com', { firstname: 'Ada' })],
    });
    const second = await contacts.batchApi.upsert({
      inputs: [upsertInput('ada@example.com', { lastname: 'Lovelace' })],
    });
    expect(first.results[0]).toMatchObject({ _new: true, properties: { email: 'ada@example.com' } });
    expect(second.results[0]).toMatchObject({ _new: false, id: first.results[0]!.id });
    const [stored] = await records(twin, 'contacts');
    expect(stored).toMatchObject({
      key: 'ada@example.com',
      writes: 2,
      fields: { email: 'ada@example.com', firstname: 'Ada', lastname: 'Lovelace' },
    });
  });

  it('names the failed inputs of an upsert by their trace id and writes the others', async () => {
    const inputs = [
      upsertInput('grace@example.com', {}, 'good'),
      upsertInput('not an address', {}, 'badEmail'),
      upsertInput('alan@example.com', { nickname: 'Al' }, 'badName'),
      upsertInput('kurt@example.com', { foyer_status: 'asleep' }, 'badOption'),
      upsertInput('edsger@example.com', { foyer_event_count: 'many' }, 'badNumber'),
    ];
    const answer = await contacts.batchApi.upsert({ inputs });
    const { results, errors, numErrors } = answer as typeof answer & {
      errors: { context: Record<string, string[]>; message: string }[];
      numErrors: number;
    };
    expect(results.map(({ properties: { email } }) => email)).toEqual(['grace@example.com']);
    expect(numErrors).toBe(4);
    const byTrace = new Map(errors.map(({ context, message }) => [context.objectWriteTraceId![0], message]));
    expect(byTrace.get('badEmail')).toContain('INVALID_EMAIL');
    expect(byTrace.get('badName')).toContain('PROPERTY_DOESNT_EXIST');
    expect(byTrace.get('badOption')).toContain('INVALID_OPTION');
    expect(byTrace.get('badNumber')).toContain('valid number');
  });

  it('upserts by a unique custom property and keeps e-mail addresses unique', async () => {
    const input = (id: string, email: string) => ({
      id,
      idProperty: 'foyer_person_id',
      objectWriteTraceId: id,
      properties: { email },
    });
    await contacts.batchApi.upsert({ inputs: [input('p-1', 'one@example.com')] });
    const answer = await contacts.batchApi.upsert({
      inputs: [input('p-2', 'one@example.com'), input('p-3', 'three@example.com')],
    });
    const { errors } = answer as typeof answer & { errors: { category: string; message: string }[] };
    expect(errors).toEqual([expect.objectContaining({ category: 'CONFLICT' })]);
    expect(errors[0]!.message).toContain('Contact already exists. Existing ID:');
  });

  it('refuses a batch with two inputs for one record', async () => {
    const inputs = [upsertInput('twice@example.com'), upsertInput('TWICE@example.com', {}, 'second')];
    await expect(contacts.batchApi.upsert({ inputs })).rejects.toMatchObject({ code: 400 });
    expect(
      (await journal(twin)).filter(({ key }) => key?.toLowerCase() === 'twice@example.com'),
    ).toMatchObject([
      { outcome: 'rejected', status: 400 },
      { outcome: 'rejected', status: 400 },
    ]);
  });

  it('refuses to upsert by a property that is not unique', async () => {
    const inputs = [{ id: 'Ada', idProperty: 'firstname', properties: {} }];
    await expect(contacts.batchApi.upsert({ inputs })).rejects.toMatchObject({
      code: 400,
      body: { message: 'Unable to perform update/upsert by non-unique 0-1 property' },
    });
  });

  it('reads a batch back and names what is missing', async () => {
    const answer = await contacts.batchApi.read({
      idProperty: 'email',
      properties: ['email', 'phone', 'no_such_property'],
      propertiesWithHistory: [],
      inputs: [{ id: 'ADA@example.com' }, { id: 'nobody@example.com' }],
    });
    const { errors } = answer as typeof answer & { errors: { context: Record<string, string[]> }[] };
    expect(answer.results).toHaveLength(1);
    expect(answer.results[0]!.properties).toMatchObject({ email: 'ada@example.com', phone: null });
    expect(answer.results[0]!.properties).not.toHaveProperty('no_such_property');
    expect(errors[0]!.context.ids).toEqual(['nobody@example.com']);
  });

  it('creates a batch all or nothing', async () => {
    const create = (...emails: string[]) =>
      contacts.batchApi.create({
        inputs: emails.map((email) => ({ properties: { email }, associations: [] })),
      });
    await create('batch1@example.com', 'batch2@example.com');
    await expect(create('batch3@example.com', 'batch1@example.com')).rejects.toMatchObject({
      code: 409,
      body: { category: 'CONFLICT' },
    });
    const emails = (await records(twin, 'contacts')).map(({ fields }) => fields.email);
    expect(emails).toContain('batch2@example.com');
    expect(emails).not.toContain('batch3@example.com');
  });

  it('creates, reads, updates, lists and archives one contact', async () => {
    const { basicApi } = contacts;
    const { id } = await basicApi.create({ properties: { email: 'single@example.com' }, associations: [] });
    await basicApi.update('single@example.com', { properties: { firstname: 'Solo' } }, 'email');
    expect((await basicApi.getById(id, ['firstname'])).properties).toMatchObject({ firstname: 'Solo' });
    const page = await basicApi.getPage(1);
    expect(page.results).toHaveLength(1);
    const next = await basicApi.getPage(1, page.paging!.next!.after);
    expect(next.results[0]!.id).not.toBe(page.results[0]!.id);
    await basicApi.archive(id);
    await expect(basicApi.getById(id)).rejects.toMatchObject({ code: 404 });
  });

  it('archives and updates batches', async () => {
    const { results } = await contacts.batchApi.create({
      inputs: [{ properties: { email: 'gone@example.com' }, associations: [] }],
    });
    const { id } = results[0]!;
    const updated = await contacts.batchApi.update({ inputs: [{ id, properties: { firstname: 'Soon' } }] });
    expect(updated.results[0]!.properties.firstname).toBe('Soon');
    await contacts.batchApi.archive({ inputs: [{ id }] });
    expect((await records(twin, 'contacts')).map((record) => record.id)).not.toContain(id);
  });

  it('finds a contact by search only after the index has caught up', async () => {
    const email = 'lagging@example.com';
    const search = () =>
      contacts.searchApi.doSearch({
        filterGroups: [
          { filters: [{ propertyName: 'email', operator: FilterOperatorEnum.Eq, value: email }] },
        ],
        properties: ['email'],
        limit: 5,
      });
    await contacts.basicApi.create({ properties: { email }, associations: [] });
    expect((await search()).total).toBe(0);
    await expect.poll(async () => (await search()).total, { timeout: 20 * SEARCH_LAG_MS }).toBe(1);
  });

  it('describes properties and takes new ones', async () => {
    const { coreApi } = properties;
    const before = await coreApi.getAll('contacts');
    expect(before.results.find(({ name }) => name === 'foyer_person_id')).toMatchObject({
      hasUniqueValue: true,
    });
    expect(
      before.results.find(({ name }) => name === 'foyer_status')!.options.map(({ value }) => value),
    ).toEqual(['registered', 'waitlisted', 'cancelled', 'withdrawn']);
    await coreApi.create('contacts', {
      name: 'badge_colour',
      label: 'Badge colour',
      groupName: 'contactinformation',
      type: PropertyCreateTypeEnum.String,
      fieldType: PropertyCreateFieldTypeEnum.Text,
    });
    await contacts.batchApi.upsert({ inputs: [upsertInput('ada@example.com', { badge_colour: 'teal' })] });
    expect((await records(twin, 'contacts'))[0]!.fields.badge_colour).toBe('teal');
  });

  it('stores text, clears with an empty value and prints instants without zero milliseconds', async () => {
    const email = 'values@example.com';
    const write = (more: Record<string, string>) =>
      contacts.batchApi.upsert({ inputs: [upsertInput(email, more)] });
    await write({ firstname: 'V', foyer_event_count: '2', foyer_registered_at: '2026-03-01T12:00:00+02:00' });
    await write({ firstname: '' });
    const stored = (await records(twin, 'contacts')).find(({ key }) => key === email)!;
    expect(stored.fields).toMatchObject({
      foyer_event_count: '2',
      foyer_registered_at: '2026-03-01T10:00:00Z',
    });
    expect(stored.fields).not.toHaveProperty('firstname');
  });

  it('is empty after DELETE /_twin', async () => {
    expect((await control(twin, 'DELETE', '')).status).toBe(204);
    expect(await journal(twin)).toEqual([]);
    expect(await records(twin, 'contacts')).toEqual([]);
  });
});
