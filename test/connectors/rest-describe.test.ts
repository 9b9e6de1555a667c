import { describe, expect, test } from 'vitest';
import { DestinationSettingsError } from '../../src/connectors/settings.js';
import { declaredBackend, signal } from './declared-backend.js';
import { json } from './scripted-server.js';

const { server, declare, answer } = declaredBackend();

/** The fields of an object as an API of this kind tells them. */
const COLUMNS = [
  { api: 'email', kind: 'EMAIL', max: 120, mandatory: true, key: true },
  { api: 'name', kind: 'TEXT', max: 80 },
  { api: 'level', kind: 'ENUM', choices: [{ value: 'gold' }, { value: 'silver' }], closed: true },
  { api: 'tags', kind: 'ENUM', choices: [{ value: 1 }, { value: 'two' }], closed: false },
  { api: 'score', kind: 'NUM', max: 'many' },
  { api: 'made', kind: 'WHEN', fixed: true },
  { api: 'odd', kind: 'GEO' },
  { kind: 'TEXT' },
  null,
];

const fields = {
  url: '/schema/{{ object }}?in={{ values.tenant }}',
  results: 'body.columns',
  name: 'result.api',
  type: 'result.kind',
  types: { EMAIL: 'email', ENUM: 'picklist', NUM: 'double', WHEN: 'datetime' },
  length: 'result.max',
  required: 'result.mandatory',
  writable: '!has(result.fixed)',
  unique: 'result.key',
  values: 'result.choices.map(c, c.value)',
  restricted: 'result.closed',
};
const declared = (more: object = {}, of: object = {}) =>
  declare({ describe: { ...fields, ...more } }, { values: { tenant: 'acme' }, ...of });
const described = async (connector = declared()) => {
  const told = await connector.describe!('people', { signal });
  if (!told.ok) throw new Error(told.reason.message);
  return told.fields;
};

describe('A declared description', () => {
  test('tells each field in our words: its type, its length, what it demands and takes', async () => {
    answer(200, { columns: COLUMNS });
    expect(await described()).toEqual({
      email: { type: 'email', length: 120, required: true, unique: true },
      name: { type: 'string', length: 80 },
      level: { type: 'picklist', values: ['gold', 'silver'] },
      tags: { type: 'picklist', values: ['1', 'two'], restricted: false },
      score: { type: 'double' },
      made: { type: 'datetime', writable: false },
      odd: { type: 'string' },
    });
    expect(server.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /schema/people?in=acme',
    ]);
  });

  test('knows also what the backend does not tell, and knows it better', async () => {
    answer(200, { columns: COLUMNS });
    const also = {
      ref: { type: 'reference', unique: true },
      name: { required: true },
      level: { values: ['bronze'], restricted: false },
      note: {},
    };
    expect(await described(declared({ also }))).toMatchObject({
      ref: { type: 'reference', unique: true },
      name: { type: 'string', length: 80, required: true },
      level: { type: 'picklist', values: ['bronze'], restricted: false },
      note: { type: 'string' },
      email: { type: 'email' },
    });
  });

  test('reads a map of fields as well as a list of them', async () => {
    answer(200, { properties: { email: { kind: 'EMAIL' }, name: { kind: 'TEXT' } } });
    const ofMap = {
      results: 'body.properties.map(n, {"api": n, "kind": body.properties[n].kind})',
      values: undefined,
      restricted: undefined,
      writable: undefined,
    };
    expect(await described(declared(ofMap))).toEqual({ email: { type: 'email' }, name: { type: 'string' } });
  });

  test('may be asked for with a body and headers of its own', async () => {
    answer(200, { columns: COLUMNS });
    const posted = { method: 'POST', url: '/query', body: { of: '{{ object }}' }, headers: { 'X-Of': 'us' } };
    await described(declared(posted));
    expect(server.seen[0]).toMatchObject({
      method: 'POST',
      body: '{"of":"people"}',
      headers: { 'x-of': 'us' },
    });
  });

  test.each([
    ['another object', 404, { error: 'none' }],
    ['no list', 200, { rows: [] }],
    ['no field', 200, { columns: [] }],
    ['fields without a name', 200, { columns: [{ kind: 'TEXT' }] }],
  ])('of %s is a reason, and no metadata', async (_name, status, body) => {
    answer(status, body);
    const told = await declared().describe!('people', { signal });
    expect(told).toMatchObject({ ok: false, reason: { message: expect.stringMatching(/\S/) as string } });
  });

  test('of a page for people, of nobody and of a stranger is a reason too', async () => {
    server.script = (_, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Hi</p>');
    expect(await declared().describe!('people', { signal })).toMatchObject({ ok: false });
    server.script = (_request, _response, socket) => socket.destroy();
    expect(await declared().describe!('people', { signal })).toMatchObject({ ok: false });
    server.script = (_, response) => json(response, 401, {});
    expect(await declared().describe!('people', { signal })).toMatchObject({ ok: false });
  });

  test('says by the declaration’s own outcomes what a refusal means', async () => {
    answer(403, { error: 'scope' });
    const outcomes = [
      { when: 'status == 403', is: 'unauthorised', code: 'no-scope', message: 'Grant schema.read.' },
    ];
    expect(await declared({}, { outcomes }).describe!('people', { signal })).toMatchObject({
      ok: false,
      reason: { code: 'no-scope', message: 'Grant schema.read.' },
    });
  });

  test('is offered for the objects that declare it, and only where one does', async () => {
    expect(declared().describedObjects).toEqual(['people']);
    const write = { url: '/x/{{ key }}', id: 'body.id' };
    const two = declare({}, { objects: { people: { write, describe: fields }, places: { write } } });
    expect(two.describedObjects).toEqual(['people']);
    expect(await two.describe!('places', { signal })).toMatchObject({
      ok: false,
      reason: { code: 'unsupported-operation' },
    });
    expect(await two.describe!('toString', { signal })).toMatchObject({ ok: false });
    expect(declare({})).not.toHaveProperty('describe');
  });

  test.each([
    ['type without types', { types: undefined }, 'describe: gives type: it needs types'],
    ['types without type', { type: undefined }, 'describe.types: needs type'],
    [
      'values of no picklist',
      { types: { EMAIL: 'email' } },
      'describe.values: belongs to a picklist, and none of types is one',
    ],
    [
      'a type that is none of ours',
      { types: { ENUM: 'picklist', NUM: 'number' } },
      'describe.types.NUM: must be',
    ],
    ['a key that it does not have', { url: '/schema/{{ key }}' }, 'describe.url: unknown-name'],
  ])('with %s is refused', (_name, more, fault) => {
    let thrown: unknown;
    try {
      declared(more);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(DestinationSettingsError);
    expect((thrown as Error).message).toContain(`objects.people.${fault}`);
  });
});
