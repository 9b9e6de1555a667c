import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net, { type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpEngine, type HttpCall } from '../../src/platform/http-client/http-engine.js';
import { exchange, keepAliveAgents } from '../../src/platform/http-client/http-transport.js';
import { loopbackCertificate } from '../support/certificate.js';
import { waitFor } from '../support/wait-for.js';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}';
const CUT = 'HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"id"';
const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n';

const WRITE = { method: 'POST', headers: {}, body: '{}', isRepeatable: false } as const;
const READ = { method: 'GET', headers: {}, isRepeatable: true } as const;
const ended = { kind: 'neverSent', fault: 'aborted' };
const broken = { kind: 'unanswered', fault: 'connection' };

const endings: (() => void)[] = [];
afterEach(() => {
  for (const end of endings.splice(0)) end();
});

async function listening(server: net.Server): Promise<number> {
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => socket.destroy());
    endings.push(() => socket.destroy());
  });
  endings.push(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as net.AddressInfo).port;
}

/** What another host does with its connections, which a server of HTTP would not let a test do. */
async function peer(answer: (socket: Socket, nth: number) => void) {
  const seen = { url: '', sockets: [] as Socket[], requests: [] as string[] };
  const server = net.createServer((socket) => {
    seen.sockets.push(socket);
    socket.on('data', (bytes) => {
      seen.requests.push(bytes.toString());
      answer(socket, seen.requests.length);
    });
  });
  seen.url = `http://127.0.0.1:${await listening(server)}/`;
  return seen;
}

async function arrived(requests: readonly string[], many: number): Promise<void> {
  await waitFor(
    () => requests.length,
    (length) => length >= many,
  );
}

/** Whether it was ended in order or by a reset. */
async function closed(socket: Socket): Promise<void> {
  await waitFor(
    () => socket.closed,
    (isClosed) => isClosed,
  );
}

const engine = (settings: { callTimeoutMs?: number; socketsMax?: number } = {}) =>
  createHttpEngine({ callTimeoutMs: 10_000, ...settings });

function counted(call: Omit<HttpCall, 'turn'>): HttpCall & { readonly turns: number } {
  const counting = {
    ...call,
    turns: 0,
    turn: () => {
      counting.turns += 1;
      return Promise.resolve();
    },
  };
  return counting;
}

describe('A call that is ended before it left sent nothing', () => {
  it('while it waited for its turn', async () => {
    const { url, sockets } = await peer((socket) => socket.write(OK));
    const ending = new AbortController();
    const turn = (): Promise<void> => {
      ending.abort();
      return Promise.resolve();
    };
    expect(await engine().call({ ...WRITE, url, signal: ending.signal, turn })).toEqual(ended);
    expect(sockets).toHaveLength(0);
  });

  it('while it waited for a connection, and its time ended there too', async () => {
    const { url, sockets, requests } = await peer(() => undefined);
    const one = engine({ socketsMax: 1 });
    const first = one.call({ ...WRITE, url });
    const ending = new AbortController();
    const second = one.call({ ...WRITE, url, signal: ending.signal });
    await arrived(requests, 1);
    ending.abort();
    expect(await second).toEqual(ended);
    sockets[0]!.write(OK);
    expect(await first).toMatchObject({ kind: 'answered' });
    const third = one.call({ ...WRITE, url });
    await arrived(requests, 2);
    sockets[0]!.write(OK);
    expect(await third).toMatchObject({ kind: 'answered' });
    expect(requests).toHaveLength(2);

    const agents = keepAliveAgents(1);
    const send = (timeoutMs: number, signal?: AbortSignal) =>
      exchange({ ...WRITE, url, timeoutMs, answerBytesMax: 100, signal }, agents);
    const holding = new AbortController();
    const held = send(10_000, holding.signal);
    await expect(send(100)).rejects.toMatchObject({ isSent: false, fault: 'timeout' });
    await arrived(requests, 3);
    holding.abort();
    await expect(held).rejects.toMatchObject({ isSent: true, fault: 'aborted' });
    expect(requests).toHaveLength(3);
  });

  it('while its connection was being secured', async () => {
    const silent = await peer(() => undefined);
    const url = silent.url.replace('http:', 'https:');
    const ending = new AbortController();
    const call = engine().call({ ...WRITE, url, signal: ending.signal });
    await arrived(silent.requests, 1);
    ending.abort();
    expect(await call).toEqual(ended);
    const timedOut = await engine({ callTimeoutMs: 100 }).call({ ...WRITE, url });
    expect(timedOut).toEqual({ kind: 'neverSent', fault: 'timeout' });
  });
});

describe('A call that is ended while its answer drips in', () => {
  it("is unanswered, and what comes late is nobody else's answer", async () => {
    const { url, sockets } = await peer((socket, nth) => socket.write(nth === 1 ? CUT : OK));
    const ending = new AbortController();
    const http = engine();
    const call = http.call({ ...WRITE, url, signal: ending.signal });
    await waitFor(
      () => sockets[0]?.bytesWritten,
      (bytes) => bytes === CUT.length,
    );
    ending.abort();
    expect(await call).toEqual({ kind: 'unanswered', fault: 'aborted' });
    await closed(sockets[0]!);
    expect(await http.call({ ...WRITE, url })).toMatchObject({ kind: 'answered', body: {} });
    expect(sockets).toHaveLength(2);
  });
});

