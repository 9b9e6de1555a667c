/**
 * The HTTP engine of all connectors. It turns one call into one of three results and never throws: never sent,
 * sent without an answer, answered. What an answer means is the connector's business; retries over time are the
 * pipeline's. Only what is safe is repeated here at once: calls that never left us, reads and token requests.
 */
import axios, { type AxiosAdapter, type AxiosError, type AxiosRequestConfig } from 'axios';
import axiosRetry from 'axios-retry';
import { setMaxListeners } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import {
  type Exchange,
  TransportError,
  type TransportFault,
  exchange,
  keepAliveAgents,
} from './http-transport.js';

const REPEATS_MAX = 2;
const REPEAT_DELAY_MS = 60;
const ANSWER_BYTES_MAX = 8 * 1024 * 1024;
const SOCKETS_MAX = 64;

export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  /** True for reads and token requests: repeated at once when the connection breaks before an answer. */
  readonly isRepeatable: boolean;
  readonly signal?: AbortSignal;
  /** Awaited before the request leaves, and before each repetition; a rejection means that nothing was sent. */
  readonly turn?: (() => Promise<void>) | undefined;
}

export type HttpResult =
  /** `body` is the parsed JSON; undefined where the answer is empty or no JSON (then `isReadable` is false). */
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly body: unknown;
      readonly isReadable: boolean;
      /** The answer as it came, for what is no JSON by intent: the parts of a batch, XML. */
      readonly bytes: Buffer;
    }
  | { readonly kind: 'neverSent'; readonly fault: TransportFault }
  | { readonly kind: 'unanswered'; readonly fault: TransportFault };

export type HttpAnswer = Extract<HttpResult, { kind: 'answered' }>;

export interface HttpEngineSettings {
  readonly callTimeoutMs: number;
  readonly answerBytesMax?: number;
  readonly socketsMax?: number;
  /** Asked for each address that a host's name leads to; absent: all may be reached. */
  readonly mayReach?: (address: string) => boolean;
}

export interface HttpEngine {
  call(call: HttpCall): Promise<HttpResult>;
}

/**
 * The call as our adapter gets it, past axios: what axios knows of a request it copies and looks through at every call,
 * which cost more than the request. So also its signal: axios replaces any error by its own once that is aborted, and
 * with it goes the knowledge of whether the request had been sent. A class, since of plain objects axios makes copies.
 */
class Outgoing {
  constructor(readonly call: HttpCall) {}
}

interface EngineConfig extends AxiosRequestConfig<undefined> {
  outgoing?: Outgoing;
}

/** Defaults of axios that mean nothing to our adapter. */
const UNUSED_DEFAULTS = [
  'headers',
  'transitional',
  'timeout',
  'xsrfCookieName',
  'xsrfHeaderName',
  'maxContentLength',
  'maxBodyLength',
  'env',
] as const;

export function createHttpEngine(settings: HttpEngineSettings): HttpEngine {
  const agents = keepAliveAgents(settings.socketsMax ?? SOCKETS_MAX, settings.mayReach);
  const answerBytesMax = settings.answerBytesMax ?? ANSWER_BYTES_MAX;

  const adapter: AxiosAdapter = async (config) => {
    const { call } = (config as EngineConfig).outgoing!;
    try {
      await turn(call.turn);
      const { method, url, headers, body, signal } = call;
      const timeoutMs = settings.callTimeoutMs;
      const data = await exchange({ method, url, headers, body, signal, timeoutMs, answerBytesMax }, agents);
      // The answer's own headers stay in `data`: axios would copy each into an object of its own.
      return { data, status: data.status, statusText: '', headers: {}, config };
    } catch (error) {
      throw Object.assign(error as TransportError, { config });
    }
  };

  // No default headers, no transforms, every status is an answer: what goes over the wire is what we wrote.
  const client = axios.create({
    adapter,
    transformRequest: [],
    transformResponse: [],
    validateStatus: null,
    maxRedirects: 0,
    proxy: false,
  });
  for (const name of UNUSED_DEFAULTS) Reflect.deleteProperty(client.defaults, name);
  axiosRetry(client, {
    retries: REPEATS_MAX,
    retryCondition: isSafeToRepeat,
    retryDelay: (count) => count * REPEAT_DELAY_MS,
  });

  return {
    async call(call) {
      try {
        // One signal may end hundreds of calls in flight; that many listeners are no leak.
        if (call.signal) setMaxListeners(0, call.signal);
        const config: EngineConfig = { outgoing: new Outgoing(call) };
        return answered((await client.request<Exchange>(config)).data);
      } catch (error) {
        return unanswered(error);
      }
    },
  };
}

/** Whoever hands out turns may end the wait; why, is its own business: nothing was sent. */
async function turn(wait: HttpCall['turn']): Promise<void> {
  try {
    await wait?.();
  } catch (error) {
    throw new TransportError('aborted', false, { cause: error });
  }
}

function isSafeToRepeat(error: AxiosError): boolean {
  if (!(error instanceof TransportError)) return false;
  if (error.fault === 'aborted' || error.fault === 'timeout' || error.fault === 'tls') return false;
  const isRepeatable = (error.config as EngineConfig | undefined)?.outgoing?.call.isRepeatable === true;
  return !error.isSent || (isRepeatable && error.fault === 'connection');
}

function answered(answer: Exchange): HttpAnswer {
  const { status, headers, bytes } = answer;
  try {
    const body = JSON.parse(bytes.toString('utf8')) as unknown;
    return { kind: 'answered', status, headers, body, isReadable: true, bytes };
  } catch {
    // An answer that is no JSON is a result like any other: a gateway's page, a cut connection, an empty 204.
    return { kind: 'answered', status, headers, body: undefined, isReadable: false, bytes };
  }
}

function unanswered(error: unknown): HttpResult {
  if (error instanceof TransportError) {
    return { kind: error.isSent ? 'unanswered' : 'neverSent', fault: error.fault };
  }
  // What fails before the transport runs was not sent: a URL or header that cannot be written.
  return { kind: 'neverSent', fault: 'refused' };
}
