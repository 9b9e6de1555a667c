import type { Role } from './principal.js';

/**
 * `public`: anyone; `login`: a person who is logged in; `known`: such a person or a key; `registrant`: the holder of
 * the registration's manage token, the person it is linked with, or an operator. Admins may all; an empty list is for
 * them alone.
 */
export type Access = 'public' | 'login' | 'known' | 'registrant' | readonly Exclude<Role, 'admin'>[];

const READERS = ['viewer', 'engineer', 'operator'] as const;
const OPERATORS = ['operator'] as const;
const ADMINS = [] as const;
const BOTH = ['engineer', 'operator'] as const;

/**
 * Every route there is, and who may use it. A route that is missing here answers 403 to everyone, and a test compares
 * this table with the routes that exist, both ways.
 */
export const ROUTE_TABLE: Readonly<Record<string, Access>> = {
  'GET /health/live': 'public',
  'GET /health/ready': 'public',
  'GET /metrics': 'public',
  'GET /problems/:code': 'public',

  'GET /e/:event': 'public',
  'POST /e/:event': 'public',
  'GET /lobby/:event': 'public',
  'POST /lobby/:event': 'public',
  'GET /r/:id': 'public',
  'POST /r/:id': 'public',

  'GET /sso/login': 'public',
  'GET /sso/account': 'public',
  'GET /sso/signed-out': 'public',
  'GET /sso/:provider/login': 'public',
  'GET /sso/:provider/callback': 'public',
  'POST /sso/:provider/backchannel-logout': 'public',
  'POST /sso/logout': 'public',
  'GET /v1/me': 'known',
  'DELETE /v1/me/logins': 'login',
  'GET /v1/me/registrations': 'login',
  'PUT /v1/me/registrations/:id': 'login',
  'GET /v1/api-keys': ADMINS,
  'POST /v1/api-keys': ADMINS,
  'DELETE /v1/api-keys/:id': ADMINS,

  'GET /v1/events': 'public',
  'POST /v1/events': OPERATORS,
  'GET /v1/events/:event': 'public',
  'PATCH /v1/events/:event': OPERATORS,
  'GET /v1/events/:event/sessions': 'public',
  'PUT /v1/events/:event/sessions/:code': OPERATORS,
  'GET /v1/events/:event/form': 'public',
  'PUT /v1/events/:event/form': OPERATORS,

  'GET /v1/events/:event/lobby': 'public',
  'POST /v1/events/:event/lobby': 'public',
  'PUT /v1/events/:event/lobby': OPERATORS,
  'PATCH /v1/events/:event/lobby': OPERATORS,
  'POST /v1/events/:event/lobby/check-in': 'public',
  'POST /v1/events/:event/lobby/pass': 'public',
  'POST /v1/events/:event/lobby/leave': 'public',
  'GET /v1/events/:event/lobby/figures': ['viewer', 'operator'],
  'GET /v1/events/:event/lobby/history': OPERATORS,

  'POST /v1/events/:event/registrations': 'public',
  'GET /v1/events/:event/registrations': OPERATORS,
  'POST /v1/events/:event/signals': BOTH,
  'GET /v1/events/:event/places': READERS,
  'PUT /v1/events/:event/places/:platform/:place': OPERATORS,
  'DELETE /v1/events/:event/places/:platform/:place': OPERATORS,
  'POST /v1/hooks/:platform': 'public',
  'GET /v1/hooks': READERS,
  'GET /v1/registrations/:id': 'registrant',
  'PATCH /v1/registrations/:id': 'registrant',
  'DELETE /v1/registrations/:id': 'registrant',
  'POST /v1/registrations/:id/transfer': 'registrant',
  'GET /v1/registrations/:id/calendar.ics': 'registrant',
  'GET /v1/registrations/:id/badge.svg': 'registrant',
  'GET /v1/registrations/:id/export': 'registrant',
  'DELETE /v1/registrations/:id/person': 'registrant',
  'PUT /v1/registrations/:id/sessions/:code': 'registrant',
  'DELETE /v1/registrations/:id/sessions/:code': 'registrant',

  'GET /v1/mappings': READERS,
  'GET /v1/mappings/:mapping': READERS,
  'GET /v1/mappings/:mapping/ledger': READERS,
  'GET /v1/mappings/:mapping/calls': BOTH,
  'POST /v1/mappings/:mapping/plan': BOTH,
  'POST /v1/mappings/:mapping/apply': BOTH,
  'POST /v1/mappings/:mapping/pause': BOTH,
  'POST /v1/mappings/:mapping/resume': BOTH,
  'GET /v1/deliveries': READERS,
  'GET /v1/deliveries/:mapping/:key': READERS,
  'POST /v1/deliveries/:mapping/:key/resolve': BOTH,
  'GET /v1/destinations': READERS,

  'GET /v1/reconciliations': READERS,
  'POST /v1/reconciliations': BOTH,
  'GET /v1/reconciliations/keys': 'public',
  'GET /v1/reconciliations/:run': READERS,
  'GET /v1/reconciliations/:run/discrepancies': BOTH,
  'POST /v1/reconciliations/:run/repair': BOTH,
  'POST /v1/deliveries/replay': BOTH,
  'GET /v1/deliveries/replay/:id': READERS,
  'GET /v1/records/:stream': READERS,
  'GET /v1/records/:stream/:key': BOTH,

  'GET /v1/webhooks': READERS,
  'POST /v1/webhooks': BOTH,
  'GET /v1/webhooks/:id': READERS,
  'DELETE /v1/webhooks/:id': BOTH,
  'PATCH /v1/webhooks/:id': BOTH,
  'POST /v1/webhooks/:id/rotate': BOTH,
  'POST /v1/webhooks/:id/test': BOTH,
  'POST /v1/webhooks/:id/replay': BOTH,
  'POST /v1/webhooks/:id/pause': BOTH,
  'POST /v1/webhooks/:id/resume': BOTH,
  'GET /v1/webhooks/:id/attempts': READERS,

  'GET /v1/reports': READERS,
  'POST /v1/reports/:report/runs': BOTH,
  'GET /v1/reports/:report/runs': READERS,
  'GET /v1/reports/:report/runs/:run': READERS,
  'GET /v1/schedules': READERS,
};

/** Dangerous acts: a login must be fresh for them, and as strong as its provider's `stepUpAcr` says. */
export const STEP_UP: ReadonlySet<string> = new Set([
  'POST /v1/api-keys',
  'DELETE /v1/api-keys/:id',
  'POST /v1/mappings/:mapping/apply',
  'POST /v1/deliveries/replay',
]);
