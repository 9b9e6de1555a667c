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
  close(): Promise<void>;
}

/** The fake at the network's edge: a real server that answers as the test says. */
export async function scriptedServer(): Promise<ScriptedServer> {
  const { scripted, server } = unstarted();
  await listening(server);
  return scripted;
}

/** One for all tests of the file or the block that asks for it; before each, what was seen is forgotten. */
export function sharedServer(): ScriptedServer {
  const { scripted, server } = unstarted();
  beforeAll(() => listening(server));
  afterAll(() => scripted.close());
  beforeEach(() => {
    scripted.seen.length = 0;
  });
  return scripted;
}

function unstarted(): { scripted: ScriptedServer; server: http.Server } {
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
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return { scripted, server };
}

const listening = (server: http.Server): Promise<void> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

export function json(
  response: http.ServerResponse,
  status: number,
  body: unknown,
  headers: http.OutgoingHttpHeaders = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
