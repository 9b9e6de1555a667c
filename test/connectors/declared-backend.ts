/** A backend declared for a test, and the server that plays it. */
import { createConnector } from '../../src/connectors/registry.js';
import { person } from './dialects.js';
import { json, sharedServer } from './scripted-server.js';

export const signal = new AbortController().signal;
export const target = { object: 'people', operation: 'upsert' as const, keyField: 'email' };
export const write = { method: 'PUT', url: '/people/{{ key }}', id: 'body.id' };

/** One server for the tests of a file. */
export function declaredBackend() {
  const server = sharedServer();
  const declare = (people: object, more: object = {}) =>
    createConnector({
      name: 'declared',
      connector: 'rest',
      settings: {
        baseUrl: server.baseUrl,
        callTimeoutMs: 1_000,
        objects: { people: { write, ...people } },
        ...more,
      },
    });
  const answer = (status: number, body: unknown, headers = {}) => {
    server.script = (_, response) => json(response, status, body, headers);
  };
  const sendOne = async (connector = declare({}), record = person(0)) =>
    (await connector.send(target, [record], { signal })).outcomes[0]!;
  return { server, declare, answer, sendOne };
}
