import { randomUUID } from 'node:crypto';
import type { Answer } from '../call.js';
import type { FieldFault } from './merge-fields.js';

const ERRORS = 'https://mailchimp.com/developer/marketing/docs/errors/';

export function json(status: number, body: unknown): Answer {
  const headers = { 'Content-Type': 'application/json; charset=utf-8', 'X-Request-Id': randomUUID() };
  return { status, headers, body: JSON.stringify(body) };
}

export function nothing(): Answer {
  return { status: 204, headers: { 'X-Request-Id': randomUUID() }, body: '' };
}

/** Mailchimp's problem document. */
export function problem(
  status: number,
  title: string,
  detail: string,
  errors?: readonly FieldFault[],
): Answer {
  const instance = randomUUID();
  // "Member Exists" is known to come without a type.
  const type = title === 'Member Exists' ? {} : { type: ERRORS };
  const body = { ...type, title, status, detail, instance, ...(errors === undefined ? {} : { errors }) };
  const headers = { 'Content-Type': 'application/problem+json; charset=utf-8', 'X-Request-Id': instance };
  return { status, headers, body: JSON.stringify(body) };
}

export function invalid(errors: readonly FieldFault[]): Answer {
  const detail =
    "The resource submitted could not be validated. For field-specific details, see the 'errors' array.";
  return problem(400, 'Invalid Resource', detail, errors);
}

export function notFound(): Answer {
  return problem(404, 'Resource Not Found', 'The requested resource could not be found.');
}

export function notAllowed(): Answer {
  const detail =
    "The requested method and resource are not compatible. See the Allow header for this resource's available methods.";
  return problem(405, 'Method Not Allowed', detail);
}

/** No header says when to come again, and none how many calls are left. */
export function tooMany(max: number): Answer {
  const detail = `You have exceeded the limit of ${max} simultaneous connections.`;
  return { ...problem(429, 'Too Many Requests', detail), isThrottled: true };
}

/** The words for a status alone, for the fault `status`. */
export function refusal(status: number, max: number): Answer {
  if (status === 429) return tooMany(max);
  // Under very high load a bare 403 is seen, from in front of the API.
  if (status === 403) return { status, headers: { 'Content-Type': 'text/html' }, body: '<h1>Forbidden</h1>' };
  const [title, detail] = WORDS[status] ?? WORDS[500]!;
  return problem(status, title, detail);
}

const WORDS: Record<number, [string, string]> = {
  400: ['Bad Request', 'Your request could not be processed.'],
  401: [
    'API Key Invalid',
    "Your API key may be invalid, or you've attempted to access the wrong datacenter.",
  ],
  404: ['Resource Not Found', 'The requested resource could not be found.'],
  500: [
    'Internal Server Error',
    'An unexpected internal error has occurred. Please contact Support for more information.',
  ],
  503: ['Compliance Related', 'This method has been disabled.'],
};
