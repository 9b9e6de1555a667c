import { beforeAll, describe, expect, it } from 'vitest';
import type { Twin } from '../../sandbox/twin.js';
import { call, hubspotCall, hubspotTwin, journal, records, TOKEN } from './twins.js';

const CONTACTS = '/crm/v3/objects/contacts';
let hub: Twin;
beforeAll(async () => {
  hub = await hubspotTwin();
});

describe('Bad input to HubSpot', () => {
  const upsert = `${CONTACTS}/batch/upsert`;
  const input = { id: 'a@example.com', idProperty: 'email', properties: {} };
  it.each([
    ['no JSON', upsert, '{"inputs":[', 400],
    ['no object', upsert, '[]', 400],
    ['no inputs', upsert, '{}', 400],
    ['inputs that are no list', upsert, '{"inputs":{}}', 400],
    ['an input that is no object', upsert, '{"inputs":[null]}', 400],
    ['an input without properties', upsert, '{"inputs":[{"id":"a"}]}', 400],
    [
      '101 inputs',
      upsert,
      JSON.stringify({
        inputs: Array.from({ length: 101 }, (_, n) => ({ ...input, id: `${n}@example.com` })),
      }),
      400,
    ],
    [
      'an object for a value',
      upsert,
      JSON.stringify({ inputs: [{ ...input, properties: { firstname: {} } }] }),
      400,
    ],
    ['an unknown idProperty', upsert, JSON.stringify({ inputs: [{ ...input, idProperty: 'nope' }] }), 400],
    [
      'a prototype’s name for a property',
      CONTACTS,
      '{"properties":{"__proto__":"x","constructor":"y"}}',
      400,
    ],
    ['a property that HubSpot keeps itself', CONTACTS, '{"properties":{"hs_object_id":"1"}}', 400],
    ['an unknown batch', `${CONTACTS}/batch/explode`, '{}', 404],
    ['an unknown object', '/crm/v3/objects/martians', '{}', 400],
    ['an unknown address', '/crm/v9/anything', '{}', 404],
    [
      'an unknown search operator',
      `${CONTACTS}/search`,
      '{"filterGroups":[{"filters":[{"propertyName":"email","operator":"SOUNDS","value":"a"}]}]}',
      400,
    ],
  ])('%s is refused', async (_, path, body, status) => {
    const answer = await hubspotCall(hub, 'POST', path, body);
    expect(answer.status).toBe(status);
    expect(await records(hub, 'contacts')).toEqual([]);
  });

  it('a body that is not announced as JSON is refused', async () => {
    const headers = { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'text/plain' };
    expect((await call('POST', `${hub.url}${CONTACTS}`, '{}', headers)).status).toBe(415);
  });

  it('a body of 20 MB is refused and the twin goes on', async () => {
    const answer = await hubspotCall(hub, 'POST', CONTACTS, {
      properties: { message: 'x'.repeat(20_000_000) },
    });
    expect(answer.status).toBe(413);
    expect((await hubspotCall(hub, 'GET', CONTACTS)).status).toBe(200);
  });

  it('NUL bytes, lone surrogates and long names come back as they were sent', async () => {
    const firstname = `\u0000 \ud800 ${'é'.repeat(10_000)}`;
    const made = await hubspotCall<{ id: string }>(hub, 'POST', CONTACTS, {
      properties: { email: 'odd@example.com', firstname },
    });
    const read = await hubspotCall<{ properties: { firstname: string } }>(
      hub,
      'GET',
      `${CONTACTS}/${made.body.id}`,
    );
    expect(read.body.properties.firstname).toBe(firstname);
    await hubspotCall(hub, 'DELETE', `${CONTACTS}/${made.body.id}`);
  });

  it('what is refused as a whole is in the journal, once for each record', async () => {
    const inputs = [input, { ...input, id: 'A@example.com' }];
    await hubspotCall(hub, 'POST', upsert, { inputs });
    expect((await journal(hub)).slice(-2).map(({ key, outcome }) => `${key} ${outcome}`)).toEqual([
      'a@example.com rejected',
      'A@example.com rejected',
    ]);
  });

  it('a stray percent sign in an address does no harm', async () => {
    expect((await hubspotCall(hub, 'GET', `${CONTACTS}/%zz`)).status).toBe(404);
    expect((await call('GET', `${hub.url}/_twin/records/%zz`)).status).toBe(404);
  });
});
