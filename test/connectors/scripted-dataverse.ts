/** A Dataverse that gives tokens and answers calls as a test says. */
import type { ServerResponse } from 'node:http';
import { beforeEach } from 'vitest';
import type { ObjectTarget } from '../../src/connectors/connector.js';
import { createConnector } from '../../src/connectors/registry.js';
import { json, sharedServer } from './scripted-server.js';

export const signal = new AbortController().signal;
export const contacts: ObjectTarget = { object: 'contacts', operation: 'upsert', keyField: 'foyer_personid' };
export const NOW = Date.parse('2026-02-03T20:00:00Z');
export const ID = 'aed2ae8b-3c94-eb11-b1ac-0022481c2c3f';

type Answer = (response: ServerResponse) => void;

/** One server for the tests of a file. */
export function scriptedDataverse() {
  const server = sharedServer();
  let answer: Answer;
  beforeEach(() => {
    server.script = (request, response) => {
      if (request.path === '/tenant/oauth2/v2.0/token')
        json(response, 200, {
          token_type: 'Bearer',
          expires_in: 3599,
          ext_expires_in: 3599,
          access_token: 'eyJ',
        });
      else answer(response);
    };
  });
  return {
    server,
    answerWith: (given: Answer) => void (answer = given),
    connector: () =>
      createConnector(
        {
          name: 'dynamics',
          connector: 'dataverse',
          settings: {
            baseUrl: server.baseUrl,
            loginUrl: server.baseUrl,
            tenantId: 'tenant',
            clientId: 'id',
            clientSecret: 'secret',
          },
        },
        { now: () => new Date(NOW) },
      ),
    calls: () => server.seen.filter(({ path }) => path.startsWith('/api/')),
  };
}

interface Part {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** With the line ends and the content ids that Dataverse writes. */
export const parts =
  (list: readonly Part[], status = 200) =>
  (response: ServerResponse) => {
    const boundary = 'batchresponse_1e2a';
    const text = list.map(({ status: code, headers = {}, body }) =>
      [
        `--${boundary}`,
        'Content-Type: application/http',
        'Content-Transfer-Encoding: binary',
        '',
        `HTTP/1.1 ${code} Whatever`,
        ...Object.entries({ 'OData-Version': '4.0', ...headers }).map(([name, value]) => `${name}: ${value}`),
        '',
        body === undefined ? '' : JSON.stringify(body),
      ].join('\r\n'),
    );
    response
      .writeHead(status, { 'content-type': `multipart/mixed; boundary=${boundary}` })
      .end([...text, `--${boundary}--`, ''].join('\r\n'));
  };

export const refusal = (code: string, message = 'no') => ({ error: { code, message } });
