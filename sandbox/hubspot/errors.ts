import { randomUUID } from 'node:crypto';
import type { Answer } from '../call.js';

const JSON_TYPE = { 'Content-Type': 'application/json;charset=utf-8' };

export function json(status: number, body: unknown): Answer {
  return { status, headers: JSON_TYPE, body: JSON.stringify(body) };
}

/** An answer whose body is JSON text already. */
export function jsonText(status: number, body: string): Answer {
  return { status, headers: JSON_TYPE, body };
}

export function noContent(): Answer {
  return { status: 204, headers: {}, body: '' };
}

/** HubSpot's usual error; `more` holds what only some of them carry. */
export function error(status: number, message: string, category?: string, more: object = {}): Answer {
  const body = { status: 'error', message, correlationId: randomUUID(), ...more };
  return json(status, category === undefined ? body : { ...body, category });
}

export function invalid(message: string, more: object = {}): Answer {
  return error(400, message, 'VALIDATION_ERROR', more);
}

/** What CRM objects answer for an id that is not there: a page, not JSON. */
export function notFound(): Answer {
  const body = [
    '<html>',
    '<head>',
    '<meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>',
    '<title>Error 404 Not Found</title>',
    '</head>',
    '<body><h2>HTTP ERROR 404</h2>',
    '<p>Resource not found</p>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
  const headers = { 'Content-Type': 'text/html;charset=iso-8859-1', 'X-HubSpot-NotFound': 'true' };
  return { status: 404, headers, body };
}

export function unauthorised(): Answer {
  const message =
    'Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview';
  return error(401, message, 'INVALID_AUTHENTICATION');
}

export function expired(): Answer {
  return error(401, 'The OAuth token used to make this call is expired.', 'EXPIRED_AUTHENTICATION');
}

const SCOPES = 'https://developers.hubspot.com/scopes';

/** The call needs scopes that the app was not granted. */
export function missingScopes(requiredScopes: string[], requiredGranularScopes: string[]): Answer {
  const message = `This app hasn't been granted all required scopes to make this call. Read more about required scopes here: ${SCOPES}.`;
  const detail = {
    message: 'One or more of the following scopes are required.',
    context: { requiredScopes, requiredGranularScopes },
  };
  return error(403, message, 'MISSING_SCOPES', { errors: [detail], links: { scopes: SCOPES } });
}

/** The words for a status that a fault asks for. */
export function refusal(status: number): Answer {
  if (status === 401) return unauthorised();
  if (status === 403) return missingScopes([], ['crm.objects.contacts.write', 'crm.objects.contacts.read']);
  if (status === 404) return notFound();
  if (status === 409) return error(409, 'Contact already exists. Existing ID: 1', 'CONFLICT');
  if (status === 413) return error(413, 'The request body is too large.');
  if (status === 423) return error(423, 'The record is currently locked by another operation.', 'LOCKED');
  if (status === 429) return secondlyThrottle();
  if (status < 500) return invalid('Invalid input (details will vary based on the error)');
  if (status === 502) return error(502, 'Bad gateway.');
  if (status === 503) return error(503, 'Service temporarily unavailable.');
  if (status === 504) return error(504, 'The request timed out. Wait a moment and try again.');
  return error(status, 'internal error');
}

export function secondlyThrottle(): Answer {
  return { ...error(429, 'You have reached your secondly limit.', 'RATE_LIMITS'), isThrottled: true };
}

export function policyThrottle(policyName: 'TEN_SECONDLY_ROLLING' | 'DAILY'): Answer {
  const name = policyName.toLowerCase();
  const more = { errorType: 'RATE_LIMIT', policyName, requestId: randomUUID() };
  return { ...error(429, `You have reached your ${name} limit.`, undefined, more), isThrottled: true };
}
