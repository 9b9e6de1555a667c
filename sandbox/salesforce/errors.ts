import type { Answer } from '../call.js';

const JSON_TYPE = { 'Content-Type': 'application/json;charset=UTF-8' };

/** An error before it takes one of its two forms. `fields` is there only where Salesforce sends it. */
export interface Fault {
  code: string;
  message: string;
  fields?: string[];
}

/** An error as the results of a collection carry it. */
export interface ItemError {
  statusCode: string;
  message: string;
  fields: string[];
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return { status, headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(body) };
}

export function noContent(): Answer {
  return { status: 204, headers: {}, body: '' };
}

/** The errors of a whole call: an array, with `errorCode`. */
export function failure(status: number, ...faults: Fault[]): Answer {
  const errors = faults.map(({ code, message, fields }) => ({
    message,
    errorCode: code,
    ...(fields === undefined ? {} : { fields }),
  }));
  return json(status, errors);
}

export function itemErrors(faults: readonly Fault[]): ItemError[] {
  return faults.map(({ code, message, fields = [] }) => ({ statusCode: code, message, fields }));
}

/** A body that cannot be read into records: the whole call is refused, whatever allOrNone says. */
export class Unreadable extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export function notFound(message = 'The requested resource does not exist'): Answer {
  return json(404, [{ errorCode: 'NOT_FOUND', message }]);
}

export function deleted(): Answer {
  return failure(404, { code: 'ENTITY_IS_DELETED', message: 'entity is deleted', fields: [] });
}

export function malformedId(label: string, id: string): Fault {
  return { code: 'MALFORMED_ID', message: `${label}: id value of incorrect type: ${id}`, fields: ['Id'] };
}

export function sessionExpired(): Answer {
  const answer = failure(401, { code: 'INVALID_SESSION_ID', message: 'Session expired or invalid' });
  return { ...answer, headers: { ...answer.headers, 'WWW-Authenticate': 'Token' } };
}

export function limitExceeded(): Answer {
  const fault = { code: 'REQUEST_LIMIT_EXCEEDED', message: 'TotalRequests Limit exceeded.' };
  return { ...failure(403, fault), isThrottled: true };
}

export function notAllowed(method: string): Answer {
  const message = `HTTP Method '${method}' not allowed. Allowed are others.`;
  return failure(405, { code: 'METHOD_NOT_ALLOWED', message });
}

/** The words for a status that a fault asks for. */
export function refusal(status: number): Answer {
  if (status === 401) return sessionExpired();
  if (status === 403) return limitExceeded();
  if (status === 404) return notFound();
  if (status === 400)
    return failure(400, {
      code: 'UNABLE_TO_LOCK_ROW',
      message: 'unable to obtain exclusive access to this record',
      fields: [],
    });
  if (status === 413)
    return failure(413, { code: 'REQUEST_TOO_LARGE', message: 'The request body is too large' });
  if (status === 503) return failure(503, { code: 'SERVER_UNAVAILABLE', message: 'Server unavailable' });
  const message = 'An unexpected error occurred. Please include this ErrorId if you contact support: 1-1 (1)';
  return failure(status, { code: 'UNKNOWN_EXCEPTION', message });
}
