import type { IncomingHttpHeaders } from 'node:http';
import type { Outcome, Reason } from './connector.js';
import type { HttpAnswer, HttpResult } from '../platform/http-client/http-engine.js';
import type { TransportFault } from '../platform/http-client/http-transport.js';

/** An outcome that says why a record was not written. */
export type Failure = Exclude<Outcome, { kind: 'written' | 'unchanged' }>;

const NOT_SENT: Record<TransportFault, string> = {
  refused: 'The backend did not accept the connection: check its address and that it is up.',
  dns: 'The name of the backend was not found: check the base URL and the name servers.',
  tls: 'No trusted TLS connection could be made: check the base URL and the certificate.',
  connection: 'The connection broke before anything was sent.',
  timeout: 'No connection was made within the time allowed.',
  aborted: 'The call was ended before it was sent.',
  'answer-too-large': 'The answer was larger than allowed.',
};

const NO_ANSWER: Record<TransportFault, string> = {
  ...NOT_SENT,
  connection: 'The connection broke after sending: the write may or may not have happened.',
  timeout: 'The backend did not answer in time: the write may or may not have happened.',
  aborted: 'The call was ended before the answer came: the write may or may not have happened.',
  'answer-too-large': 'The answer was larger than allowed and was not read: the write may have happened.',
};

/** What a call without an answer means for each of its records. */
export function withoutAnswer(result: Exclude<HttpResult, HttpAnswer>): Failure {
  const isSent = result.kind === 'unanswered';
  const message = (isSent ? NO_ANSWER : NOT_SENT)[result.fault];
  const reason: Reason = {
    code: result.fault,
    message,
    owner: result.fault === 'aborted' ? 'foyer' : 'backend',
  };
  return isSent ? { kind: 'unanswered', reason } : { kind: 'retry', afterMs: null, reason };
}

export function unanswered(code: string, message: string, status: number): Failure {
  return { kind: 'unanswered', reason: { code, message, owner: 'backend', status } };
}

export const unreadable = (status: number): Failure =>
  unanswered(
    'unreadable-answer',
    'The answer could not be read, so it does not tell what was written.',
    status,
  );

export const unconfirmed = (status: number): Failure =>
  unanswered('unconfirmed', 'The answer does not say what became of this record.', status);

/** A failure by HTTP status alone: where the body tells nothing that we know. */
export function byStatus(status: number, code: string | null, message: string | null): Failure {
  const reason = (owner: Reason['owner'], fallbackCode: string, sentence: string): Reason => ({
    code: code ?? fallbackCode,
    message: message ?? sentence,
    owner,
    status,
  });
  if (status >= 300 && status < 400)
    return {
      kind: 'retry',
      afterMs: null,
      reason: reason(
        'backend',
        'redirected',
        'The backend redirects elsewhere: set its base URL to the final address.',
      ),
    };
  // Whoever answers for a backend that did not answer in time cannot know whether the write happened there.
  if (status === 502 || status === 504)
    return unanswered(
      code ?? `http-${status}`,
      'A gateway answered for the backend: the write may have happened.',
      status,
    );
  if (status >= 500)
    return {
      kind: 'retry',
      afterMs: null,
      reason: reason('backend', `http-${status}`, 'The backend failed; it is tried again later.'),
    };
  if (status === 401)
    return {
      kind: 'unauthorised',
      reason: reason('backend', 'unauthorised', 'The backend does not accept our credentials: renew them.'),
    };
  if (status === 408 || status === 425 || status === 429)
    return {
      kind: 'retry',
      afterMs: null,
      reason: reason('backend', `http-${status}`, 'The backend asks to try again.'),
    };
  if (status >= 400)
    return {
      kind: 'rejected',
      reason: reason(
        'backend',
        `http-${status}`,
        `The backend refused this with HTTP ${status} and no reason we know.`,
      ),
    };
  return unreadable(status);
}

/**
 * No backend means to be left alone for longer: a header that says so holds a moment where seconds belong, or a wrong
 * year, and would stop the destination for good.
 */
export const RETRY_AFTER_MS_MAX = 86_400_000;

/**
 * `Retry-After`: seconds or a date (RFC 9110, 10.2.3), a day at most; null where absent or unreadable. A date is the
 * backend's, so it is measured by the backend's own clock where the answer shows it: ours may be wrong by hours.
 */
export function retryAfterMs(headers: IncomingHttpHeaders, nowMs: number): number | null {
  const header = headers['retry-after'];
  if (header === undefined) return null;
  const seconds = Number(header);
  if (header.trim() !== '' && Number.isFinite(seconds)) return withinDay(seconds * 1000);
  const dateMs = Date.parse(header);
  return Number.isNaN(dateMs) ? null : withinDay(dateMs - nowMs - clockSkewMs(headers, nowMs));
}

function withinDay(waitMs: number): number {
  return Math.min(Math.max(0, waitMs), RETRY_AFTER_MS_MAX);
}

/** How far the backend's clock is ahead of ours, by the `Date` of its answer; 0 where it shows none. */
export function clockSkewMs(headers: IncomingHttpHeaders, nowMs: number): number {
  const dateMs = Date.parse(headers.date ?? '');
  return Number.isNaN(dateMs) ? 0 : dateMs - nowMs;
}
