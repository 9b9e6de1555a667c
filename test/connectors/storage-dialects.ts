/** Storage in the contract suite: a bucket answers the object that was put with its tag, and nothing else. */
import { createHash } from 'node:crypto';
import { createConnector } from '../../src/connectors/registry.js';
import type { Dialect } from './dialects.js';
import type { Seen } from './scripted-server.js';

const nameOf = (write: Seen): string => decodeURIComponent(write.path).replace('/foyer-drops/', '');
const tagOf = (body: string): string => createHash('md5').update(body).digest('hex');

function dialect(format: 'csv' | 'ndjson', keysOf: Dialect['keysOf']): Dialect {
  return {
    name: `storage, ${format}`,
    target: { object: 'people', operation: 'upsert', keyField: 'email' },
    connector: ({ baseUrl }, settings = {}) =>
      createConnector({
        name: 'drops',
        connector: 'storage',
        settings: {
          endpoint: baseUrl,
          bucket: 'foyer-drops',
          accessKeyId: 'id',
          secretAccessKey: 'secret',
          format,
          callTimeoutMs: 400,
          ...settings,
        },
      }),
    around: (script) => (request, response, socket) => {
      if (!request.path.includes('/_manifests/')) script(request, response, socket);
      else response.writeHead(200, { etag: `"${tagOf(request.body)}"` }).end();
    },
    isWrite: ({ method, path }) => method === 'PUT' && !path.includes('/_manifests/'),
    keysOf,
    success: (write) => [{ id: tagOf(write.body) }],
    wrap: ([result]) => result ?? null,
    wire: {
      type: 'application/xml',
      encode: (answer) => JSON.stringify(answer),
      decode: (text) => JSON.parse(text) as unknown,
      headers: (text): Record<string, string> => {
        const id = /^\{.*"id":"([0-9a-f]{32})".*\}$/.exec(text)?.[1];
        return id === undefined ? {} : { etag: `"${id}"` };
      },
    },
    written: (_key, write) => ({ kind: 'written', targetId: nameOf(write), created: null }),
    confirms: (write, answer, _key, id) =>
      (answer as { id?: unknown } | null)?.id === tagOf(write.body) && id === nameOf(write),
  };
}

export const storageDialects: readonly Dialect[] = [
  dialect('csv', ({ body }) => [...body.matchAll(/person\d+@example\.com/g)].map(([key]) => key)),
  dialect('ndjson', ({ body }) =>
    body
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { email: string }).email),
  ),
];
