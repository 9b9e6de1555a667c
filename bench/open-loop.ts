import { connect, type Socket } from 'node:net';
import { percentile } from './table.js';

const TICK_MS = 5;
/** After the last request was due, so long its answers are waited for. */
const PATIENCE_MS = 10_000;

export interface OpenLoad {
  readonly sent: number;
  /** Answered with a status of the 200s. */
  readonly good: number;
  readonly failed: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface Line {
  readonly socket: Socket;
  /** When the request under way was due; null where none is. */
  dueMs: number | null;
  text: string;
}

/**
 * Sends requests at a rate that does not mind how the answers come. What finds no free connection waits in here, and
 * its time counts from when it was due, so that a server that falls behind cannot hide it.
 */
export async function openLoop(
  url: string,
  perSecond: number,
  seconds: number,
  connections: number,
  requestText: string,
): Promise<OpenLoad> {
  const { hostname, port } = new URL(url);
  const took: number[] = [];
  let failed = 0;
  const due: number[] = [];
  let next = 0;
  const idle: Line[] = [];
  const send = (line: Line): void => {
    if (next >= due.length) return void idle.push(line);
    line.dueMs = due[next++]!;
    line.socket.write(requestText);
  };
  const lines = await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = await open(hostname, Number(port));
      const line: Line = { socket, dueMs: null, text: '' };
      socket.on('data', (chunk) => {
        line.text += chunk.toString('latin1');
        const status = statusOf(line.text);
        if (status === null) return;
        line.text = '';
        if (status >= 200 && status < 300) took.push(performance.now() - line.dueMs!);
        else failed++;
        line.dueMs = null;
        send(line);
      });
      idle.push(line);
      return line;
    }),
  );
  const began = performance.now();
  const total = perSecond * seconds;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const elapsed = performance.now() - began;
      const until = Math.min(total, Math.floor((elapsed * perSecond) / 1000));
      while (due.length < until) due.push(began + (due.length * 1000) / perSecond);
      while (idle.length > 0 && next < due.length) send(idle.pop()!);
      const isDone = took.length + failed >= total;
      if (!isDone && elapsed < seconds * 1000 + PATIENCE_MS) return;
      clearInterval(timer);
      resolve();
    }, TICK_MS);
  });
  const elapsedMs = performance.now() - began;
  for (const { socket } of lines) socket.destroy();
  return {
    sent: due.length,
    good: took.length,
    failed: due.length - took.length,
    perSecond: (took.length * 1000) / elapsedMs,
    p50Ms: percentile(took, 0.5),
    p99Ms: percentile(took, 0.99),
  };
}

/** Null until the whole answer is there. Its length is always told: no answer of ours is chunked. */
function statusOf(text: string): number | null {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
  return text.length < end + 4 + length ? null : Number(text.slice(9, 12));
}

function open(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });
}
