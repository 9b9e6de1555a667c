import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

export interface RecordingProxy {
  readonly url: string;
  readonly seen: readonly Seen[];
  stop(): void;
}

/** Stands before a twin and keeps what really went over the wire. */
export async function recordingProxy(target: () => string): Promise<RecordingProxy> {
  const seen: Seen[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      seen.push({ method: request.method ?? '', path: request.url ?? '', body: body.toString() });
      const { host: _host, ...headers } = request.headers;
      const onward = http.request(
        `${target()}${request.url}`,
        { method: request.method, headers },
        (answer) => {
          const parts: Buffer[] = [];
          answer.on('data', (part: Buffer) => parts.push(part));
          answer.on('end', () => {
            // The token's answer names the twin's own address; calls must come back through here.
            const text = Buffer.concat(parts).toString().replaceAll(target(), url);
            const { 'content-length': _length, ...rest } = answer.headers;
            response.writeHead(answer.statusCode ?? 502, rest).end(text);
          });
        },
      );
      onward.on('error', () => response.destroy());
      onward.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    seen,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
