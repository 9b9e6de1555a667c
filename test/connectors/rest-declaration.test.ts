import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { createConnector } from '../../src/connectors/registry.js';
import { loadDestinations } from '../../src/platform/config/destinations.js';

const folder = mkdtempSync(path.join(tmpdir(), 'foyer-declaration-'));
const file = path.join(folder, 'destinations.yaml');

const sound = `crm:
  connector: rest
  baseUrl: https://crm.example.com/api
  auth: { kind: basic, username: foyer, password: '\${CRM_PASSWORD}' }
  values: { tenant: acme }
  objects:
    people:
      write:
        method: PUT
        url: /{{ values.tenant }}/people/{{ key }}
        id: body.id
      read:
        url: /people/{{ key }}
        id: body.id
        missing: status == 404
      describe:
        url: /schema
        results: body.fields
        name: result.name
        type: result.type
        types: { number: double, choice: picklist }
        also:
          note: { type: string, length: 80 }
`;

/** The faults of a declaration, each as `line:column words`. */
function faultsOf(
  text: string,
  environment: Record<string, string> = { CRM_PASSWORD: 'p4ss-secret' },
): string[] {
  writeFileSync(file, text);
  const shown = path.relative('', file);
  try {
    for (const entry of loadDestinations(file, environment)) createConnector(entry);
    return [];
  } catch (error) {
    const { faults, message } = error as Error & { faults: string[] };
    expect(message).not.toContain('p4ss-secret');
    return faults.map((fault) => fault.replace(`${shown}:`, ''));
  }
}

describe('A declared backend is checked before anything is sent', () => {
  test('a sound declaration has no fault', () => {
    expect(faultsOf(sound)).toEqual([]);
  });

  test.each([
    [
      'method: PUT',
      'method: PUTT',
      '9:17 objects.people.write.method: must be one of GET, POST, PUT, PATCH, DELETE (did you mean PUT?)',
    ],
    [
      'id: body.id\n      read',
      'di: body.id\n      read',
      '11:13 objects.people.write.di: is no setting (did you mean id?)',
    ],
    [
      'people/{{ key }}\n        id',
      'people/{{ kye }}\n        id',
      '10:45 objects.people.write.url: unknown-name: there is no kye here',
    ],
    ['status == 404', 'status = 404', '15:25 objects.people.read.missing: expression: '],
    [
      'status == 404',
      'state == 404',
      '15:18 objects.people.read.missing: unknown-name: there is no state here',
    ],
    [
      'url: /{{',
      'url: https://elsewhere.example/{{',
      '10:14 objects.people.write.url: must be a path below baseUrl',
    ],
    ['  baseUrl: https://crm.example.com/api\n', '', '2:3 baseUrl: is missing'],
    ["'${CRM_PASSWORD}'", 'p4ss-secret', '4:51 auth.password: is a secret: write ${NAME} here'],
    [
      'kind: basic',
      'kind: digest',
      '4:17 auth.kind: must be one of none, basic, bearer, apiKey, oauth2, hmac',
    ],
    [
      'values: { tenant: acme }',
      'callTimeoutMs: soon',
      '5:18 callTimeoutMs: must be a whole number from 100 to 300000',
    ],
    [
      '        id: body.id\n      read',
      '      read',
      '9:9 objects.people.write: needs done or id: a status alone proves no write',
    ],
    [
      '        id: body.id\n      read',
      '        batch: { max: 10 }\n        results: body\n        id: result.id\n      read',
      '10:14 objects.people.write.url: reads key, and this call has only records',
    ],
    [
      '        id: body.id\n      read',
      '        id: body.id\n        batch: { max: 10 }\n        idempotencyHeader: X\n      read',
      '13:28 objects.people.write.idempotencyHeader: needs one record a call',
    ],
    [
      'id: body.id\n        missing',
      'id: body.id\n        max: 20\n        missing',
      'objects.people.read: reads several records a call: it needs results, of, and missing',
    ],
    [
      'choice: picklist',
      'choice: picklst',
      '21:42 objects.people.describe.types.choice: must be one of string, email, phone, int, double, bool, date, datetime, picklist, reference (did you mean picklist?)',
    ],
    ['name: result.name', 'nam: result.name', '19:14 objects.people.describe.nam: is no setting'],
    [
      'type: result.type',
      'type: reslut.type',
      '20:15 objects.people.describe.type: unknown-name: there is no reslut here',
    ],
    ['type: result.type\n', 'length: result.type\n', '21:16 objects.people.describe.types: needs type'],
    ['length: 80', 'length: long', '23:41 objects.people.describe.also.note.length: must be a whole number'],
  ])('%s → %s is named in its place', (from, to, fault) => {
    expect(sound).toContain(from);
    const faults = faultsOf(sound.replace(from, () => to));
    expect(
      faults.some((found) => found.startsWith(fault) || found.includes(` ${fault}`)),
      faults.join('\n'),
    ).toBe(true);
  });

  test('a secret that is not set is named by its variable', () => {
    expect(faultsOf(sound, {})).toEqual(['4:51 auth.password: is missing: set CRM_PASSWORD']);
  });

  test('all faults are told at once', () => {
    const text = sound
      .replace('PUT', 'PTU')
      .replace('status == 404', 'stat == 404')
      .replace('key }}', 'k }}');
    expect(faultsOf(text)).toHaveLength(3);
  });

  test('the settings of every other backend are named in their place too', () => {
    const text = 'hub:\n  connector: hubspot\n  baseUrl: not a url\n  token: ${HUB_TOKEN}\n';
    expect(faultsOf(text, { HUB_TOKEN: 'x' })[0]).toMatch(/^3:12 baseUrl/);
  });
});

test('the example in docs/rest-connector.md is sound', () => {
  const docs = readFileSync('docs/rest-connector.md', 'utf8');
  const example = /```yaml declaration\n(.*?)```/s.exec(docs)![1]!;
  expect(faultsOf(example, { CRM_CLIENT_SECRET: 'p4ss-secret' })).toEqual([]);
});

test('the description in docs/rest-connector.md is sound', () => {
  const docs = readFileSync('docs/rest-connector.md', 'utf8');
  const lines = /```yaml\n(describe:\n.*?)```/s.exec(docs)![1]!.trimEnd().split('\n');
  const described = lines.map((line) => `      ${line}\n`).join('');
  const from = sound.indexOf('      describe:');
  expect(from).toBeGreaterThan(0);
  expect(faultsOf(`${sound.slice(0, from)}${described}`)).toEqual([]);
  expect(faultsOf(`${sound.slice(0, from)}${described.replace('result.kind', 'reslut.kind')}`)).toHaveLength(
    1,
  );
});
