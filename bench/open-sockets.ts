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

export interface Request {
  readonly body: string;
  readonly key: string;
  /** Further ones, each with its line's end. */
  readonly headers?: string;
}

/** Connections to one address that stay open; a POST takes one that is free. */
export class OpenSockets {
  private constructor(
    private readonly head: string,
    private readonly address: { readonly host: string; readonly port: number },
    private readonly free: Socket[],
  ) {}

  static async to(url: string, connections: number): Promise<OpenSockets> {
    const { hostname: host, port, pathname } = new URL(url);
    const head = `POST ${pathname} HTTP/1.1\r\nhost: ${host}:${port}\r\ncontent-type: application/json\r\n`;
    const address = { host, port: Number(port) };
    const free = await Promise.all(Array.from({ length: connections }, () => open(address)));
    return new OpenSockets(head, address, free);
  }

  /** @returns the status */
  async post({ body, key, headers = '' }: Request): Promise<number> {
    const socket = this.free.pop() ?? (await open(this.address));
    const length = Buffer.byteLength(body);
    socket.write(`${this.head}idempotency-key: ${key}\r\n${headers}content-length: ${length}\r\n\r\n${body}`);
    const status = await answered(socket);
    this.free.push(socket);
    return status;
  }

  close(): void {
    for (const socket of this.free) socket.destroy();
  }
}

/** Keeps one POST under way on each of so many connections. */
export async function keepBusy(
  url: string,
  connections: number,
  seconds: number,
  next: () => Request,
): Promise<Load> {
  const sockets = await OpenSockets.to(url, connections);
  const began = performance.now();
  const until = began + seconds * 1000;
  const took: number[] = [];
  let failed = 0;
  const client = async (): Promise<void> => {
    while (performance.now() < until) {
      const request = next();
      const start = performance.now();
      const status = await sockets.post(request);
      took.push(performance.now() - start);
      if (status !== 201) failed += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, client));
  sockets.close();
  return loadOf(took, failed, performance.now() - began);
}

function open(address: { host: string; port: number }): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...address, noDelay: true }, () => resolve(socket));
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
