/** Declared backends of each kind: one record a call, lists told by name, lines told by place. */
import type { Connector } from '../../src/connectors/connector.js';
import { createConnector } from '../../src/connectors/registry.js';
import type { Dialect } from './dialects.js';
import { type Script, type ScriptedServer, type Seen, json } from './scripted-server.js';

type Json = Record<string, unknown>;

const declared =
  (declaration: object) =>
  (server: Pick<ScriptedServer, 'baseUrl'>, settings: object = {}): Connector =>
    createConnector({
      name: 'declared',
      connector: 'rest',
      settings: {
        ...filled(declaration, server.baseUrl),
        baseUrl: server.baseUrl,
        callTimeoutMs: 400,
        ...settings,
      },
    });

function filled(declaration: object, baseUrl: string): object {
  return JSON.parse(JSON.stringify(declaration).replaceAll('$BASE', baseUrl)) as object;
}

const target = { object: 'people', operation: 'upsert' as const, keyField: 'email' };
const isPeople = (seen: Seen): boolean => seen.path.startsWith('/people') && seen.method !== 'GET';
const asObject = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};

const one: Dialect = {
  name: 'a declared backend, one record a call',
  target,
  most: 1,
  connector: declared({
    auth: { kind: 'bearer', token: 'pat-1' },
    objects: {
      people: {
        write: { method: 'PUT', url: '/people/{{ key }}', id: 'body.id', created: 'body.created' },
        read: { url: '/people/{{ key }}', id: 'body.id', missing: 'status == 404 && body.code == "none"' },
      },
    },
  }),
  around: (script) => script,
  isWrite: isPeople,
  keysOf: (write) => [decodeURIComponent(write.path.slice('/people/'.length))],
  success: (write) => [{ id: `id-${(JSON.parse(write.body) as { email: string }).email}`, created: true }],
  wrap: (results) => results[0] ?? {},
  confirms: (_write, answer, _key, id) => asObject(answer).id === id,
};

interface Sent {
  people: { email: string }[];
}

const list: Dialect = {
  name: 'a declared backend that is sent lists',
  target,
  connector: declared({
    auth: { kind: 'oauth2', tokenUrl: '$BASE/token', clientId: 'id', clientSecret: 'secret"' },
    objects: {
      people: {
        write: {
          url: '/people',
          batch: { max: 100 },
          body: { people: '{{ records }}' },
          results: ['body.results', 'body.errors'],
          of: { result: 'result.ref', record: 'key' },
          written: 'result.ok',
          id: 'result.id',
          created: 'result.created',
          message: 'result.message',
        },
        read: {
          method: 'POST',
          url: '/people/read',
          max: 100,
          body: { emails: '{{ keys }}' },
          results: 'body.results',
          of: { result: 'result.ref', record: 'key' },
          id: 'result.id',
          missing: '!has(body.next)',
        },
        outcomes: [{ when: 'result.code == "busy"', is: 'retry' }],
      },
    },
  }),
  around:
    (script: Script): Script =>
    (request, response, socket) =>
      request.path === '/token'
        ? json(response, 200, { access_token: 't-1', token_type: 'Bearer', expires_in: 3600 })
        : script(request, response, socket),
  isWrite: (seen) => isPeople(seen) && !seen.path.endsWith('/read'),
  keysOf: (write) => (JSON.parse(write.body) as Sent).people.map(({ email }) => email),
  success: (write) =>
    (JSON.parse(write.body) as Sent).people.map(({ email }) => ({
      ref: email,
      ok: true,
      id: `id-${email}`,
      created: true,
    })),
  wrap: (results, errors) => ({ results, ...(errors ? { errors } : {}) }),
  confirms(_write, answer, key, id) {
    const { results } = asObject(answer) as { results?: unknown };
    const ours = (Array.isArray(results) ? results : []).map(asObject).filter(({ ref }) => ref === key);
    return ours.length === 1 && ours[0]!.ok === true && ours[0]!.id === id;
  },
};

const lines: Dialect = {
  name: 'a declared backend that is sent lines',
  target,
  connector: declared({
    auth: { kind: 'apiKey', query: 'key', key: 'pat-1' },
    objects: {
      people: {
        write: {
          url: '/people',
          batch: { max: 100, as: 'ndjson' },
          record: { mail: '{{ key }}', first: '{{ record.firstname }}' },
          results: 'body',
          written: 'result.state == "done"',
          id: 'result.id',
          created: 'result.isNew',
        },
        read: { url: '/people/{{ key }}', id: 'body.id' },
      },
    },
  }),
  around: (script) => script,
  isWrite: isPeople,
  keysOf: (write) => linesOf(write).map(({ mail }) => mail),
  success: (write) => linesOf(write).map(({ mail }) => ({ state: 'done', id: `id-${mail}`, isNew: true })),
  wrap: (results) => results,
  confirms(write, answer, key, id) {
    const sent = linesOf(write);
    if (!Array.isArray(answer) || answer.length !== sent.length) return false;
    const result = asObject(answer[sent.findIndex(({ mail }) => mail === key)]);
    return result.state === 'done' && result.id === id;
  },
};

const linesOf = (write: Seen): { mail: string }[] =>
  write.body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { mail: string });

export const restDialects: readonly Dialect[] = [one, list, lines];
