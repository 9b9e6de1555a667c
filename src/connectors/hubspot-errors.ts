/**
 * What HubSpot's answers mean. Sources: recorded traffic and HubSpot's error reference; categories are HubSpot's
 * own. Pure: the same error gives the same outcome.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { type Failure, byStatus, RETRY_AFTER_MS_MAX, retryAfterMs } from './call-outcome.js';
import type { Outcome, Owner, OutgoingRecord } from './connector.js';
import { nextMidnightMs } from './next-midnight.js';
import { stripValues } from './strip-values.js';

const SECOND_MS = 1_000;
const LOCKED_WAIT_MS = 2_000;
const ROLLING_WINDOW_MS = 10_000;
/** HubSpot moves an account between data centres for up to a day and normally says how long to wait. */
const MIGRATION_WAIT_MS = 60 * 60 * SECOND_MS;

/** The parts of a HubSpot error that we read; all of them may be absent. */
export interface HubspotError {
  readonly category?: string;
  readonly message?: string;
  readonly policyName?: string;
  readonly context?: Readonly<Record<string, unknown>>;
  readonly errors?: readonly HubspotError[];
}

interface Meaning {
  readonly code: string;
  readonly owner: Owner;
  readonly message: string;
}

/** Codes HubSpot puts inside `Property values were not valid: [{…,"error":CODE,"name":FIELD}]`. */
const propertyFaults: Readonly<Record<string, Meaning>> = {
  PROPERTY_DOESNT_EXIST: {
    code: 'PROPERTY_DOESNT_EXIST',
    owner: 'mapping',
    message: 'This property does not exist in HubSpot: create it there or correct its name in the mapping.',
  },
  READ_ONLY_VALUE: {
    code: 'READ_ONLY_VALUE',
    owner: 'mapping',
    message: 'HubSpot sets this property itself: take it out of the mapping.',
  },
  INVALID_OPTION: {
    code: 'INVALID_OPTION',
    owner: 'mapping',
    message:
      'The value is not one of the options of this property: add it to the picklist table or in HubSpot.',
  },
  INVALID_EMAIL: {
    code: 'INVALID_EMAIL',
    owner: 'data',
    message: 'HubSpot does not accept the e-mail address: correct it at the person.',
  },
  INVALID_INTEGER: {
    code: 'INVALID_INTEGER',
    owner: 'mapping',
    message: 'The property holds numbers only: convert the value in the mapping.',
  },
  INVALID_DATE: {
    code: 'INVALID_DATE',
    owner: 'mapping',
    message: 'The property holds a date at midnight UTC: convert the value in the mapping.',
  },
};

