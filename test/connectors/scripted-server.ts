import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach } from 'vitest';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export type Script = (request: Seen, response: http.ServerResponse, socket: Socket) => void;

export interface ScriptedServer {
  readonly baseUrl: string;
  readonly seen: Seen[];
  /** Replaced by each test. */
  script: Script;
}

/**
 * The fake at the network's edge: a real server that answers as the test says. One for all tests of the file or the
 * block that asks for it; before each, what was seen is forgotten.
 */
export function sharedServer(): ScriptedServer {
  const seen: Seen[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const call = { method: request.method!, path: request.url!, headers: request.headers, body };
      seen.push(call);
      scripted.script(call, response, request.socket);
    });
  });
  const scripted: ScriptedServer = {
    get baseUrl() {
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
    seen,
    script: (_, response) => response.writeHead(500).end(),
  };
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  beforeEach(() => {
    seen.length = 0;
  });
  return scripted;
}

export function json(
  response: http.ServerResponse,
  status: number,
  body: unknown,
  headers: http.OutgoingHttpHeaders = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
