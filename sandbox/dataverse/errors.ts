import { randomUUID } from 'node:crypto';
import type { Answer } from '../call.js';

const JSON_HEADERS = {
  'Content-Type': 'application/json; odata.metadata=minimal',
  'OData-Version': '4.0',
};
const NO_BODY = new Set([204, 304]);

/** Microsoft's codes, as the Web API writes them. */
export const CODES = {
  unknown: '0x80060888',
  payload: '0x80048d19',
  missingById: '0x80040217',
  missingByKey: '0x80060891',
  duplicateKey: '0x80060892',
  duplicateRecord: '0x80040237',
  version: '0x80060882',
  tooLong: '0x80044331',
  outOfOptions: '0x8004431a',
  outOfRange: '0x8004432f',
  outOfDecimals: '0x80044330',
  tooEarly: '0x80040239',
  notMember: '0x80072560',
  requests: '0x80072322',
  executionTime: '0x80072321',
  concurrency: '0x80072326',
} as const;

/** Thrown wherever a call is found wrong; the twin answers it in Dataverse's form. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** A property, an entity set or a part of the address that is not there. */
export function unknown(status: number, message: string): Refused {
  return new Refused(status, CODES.unknown, message);
}

/** A body that the Web API's reader does not take; `set` is empty where it is not known yet. */
export function badPayload(set: string, inner: string): Refused {
  const about = `Error identified in Payload provided by the user for Entity :'${set}', For more information on this error please follow this help link https://go.microsoft.com/fwlink/?linkid=2195293`;
  return new Refused(
    400,
    CODES.payload,
    `${about}  ---->  InnerException : Microsoft.OData.ODataException: ${inner}`,
  );
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return { status, headers: { ...JSON_HEADERS, ...headers }, body: JSON.stringify(body) };
}

export function nothing(status: number, headers: Record<string, string> = {}): Answer {
  return { status, headers: { 'OData-Version': '4.0', ...headers }, body: '' };
}

export function failure(status: number, code: string, message: string): Answer {
  if (NO_BODY.has(status)) return nothing(status);
  return json(status, { error: { code, message } }, { REQ_ID: randomUUID() });
}

/** Runs what may refuse, and answers the refusal. */
export function refusable(work: () => Answer): Answer {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refused) return failure(error.status, error.code, error.message);
    throw error;
  }
}

/** Service protection: 429 with the seconds to wait. */
export function throttled(code: string, retryAfterSeconds: number, max?: number): Answer {
  const answer = failure(429, code, sentenceOf(code, max));
  return {
    ...answer,
    headers: { ...answer.headers, 'Retry-After': String(retryAfterSeconds) },
    isThrottled: true,
  };
}

function isThrottle(code: string): boolean {
  return code === CODES.requests || code === CODES.executionTime || code === CODES.concurrency;
}

/** Dataverse says nothing in the body of a 401; the header tells where tokens come from. */
export function unauthorised(loginUrl: string, resource: string, why?: string): Answer {
  const reason =
    why === undefined
      ? ''
      : `, error="invalid_token", error_description="Error during token validation! ${why}"`;
  return nothing(401, {
    'WWW-Authenticate': `Bearer authorization_uri=${loginUrl}/oauth2/authorize, resource_id=${resource}/${reason}`,
  });
}

/** The words for a status alone, for the fault `status`. */
export function refusal(status: number, code?: string): Answer {
  if (code !== undefined && isThrottle(code)) return throttled(code, 1);
  if (status === 429) return throttled(CODES.requests, 1);
  const [usual, message] = WORDS[status] ?? ['0x80040216', 'An unexpected error occurred.'];
  return failure(status, code ?? usual, message);
}

const WORDS: Record<number, [string, string]> = {
  401: ['0x80048306', 'Authorization failed'],
  403: [CODES.notMember, 'The user is not a member of the organization.'],
  404: [CODES.missingById, 'contact With Id = 00000000-0000-0000-0000-000000000000 Does Not Exist'],
  412: [CODES.version, "The version of the existing record doesn't match the RowVersion property provided."],
  413: ['0x80040265', 'Request Entity Too Large'],
  500: ['0x80040216', 'An unexpected error occurred.'],
  502: ['', 'Bad Gateway'],
  503: ['0x80072329', 'The server is busy and the request was not completed. Try again later.'],
};

function sentenceOf(code: string, max: number | undefined): string {
  if (code === CODES.executionTime)
    return `Combined execution time of incoming requests exceeded limit of ${(max ?? 1_200_000).toLocaleString('en-US')} milliseconds over time window of 300 seconds. Decrease number of concurrent requests or reduce the duration of requests and try again later.`;
  if (code === CODES.concurrency) return `Number of concurrent requests exceeded the limit of ${max ?? 52}.`;
  return `Number of requests exceeded the limit of ${max ?? 6000} over time window of 300 seconds.`;
}