/** By wording, most special first. `isOfMapping`: the fault lies in the field's name, whatever its value. */
const wordings: readonly { readonly pattern: RegExp; readonly meaning: Meaning }[] = [
  { pattern: /does ?n[o']t exist/i, meaning: propertyFaults.PROPERTY_DOESNT_EXIST! },
  { pattern: /read[- ]only/i, meaning: propertyFaults.READ_ONLY_VALUE! },
  {
    pattern: /not a valid email|email address .* is invalid|invalid email/i,
    meaning: propertyFaults.INVALID_EMAIL!,
  },
  { pattern: /not one of the allowed options/i, meaning: propertyFaults.INVALID_OPTION! },
  { pattern: /not a valid (number|integer|long)/i, meaning: propertyFaults.INVALID_INTEGER! },
  {
    pattern: /non-unique/i,
    meaning: {
      code: 'NON_UNIQUE_ID_PROPERTY',
      owner: 'mapping',
      message:
        'The key of the mapping must be a property with unique values: mark it so in HubSpot or choose another.',
    },
  },
  {
    pattern: /duplicate ids/i,
    meaning: {
      code: 'DUPLICATE_IDS',
      owner: 'data',
      message:
        'HubSpot sees two records of one batch as the same: check the keys for values that differ in case only.',
    },
  },
  {
    pattern: /already exists|already has that value/i,
    meaning: {
      code: 'CONFLICT',
      owner: 'data',
      message: 'Another HubSpot record already has this unique value: merge the two there or change the key.',
    },
  },
];

const categories: Readonly<Record<string, Meaning>> = {
  CONFLICT: wordings.at(-1)!.meaning,
  OBJECT_NOT_FOUND: {
    code: 'OBJECT_NOT_FOUND',
    owner: 'backend',
    message: 'HubSpot does not know this record: it was deleted or merged there.',
  },
};

/** Categories of an error inside a 207 that say nothing against the record. */
const TRANSIENT = /RATE_LIMIT|INTERNAL|TIMEOUT|LOCKED|UNAVAILABLE/;

/** What one error says about one record of a 207, or about a call of a single record. */
export function meaningOf(error: HubspotError, status: number, records: readonly OutgoingRecord[]): Failure {
  const message = typeof error.message === 'string' ? error.message : '';
  const named = propertyFault(message);
  const field = named?.field ?? quotedProperty(message) ?? contextProperty(error.context);
  const meaning =
    (named ? propertyFaults[named.error] : undefined) ??
    wordings.find(({ pattern }) => pattern.test(message))?.meaning ??
    (error.category === undefined ? undefined : categories[error.category]);
  if (meaning) return { kind: 'rejected', reason: { ...meaning, ...(field ? { field } : {}), status } };

  const code = error.category ?? null;
  if (code !== null && TRANSIENT.test(code)) {
    const sentence = 'HubSpot could not write this record now; it is tried again.';
    return { kind: 'retry', afterMs: null, reason: { code, message: sentence, owner: 'backend', status } };
  }
  const kept = message === '' ? null : `HubSpot: ${stripValues(message, records)}`;
  const failure = byStatus(status < 400 ? 400 : status, code, kept);
  const owner: Owner = code === 'VALIDATION_ERROR' ? 'data' : failure.reason.owner;
  return { ...failure, reason: { ...failure.reason, owner, status, ...(field ? { field } : {}) } };
}

/** What an answer that refuses everyone alike says; null where it is about the records it carried. */
export function refusalOfAll(
  status: number,
  headers: IncomingHttpHeaders,
  error: HubspotError,
  nowMs: number,
  zone: string,
): Failure | null {
  const reason = (code: string, message: string, owner: Owner) => ({ code, message, owner, status });
  const waitMs = retryAfterMs(headers, nowMs);
  if (status === 429) return throttled(headers, error, nowMs, zone);
  if (status === 401)
    return {
      kind: 'unauthorised',
      reason: reason(
        error.category ?? 'INVALID_AUTHENTICATION',
        'HubSpot does not accept the token: set a valid HUBSPOT_TOKEN.',
        'backend',
      ),
    };
  if (status === 403)
    return {
      kind: 'unauthorised',
      isOfKind: true,
      reason: reason(
        error.category ?? 'FORBIDDEN',
        `The HubSpot app lacks a permission${scopes(error)}.`,
        'backend',
      ),
    };
  if (status === 423)
    return {
      kind: 'retry',
      afterMs: waitMs ?? LOCKED_WAIT_MS,
      reason: reason('LOCKED', 'HubSpot has locked the records for a moment; it is tried again.', 'backend'),
    };
  if (status === 477)
    return {
      kind: 'retry',
      afterMs: waitMs ?? MIGRATION_WAIT_MS,
      reason: reason(
        'MIGRATION',
        'HubSpot is moving this account to another data centre; it is tried again.',
        'backend',
      ),
    };
  if (status >= 500) {
    const failure = byStatus(status, error.category ?? null, null);
    return failure.kind === 'retry' ? { ...failure, afterMs: waitMs } : failure;
  }
  return null;
}

function throttled(
  headers: IncomingHttpHeaders,
  error: HubspotError,
  nowMs: number,
  zone: string,
): Outcome & Failure {
  const policy = policyOf(headers, error);
  const statedMs = retryAfterMs(headers, nowMs);
  const toldMs = Number(headers['x-hubspot-ratelimit-interval-milliseconds']);
  const intervalMs = toldMs > 0 ? Math.min(toldMs, RETRY_AFTER_MS_MAX) : ROLLING_WINDOW_MS;
  const untilMs =
    statedMs !== null
      ? nowMs + statedMs
      : policy === 'DAILY'
        ? nextMidnightMs(nowMs, zone)
        : nowMs + (policy === 'SECONDLY' ? SECOND_MS : intervalMs);
  return {
    kind: 'throttled',
    untilMs,
    reason: {
      code: `RATE_LIMITS.${policy}`,
      message:
        policy === 'DAILY'
          ? 'The daily allowance of HubSpot calls is used up: raise it or wait for midnight of the account.'
          : 'HubSpot asks for fewer calls; all wait a moment.',
      owner: 'quota',
      status: 429,
    },
  };
}

function policyOf(
  headers: IncomingHttpHeaders,
  error: HubspotError,
): 'DAILY' | 'SECONDLY' | 'TEN_SECONDLY_ROLLING' {
  const text = `${error.policyName ?? ''} ${error.message ?? ''}`;
  if (/daily/i.test(text) || headers['x-hubspot-ratelimit-daily-remaining'] === '0') return 'DAILY';
  if (/ten_?\s?secondly/i.test(text)) return 'TEN_SECONDLY_ROLLING';
  return /secondly/i.test(text) ? 'SECONDLY' : 'TEN_SECONDLY_ROLLING';
}

function scopes(error: HubspotError): string {
  const required = error.errors?.[0]?.context?.requiredGranularScopes;
  const needed = ['contacts', 'marketing_events'].flatMap((object) =>
    ['read', 'write'].map((may) => `crm.objects.${object}.${may}`),
  );
  const named = Array.isArray(required) ? needed.filter((scope) => required.includes(scope)) : [];
  return named.length > 0
    ? `: grant it ${named.join(' and ')}`
    : ': grant it the scopes of the objects it writes';
}

/** `Property values were not valid: [{"isValid":false,"message":…,"error":"INVALID_EMAIL","name":"email",…}]` */
function propertyFault(message: string): { error: string; field: string | undefined } | null {
  const start = message.indexOf('[{');
  if (start < 0) return null;
  try {
    const faults = JSON.parse(message.slice(start, message.lastIndexOf(']') + 1)) as Record<
      string,
      unknown
    >[];
    const first = faults[0];
    if (typeof first?.error !== 'string') return null;
    return { error: first.error, field: typeof first.name === 'string' ? first.name : undefined };
  } catch {
    // Not the embedded list after all: the wording decides.
    return null;
  }
}

const quotedProperty = (message: string): string | undefined =>
  /property (?:named )?\\?"?([A-Za-z_][A-Za-z0-9_]*)\\?"? does ?n[o']t exist/i.exec(message)?.[1];

function contextProperty(context: HubspotError['context']): string | undefined {
  const named = context?.propertyName ?? context?.property;
  const first: unknown = Array.isArray(named) ? named[0] : named;
  return typeof first === 'string' ? first : undefined;
}