describe('A connection that breaks', () => {
  it.each<[string, (socket: Socket) => void]>([
    ['before the answer', (socket) => socket.resetAndDestroy()],
    ['within its head', (socket) => socket.end('HTTP/1.1 200')],
    ['within its body', (socket) => socket.end(CUT)],
    ['within its body, reset', (socket) => socket.write(CUT, () => socket.resetAndDestroy())],
    ['by another protocol', (socket) => socket.write(SWITCHING)],
  ])('%s leaves a write unanswered, sent once, and a read is repeated', async (_, cut) => {
    const { url, requests } = await peer((socket, nth) => {
      if (nth < 4) cut(socket);
      else socket.write(OK);
    });
    const write = counted({ ...WRITE, url });
    expect(await engine().call(write)).toEqual(broken);
    expect([requests.length, write.turns]).toEqual([1, 1]);
    const read = counted({ ...READ, url });
    expect(await engine().call(read)).toMatchObject({ kind: 'answered', body: {} });
    expect([requests.length, read.turns]).toEqual([4, 3]);
  });

  it('at every try leaves a read unanswered too, after three', async () => {
    const { url, requests } = await peer((socket) => socket.resetAndDestroy());
    expect(await engine().call({ ...READ, url })).toEqual(broken);
    expect(requests).toHaveLength(3);
  });

  it('under the next call has it repeated only where that is safe', async () => {
    const { url, requests, sockets } = await peer((socket, nth) => {
      if (nth === 2 || nth === 4) socket.resetAndDestroy();
      else socket.write(OK);
    });
    const http = engine();
    const kinds = [];
    for (const call of [WRITE, WRITE, READ, READ]) kinds.push((await http.call({ ...call, url })).kind);
    expect(kinds).toEqual(['answered', 'unanswered', 'answered', 'answered']);
    expect([requests.length, sockets.length]).toEqual([5, 3]);
  });

  it('while nobody used it is not used again', async () => {
    const { url, requests, sockets } = await peer((socket) => socket.write(OK));
    const http = engine();
    await http.call({ ...WRITE, url });
    sockets[0]!.end();
    await closed(sockets[0]!);
    expect(await http.call({ ...WRITE, url })).toMatchObject({ kind: 'answered' });
    expect([requests.length, sockets.length]).toEqual([2, 2]);
  });
});

describe('Over TLS', () => {
  it('a certificate that nobody vouches for is not spoken to, and not tried again', async () => {
    let [calls, connections] = [0, 0];
    const server = https.createServer(loopbackCertificate(), () => (calls += 1));
    server.on('connection', () => (connections += 1));
    const url = `https://127.0.0.1:${await listening(server)}/`;
    expect(await engine().call({ ...READ, url })).toEqual({ kind: 'neverSent', fault: 'tls' });
    expect([calls, connections]).toEqual([0, 1]);
  });

  it('a connection that breaks while it is being secured is tried again, for a write too', async () => {
    const { url, sockets } = await peer((socket) => socket.resetAndDestroy());
    const result = await engine().call({ ...WRITE, url: url.replace('http:', 'https:') });
    expect(result).toMatchObject({ kind: 'neverSent' });
    expect(sockets).toHaveLength(3);
  });

  it('a write that waited for the connection of another one has left us all the same', async () => {
    const certificate = loopbackCertificate();
    const seen: string[] = [];
    const server = https.createServer(certificate, (request, response) => {
      seen.push(request.url!);
      if (request.url === '/breaks') request.socket.destroy();
      else if (request.url === '/answers') response.end('{}');
    });
    const host = `https://127.0.0.1:${await listening(server)}`;
    const agents = {
      http: new http.Agent(),
      https: new https.Agent({ keepAlive: true, maxSockets: 1, ca: certificate.cert }),
    };
    const send = (path: string, signal?: AbortSignal) =>
      exchange({ ...WRITE, url: host + path, timeoutMs: 10_000, answerBytesMax: 100, signal }, agents);
    const [first, second] = [send('/answers'), send('/breaks')];
    expect(await first).toMatchObject({ status: 200 });
    await expect(second).rejects.toMatchObject({ isSent: true, fault: 'connection' });
    const ending = new AbortController();
    const [third, fourth] = [send('/answers'), send('/is-silent', ending.signal)];
    expect(await third).toMatchObject({ status: 200 });
    await arrived(seen, 4);
    ending.abort();
    await expect(fourth).rejects.toMatchObject({ isSent: true, fault: 'aborted' });
    expect(seen).toEqual(['/answers', '/breaks', '/answers', '/is-silent']);
    agents.https.destroy();
  });
});
