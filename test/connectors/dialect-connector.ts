import { createConnector } from '../../src/connectors/registry.js';
import type { Dialect } from './dialects.js';
import { json } from './scripted-server.js';

/** A connector of this kind that gives a call up soon; the rest of its settings by where the backend is. */
export const made =
  (connector: string, own: (baseUrl: string) => object): Dialect['connector'] =>
  ({ baseUrl }, settings = {}) =>
    createConnector({
      name: 'crm',
      connector,
      settings: { baseUrl, ...own(baseUrl), callTimeoutMs: 400, ...settings },
    });

/** Answers the calls for a token at this path. */
export const withToken =
  (path: string, token: (host: string) => object): Dialect['around'] =>
  (script) =>
  (request, response, socket) => {
    if (request.path !== path) script(request, response, socket);
    else json(response, 200, { access_token: 't-1', ...token(request.headers.host!) });
  };
