/** Every call that we make to Marketo, held against Adobe's own description of its API; the twin answers. */

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { beforeAll, describe, expect, test } from 'vitest';
import { marketo } from '../../sandbox/marketo/marketo.js';
import { createConnector } from '../../src/connectors/registry.js';
import { started } from '../sandbox/twins.js';
import { forward } from './forward.js';
import { type Seen, sharedServer } from './scripted-server.js';

const FOLDER = fileURLToPath(new URL('../../../shared/data/marketo/', import.meta.url));
const IS_THERE = existsSync(`${FOLDER}swagger-mapi.json`);
const signal = new AbortController().signal;

interface Parameter {
  name: string;
  in: 'query' | 'path' | 'body';
  required?: boolean;
  schema?: { $ref: string };
}
interface Swagger {
  paths: Record<string, Record<string, { parameters?: Parameter[] }>>;
  definitions: object;
}

/** Where it contradicts itself or Adobe's own examples: a name in braces, what only an answer has, a text as object. */
const ITS_OWN_FAULTS = [
  "post /rest/v1/programs/{programId}/members.json: /input/0 must have required property '{fieldApiName}'",
  "post /rest/v1/activities/external.json: /input/0 must have required property 'errors'",
  "post /rest/v1/activities/external.json: /input/0 must have required property 'id'",
  "post /rest/v1/activities/external.json: /input/0/attributes/0 must have required property 'name'",
  'post /rest/v1/activities/external.json: /input/0/attributes/0/value must be object',
];

const server = sharedServer();
beforeAll(async () => {
  const twin = await started(marketo());
  server.script = forward(twin.url);
});

describe.skipIf(!IS_THERE)('Adobe’s Swagger', () => {
  test('knows every call of ours, with its parameters and its body', async () => {
    const connector = createConnector({
      name: 'nurture',
      connector: 'marketo',
      settings: { baseUrl: server.baseUrl, clientId: 'twin-client', clientSecret: 'twin-secret' },
    });
    const record = (key: string, fields: Record<string, string | number>) => ({
      traceId: `t-${key.replaceAll(/\W/g, '-')}`,
      key,
      targetId: null,
      fields,
    });
    const leads = { object: 'leads', operation: 'upsert' as const, keyField: 'email' };
    const members = { object: 'program-members', operation: 'upsert' as const, keyField: 'membership' };
    const activities = { object: 'activity-100001', operation: 'append' as const, keyField: 'reference' };

    const people = [
      record('ada@example.com', { firstName: 'Ada' }),
      record('bob@example.com', { lastName: 'B' }),
    ];
    const { outcomes } = await connector.send(leads, people, { signal });
    const ids = outcomes.map((outcome) => (outcome.kind === 'written' ? outcome.targetId! : 'none'));
    const known = people.map((each, n) => ({ ...each, targetId: ids[n]! }));
    await connector.readBack(leads, known, ['firstName'], { signal });
    const member = record(`1044/${ids[0]!}`, { statusName: 'Registered', registrationCode: 'r-1' });
    const joined = await connector.send(members, [member], { signal });
    expect(joined.outcomes).toMatchObject([{ kind: 'written' }]);
    await connector.readBack(members, [member], ['statusName'], { signal });
    const asked = { leadId: ids[0]!, activityDate: '2026-06-01T10:00:00Z', primaryAttributeValue: 'asked' };
    await connector.send(activities, [record('i-1', { ...asked, session: 'Keynote' })], { signal });
    await connector.describe!('leads', { signal });
    await connector.remove!(leads, known, { signal });

    const seen = server.seen.map((call) => faultsOf(call));
    expect(seen.flatMap(({ faults }) => faults)).toEqual(ITS_OWN_FAULTS);
    expect([...new Set(seen.map(({ name }) => name))].sort()).toEqual([
      'get /rest/v1/leads.json',
      'get /rest/v1/leads/describe.json',
      'get /rest/v1/programs/{programId}/members.json',
      'post /identity/oauth/token',
      'post /rest/v1/activities/external.json',
      'post /rest/v1/leads.json',
      'post /rest/v1/leads/delete.json',
      'post /rest/v1/programs/{programId}/members.json',
      'post /rest/v1/programs/{programId}/members/status.json',
    ]);
  });
});

/** What the description finds wrong with one call; a read that is posted counts as the read. */
function faultsOf(call: Seen): { name: string; faults: string[] } {
  const url = new URL(call.path, server.baseUrl);
  const isPostedRead = url.searchParams.get('_method') === 'GET';
  const isForm = call.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  const given = isForm ? new URLSearchParams(call.body) : new URLSearchParams(url.searchParams);
  given.delete('_method');
  const swagger = read(url.pathname.startsWith('/identity') ? 'swagger-identity.json' : 'swagger-mapi.json');
  const path = Object.keys(swagger.paths).find((one) => isPath(one, url.pathname));
  const method = isPostedRead ? 'get' : call.method.toLowerCase();
  const name = `${method} ${path ?? url.pathname}`;
  const operation = path === undefined ? undefined : swagger.paths[path]![method];
  if (operation === undefined) return { name, faults: [`${name} is unknown`] };
  const parameters = operation.parameters ?? [];
  const queried = parameters.filter((one) => one.in === 'query');
  const unknown = [...given.keys()].filter((one) => !queried.some((parameter) => parameter.name === one));
  const missing = queried.filter((one) => one.required === true && !given.has(one.name));
  return {
    name,
    faults: [
      ...unknown.map((one) => `${name}: ${one} is no parameter`),
      ...missing.map((one) => `${name}: ${one.name} is missing`),
      ...bodyFaults(
        swagger,
        parameters.find((one) => one.in === 'body'),
        isForm ? '' : call.body,
      ).map((one) => `${name}: ${one}`),
    ],
  };
}

function bodyFaults({ definitions }: Swagger, parameter: Parameter | undefined, body: string): string[] {
  if (parameter === undefined) return body === '' ? [] : ['takes no body'];
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  const validate = ajv.compile({ ...parameter.schema, definitions });
  validate(JSON.parse(body));
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
}

function isPath(template: string, path: string): boolean {
  return new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path);
}

function read(file: string): Swagger {
  return JSON.parse(readFileSync(`${FOLDER}${file}`, 'utf8')) as Swagger;
}
