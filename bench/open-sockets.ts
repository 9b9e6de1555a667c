/**
 * A load generator that costs little: it shares the machine with what it measures, and node:http or autocannon with a
 * body of its own for each request take several times the processor time of a bare socket.
 */
import { connect, type Socket } from 'node:net';
import { percentile } from './table.js';

export interface Load {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Requests that were answered with anything but 201. */
  readonly failed: number;
}

/** The figures of requests that took so many milliseconds each. */
export function loadOf(tookMs: readonly number[], failed: number, elapsedMs: number): Load {
  return {
    perSecond: ((tookMs.length - failed) * 1000) / elapsedMs,
    p50Ms: percentile(tookMs, 0.5),
    p99Ms: percentile(tookMs, 0.99),
    failed,
  };
}

/** Keeps one POST under way on each of so many connections, which stay open. */
export async function keepBusy(
  url: string,
  connections: number,
  seconds: number,
  next: () => { readonly body: string; readonly key: string },
): Promise<Load> {
  const { hostname, port, pathname } = new URL(url);
  const head = `POST ${pathname} HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\n`;
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(hostname, Number(port))));
  const began = performance.now();
  const until = began + seconds * 1000;
  const took: number[] = [];
  let failed = 0;
  await Promise.all(
    sockets.map(async (socket) => {
      while (performance.now() < until) {
        const { body, key } = next();
        const start = performance.now();
        socket.write(
          `${head}idempotency-key: ${key}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
        );
        const status = await answered(socket);
        took.push(performance.now() - start);
        if (status !== 201) failed += 1;
      }
    }),
  );
  for (const socket of sockets) socket.destroy();
  return loadOf(took, failed, performance.now() - began);
}

function open(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });
}

/** @returns the status, when the whole answer is there. Its length is always told: no answer of ours is chunked. */
function answered(socket: Socket): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = '';
    const read = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (text.length < end + 4 + length) return;
      socket.off('data', read);
      socket.off('close', closed);
      resolve(Number(text.slice(9, 12)));
    };
    const closed = (): void => reject(new Error('a connection was closed before the answer'));
    socket.on('data', read);
    socket.once('close', closed);
  });
}
