import { describe, expect, test } from 'vitest';
import { hubspotCanonical } from '../../src/connectors/hubspot-canonical.js';
import { dialects } from './dialects.js';
import { json, sharedServer } from './scripted-server.js';

const signal = new AbortController().signal;
const dialect = dialects[0]!;

const server = sharedServer();

describe('reading back', () => {
  const read = (body: unknown, asked: { key: string; targetId: string | null }[], status = 200) => {
    server.script = (_, response) => json(response, status, body);
    return dialect.connector(server).readBack(dialect.target, asked, ['firstname'], { signal });
  };
  const object = (id: string, email: string) => ({
    id,
    properties: { email, firstname: 'Ada', hs_object_id: id },
  });

  test('asks for exactly the fields and the key', async () => {
    await read({ status: 'COMPLETE', results: [] }, [{ key: 'a@example.com', targetId: '1' }]);
    expect(JSON.parse(server.seen[0]!.body)).toEqual({
      inputs: [{ id: '1' }],
      properties: ['email', 'firstname'],
    });
  });

  test('results in another order find their records, whatever the case of the key', async () => {
    const body = { results: [object('2', 'b@example.com'), object('1', 'a@example.com')] };
    const { records } = await read(body, [
      { key: 'A@Example.com', targetId: null },
      { key: 'B@example.com', targetId: null },
    ]);
    expect(records.map((record) => record?.targetId)).toEqual(['1', '2']);
  });

  test('a record merged into another is found by its key', async () => {
    const { records } = await read({ results: [object('99', 'a@example.com')] }, [
      { key: 'a@example.com', targetId: '1' },
    ]);
    expect(records[0]?.targetId).toBe('99');
  });

  test('"not found" proves absence, another error does not', async () => {
    const asked = [
      { key: 'a@example.com', targetId: null },
      { key: 'b@example.com', targetId: null },
    ];
    const answer = (category: string) => ({
      results: [object('1', 'a@example.com')],
      errors: [{ category, message: 'x' }],
    });
    expect((await read(answer('OBJECT_NOT_FOUND'), asked, 207)).records).toEqual([expect.anything(), null]);
    const unsure = await read(answer('INTERNAL_ERROR'), asked, 207);
    expect(unsure.records[1]).toBeUndefined();
    expect(unsure.failure).toBeDefined();
  });
});

test.each([
  ['firstname', '', null],
  ['firstname', null, null],
  ['firstname', undefined, null],
  ['firstname', ' Ada ', ' Ada '],
  ['email', 'Ada@Example.COM', 'ada@example.com'],
  ['optin', true, 'true'],
  ['optin', 'false', 'false'],
  ['count', 5, '5'],
  ['count', '5.50', '5.5'],
  ['count', 10, '10'],
  ['count', '10.00', '10'],
  ['zip', '01234', '01234'],
  ['at', 1767225600123, '2026-01-01T00:00:00.123Z'],
  ['at', '2026-01-01T01:00:00.123+01:00', '2026-01-01T00:00:00.123Z'],
  ['day', '2026-01-01T00:00:00Z', '2026-01-01'],
  ['day', '2026-01-01', '2026-01-01'],
])('HubSpot holds %s = %j as %j', (field, value, stored) => {
  expect(hubspotCanonical(field, value)).toBe(stored);
});
