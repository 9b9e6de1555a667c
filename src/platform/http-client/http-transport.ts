/**
 * One HTTP exchange over node:http, used as the adapter of axios in http-engine.ts. Axios' own adapter costs
 * twice the processor time per call and cannot say what matters most here: whether the request left us.
 */
import dns from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import type { LookupFunction, Socket } from 'node:net';

/** Sockets idle for longer are closed by us: most servers drop theirs after 5 s, and a race there reads as a loss. */
const IDLE_SOCKET_MS = 4_000;

export interface Exchange {
  readonly status: number;
  /** Names in lower case, as node:http gives them. */
  readonly headers: http.IncomingHttpHeaders;
  readonly bytes: Buffer;
}

export interface ExchangeRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string | undefined;
  readonly timeoutMs: number;
  readonly answerBytesMax: number;
  readonly signal: AbortSignal | undefined;
}

export type TransportFault =
  'refused' | 'dns' | 'tls' | 'connection' | 'timeout' | 'aborted' | 'answer-too-large';

/** Carries no URL, header or body: it may be logged. */
export class TransportError extends Error {
  constructor(
    readonly fault: TransportFault,
    /** False only where it is certain that no byte of the request left us. */
    readonly isSent: boolean,
    options?: ErrorOptions,
  ) {
    super(isSent ? `no answer: ${fault}` : `not sent: ${fault}`, options);
    this.name = 'TransportError';
  }
}

export interface Agents {
  readonly http: http.Agent;
  readonly https: https.Agent;
}

/** @param mayReach asked for each address that a host's name leads to, at each connection; absent: all may be reached */
export function keepAliveAgents(socketsMax: number, mayReach?: (address: string) => boolean): Agents {
  const options = {
    keepAlive: true,
    maxSockets: socketsMax,
    maxFreeSockets: socketsMax,
    timeout: IDLE_SOCKET_MS,
    ...(mayReach ? { lookup: lookupOnly(mayReach) } : {}),
  };
  return { http: new http.Agent(options), https: new https.Agent(options) };
}

/** A name that was harmless when it was checked may lead elsewhere by the time of the call: what counts is the address. */
function lookupOnly(mayReach: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    dns.lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const reachable = error ? [] : addresses.filter(({ address }) => mayReach(address));
      const first = reachable[0];
      if (!first)
        callback(error ?? Object.assign(new Error('no address may be reached'), { code: 'ENOTFOUND' }), '');
      else if (options.all) callback(null, reachable);
      else callback(null, first.address, first.family);
    });
  };
}

/**
 * Those whose connection was made, with TLS the handshake too. A request that waited until another one was done with its
 * socket is written to it at once, though `reusedSocket` says nothing of that and no event comes any more.
 */
const opened = new WeakSet<Socket>();

export function exchange(call: ExchangeRequest, agents: Agents): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    if (call.signal?.aborted) {
      reject(new TransportError('aborted', false));
      return;
    }
    let [isSent, isAnswered, isDone] = [false, false, false];
    const request = open(call, agents);

    const abort = (): void => fail(new TransportError('aborted', isSent));
    const deadline = setTimeout(() => fail(new TransportError('timeout', isSent)), call.timeoutMs);
    call.signal?.addEventListener('abort', abort, { once: true });
    const done = (): boolean => {
      if (isDone) return false;
      isDone = true;
      clearTimeout(deadline);
      call.signal?.removeEventListener('abort', abort);
      return true;
    };
    const fail = (error: TransportError): void => {
      if (!done()) return;
      request.destroy();
      reject(error);
    };

    request.on('socket', (socket) => {
      const isSecure = request.protocol === 'https:';
      // A socket that is open already: the request is written to it in the same tick.
      isSent = request.reusedSocket || opened.has(socket) || (!isSecure && !socket.connecting);
      if (isSent) return;
      socket.once(isSecure ? 'secureConnect' : 'connect', () => {
        opened.add(socket);
        isSent = true;
      });
    });
    request.on('error', (error: NodeJS.ErrnoException) => fail(failure(error, isSent)));
    request.on('close', () => {
      // Without an error where the answer is none: a switch to another protocol.
      if (!isAnswered && !isDone) fail(new TransportError('connection', isSent));
    });
    request.on('response', (response) => {
      isSent = true;
      isAnswered = true;
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > call.answerBytesMax) fail(new TransportError('answer-too-large', true));
        else chunks.push(chunk);
      });
      response.on('end', () => {
        if (!response.complete) fail(new TransportError('connection', true));
        else if (done())
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            bytes: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length),
          });
      });
      response.on('error', (error: NodeJS.ErrnoException) => fail(failure(error, true)));
      response.on('close', () => {
        // After every whole answer too: an error that nobody gets costs its stack.
        if (!isDone) fail(new TransportError('connection', true));
      });
    });
    request.end(call.body);
  });
}

function open(call: ExchangeRequest, agents: Agents): http.ClientRequest {
  const isSecure = call.url.startsWith('https:');
  const headers: Record<string, string | number> = { ...call.headers, 'accept-encoding': 'identity' };
  if (call.body !== undefined) headers['content-length'] = Buffer.byteLength(call.body);
  return isSecure
    ? https.request(call.url, { method: call.method, headers, agent: agents.https })
    : http.request(call.url, { method: call.method, headers, agent: agents.http });
}

const DNS_CODES = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'ENODATA']);

function failure(error: NodeJS.ErrnoException, isSent: boolean): TransportError {
  const code = error.code ?? '';
  const options = { cause: code };
  if (isSent) return new TransportError('connection', true, options);
  if (DNS_CODES.has(code)) return new TransportError('dns', false, options);
  if (error.syscall === 'connect') return new TransportError('refused', false, options);
  const isTls = /^(ERR_TLS|ERR_SSL|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/.test(code);
  return new TransportError(isTls ? 'tls' : 'refused', false, options);
}
