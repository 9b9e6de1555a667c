import { randomBytes } from 'node:crypto';
import type { Answer } from '../call.js';

const JSON_TYPE = { 'Content-Type': 'application/json;charset=UTF-8' };

/** Codes that mean that the call was not executed and may come again later. */
const THROTTLES = ['606', '607', '608', '615'];
const MESSAGES: Record<string, string> = {
  '600': 'Empty access token',
  '601': 'Access token invalid',
  '602': 'Access token expired',
  '604': 'Request timed out',
  '606': "Max rate limit '100' exceeded with in '20' secs",
  '607': "Daily API request quota '50000' reached",
  '608': 'API temporarily unavailable',
  '609': 'Invalid JSON',
  '610': 'Requested resource not found',
  '611': 'System error',
  '612': 'Invalid Content Type',
  '615': 'Concurrent access limit reached',
  '713': 'Transient error',
};

export interface Reasoned {
  code: string;
  message: string;
}

export function plain(status: number, body: unknown): Answer {
  return { status, headers: JSON_TYPE, body: JSON.stringify(body) };
}

/** Marketo answers 200 to nearly everything; what became of it stands inside. */
export function result(list: readonly unknown[], more: object = {}): Answer {
  return plain(200, { requestId: requestId(), result: list, success: true, ...more });
}

/** A call that was not executed. */
export function failure(code: string, message = MESSAGES[code] ?? 'Unknown error'): Answer {
  const body = { requestId: requestId(), success: false, errors: [{ code, message }] };
  const isThrottled = THROTTLES.includes(code);
  return { ...plain(200, body), isRefused: true, ...(isThrottled ? { isThrottled } : {}) };
}

function requestId(): string {
  const text = randomBytes(8).toString('hex');
  return `${text.slice(0, 4)}#1${text.slice(4, 14)}`;
}
