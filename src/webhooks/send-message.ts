import { uuidv7 } from 'uuidv7';
import type { HttpEngine, HttpResult } from '../platform/http-client/http-engine.js';
import type { WebhookSettings } from '../platform/config/settings.js';
import type { Endpoint } from './endpoint.js';
import type { Message, MessageResult } from './messages.js';
import { signedHeaders } from './signature.js';

const GONE = 410;

/** Sends one message. A 2xx within the time-out is an acknowledgement; everything else is tried again, 410 excepted. */
export async function sendMessage(
  endpoint: Endpoint,
  message: Message,
  by: { http: HttpEngine; settings: WebhookSettings; now: () => Date; lost: AbortSignal },
): Promise<MessageResult> {
  const at = by.now();
  const body = messageBody(endpoint, message);
  const result = await by.http.call({
    method: 'POST',
    url: endpoint.url,
    headers: {
      'content-type': 'application/json',
      ...signedHeaders(messageId(endpoint, message), at, body, endpoint),
    },
    body,
    isRepeatable: false,
    signal: by.lost,
  });
  const status = result.kind === 'answered' ? result.status : null;
  const base = { message, attempt: uuidv7(), at, status };
  if (status !== null && status >= 200 && status < 300) {
    return { ...base, state: 'sent', reason: null, nextAttemptAt: null };
  }
  const isTooOld = at.getTime() - message.at.getTime() > by.settings.giveUpAfterMs;
  if (status === GONE || isTooOld) {
    return { ...base, state: 'rejected', reason: reasonOf(result), nextAttemptAt: null };
  }
  return {
    ...base,
    state: 'retrying',
    reason: reasonOf(result),
    nextAttemptAt: nextAttempt(at, message, by.settings),
  };
}

/** The same over attempts, workers and replays; without a dot, since dots part what is signed. */
export function messageId(endpoint: Pick<Endpoint, 'id'>, message: Pick<Message, 'seq'>): string {
  return `msg_${endpoint.id.replaceAll('-', '')}_${message.seq.replace('-', 't')}`;
}

/** Byte for byte the same whenever it is made. */
export function messageBody(endpoint: Pick<Endpoint, 'payload'>, message: Message): string {
  const { stream, version, sequence } = message;
  return JSON.stringify({
    type: message.topic,
    timestamp: message.at.toISOString(),
    data: { [stream]: recordOf(endpoint, message), version, sequence },
  });
}

/** The record as its stream tells it; what attendance and interactions say of themselves stands at the top. */
function recordOf({ payload }: Pick<Endpoint, 'payload'>, { stream, snapshot }: Message): unknown {
  if (stream !== 'attendance' && stream !== 'interaction') {
    return payload === 'thin' && stream === 'registration'
      ? { id: (snapshot as { id: string }).id }
      : snapshot;
  }
  const { [stream]: own, registration, ...rest } = snapshot as Record<string, { id: string }>;
  if (payload === 'thin') return { id: own!.id, registration: { id: registration!.id } };
  return { ...own, registration, ...rest };
}

function nextAttempt(at: Date, message: Message, settings: WebhookSettings): Date {
  const waitMs = Math.min(settings.retryFirstMs * 2 ** message.tries, settings.retryMaxMs);
  return new Date(at.getTime() + waitMs * (0.8 + 0.4 * Math.random()));
}

function reasonOf(result: HttpResult): string {
  if (result.kind === 'answered') return `the endpoint answered ${result.status}`;
  return result.kind === 'neverSent'
    ? `the endpoint was not reached: ${result.fault}`
    : `no answer: ${result.fault}`;
}
