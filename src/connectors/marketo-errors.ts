/**
 * What Marketo's codes mean. HTTP says 200 to nearly everything: a code of three digits refuses a whole call, one of
 * four digits a record, though some of those refuse whole calls too. Source: Adobe's list of error codes.
 */
import { type Failure, byStatus, unanswered } from './call-outcome.js';
import type { Owner, OutgoingRecord } from './connector.js';
import { nextMidnightMs } from './next-midnight.js';
import { stripValues } from './strip-values.js';

/** 100 calls in any 20 seconds. */
export const WINDOW_MS = 20 * 1000;
/** Ten calls at once: one of them ends soon. */
const CONCURRENT_WAIT_MS = 2 * 1000;
const UNAVAILABLE_WAIT_MS = 60 * 1000;
const QUEUE_WAIT_MS = 10 * 60 * 1000;
/** The day's allowance is renewed at midnight there, whatever the subscription's own zone. */
export const DAY_ZONE = 'America/Chicago';

export interface MarketoError {
  readonly code: string;
  readonly message: string;
}

type Kind = 'rejected' | 'retry' | 'throttled' | 'unauthorised' | 'unanswered';
type Row = readonly [kind: Kind, owner: Owner, message: string];

const TOKEN = 'Marketo does not accept the token: check the custom service and its API-only user.';
const TRIED_AGAIN = 'it is tried again.';

const rows: Readonly<Record<string, Row>> = {
  '500': ['retry', 'backend', `Marketo failed; ${TRIED_AGAIN}`],
  '502': ['unanswered', 'backend', 'A gateway answered for Marketo: the write may have happened.'],
  '600': ['unauthorised', 'backend', TOKEN],
  '601': ['unauthorised', 'backend', TOKEN],
  '602': ['unauthorised', 'backend', TOKEN],
  '603': ['unauthorised', 'backend', "The API-only user's role does not allow this call: grant it."],
  '604': ['retry', 'backend', `Marketo took too long; ${TRIED_AGAIN}`],
  '605': ['rejected', 'foyer', 'Marketo does not take this HTTP method: this is a fault of Foyer.'],
  '606': ['throttled', 'quota', 'Marketo takes 100 calls in 20 seconds; all wait a moment.'],
  '607': [
    'throttled',
    'quota',
    "The day's allowance of Marketo calls is used up: raise it or wait for midnight.",
  ],
  '608': ['throttled', 'backend', 'The Marketo API is not available for a while.'],
  '609': ['rejected', 'foyer', 'Marketo could not read the call: this is a fault of Foyer.'],
  '610': [
    'rejected',
    'mapping',
    'Marketo knows no such address: check the object of the mapping and the base URL.',
  ],
  '611': ['retry', 'backend', `Marketo failed; ${TRIED_AGAIN}`],
  '612': ['rejected', 'foyer', 'Marketo does not take this content type: this is a fault of Foyer.'],
  '614': ['retry', 'backend', `The Marketo subscription cannot be reached; ${TRIED_AGAIN}`],
  '615': ['throttled', 'quota', 'Marketo takes ten calls at once; all wait a moment.'],
  '701': ['rejected', 'mapping', 'A field that must have a value has none: map it or give it a default.'],
  '702': ['rejected', 'data', 'Marketo found nothing of the kind.'],
  '703': ['rejected', 'backend', 'This part of Marketo is not switched on for the subscription.'],
  '704': ['rejected', 'mapping', 'A date is not in a form that Marketo reads: correct the mapping.'],
  '709': ['rejected', 'backend', 'A rule in Marketo refused the record.'],
  '713': ['retry', 'backend', `Marketo was short of something for a moment; ${TRIED_AGAIN}`],
  '719': ['retry', 'backend', `Someone else holds a lock in Marketo; ${TRIED_AGAIN}`],
  '1001': ['rejected', 'mapping', 'A value has the wrong type: convert it in the mapping.'],
  '1002': ['rejected', 'mapping', 'A required value is missing: map it or give it a default.'],
  '1003': [
    'rejected',
    'data',
    'Marketo does not accept the value of a field: correct it, or convert it in the mapping.',
  ],
  '1004': [
    'rejected',
    'backend',
    'The lead was deleted or merged in Marketo: replay the person to make it anew.',
  ],
  '1005': ['rejected', 'data', 'The lead exists already in Marketo.'],
  '1006': [
    'rejected',
    'mapping',
    'The field does not exist in Marketo: correct the mapping or create it there.',
  ],
  '1007': ['rejected', 'data', 'Several Marketo leads have this key: merge them there.'],
  '1008': ['rejected', 'backend', 'Our Marketo user may not see the partition of this lead: grant it.'],
  '1009': ['rejected', 'backend', 'Marketo wants a partition to be named: give our user a single workspace.'],
  '1010': ['rejected', 'backend', 'The lead stands in another partition of Marketo.'],
  '1011': [
    'rejected',
    'mapping',
    'The field cannot be written or looked up in Marketo: take it out of the mapping.',
  ],
  '1013': [
    'rejected',
    'mapping',
    'Marketo knows no such program or membership: correct its id in the mapping.',
  ],
  '1016': ['throttled', 'quota', 'Too many imports wait in Marketo.'],
  '1018': ['rejected', 'backend', 'A native CRM sync of Marketo owns this record.'],
  '1021': [
    'rejected',
    'mapping',
    'Marketo does not take a company field of this lead: take it out of the mapping.',
  ],
  '1025': ['rejected', 'mapping', "The program's channel has no such status: correct the picklist table."],
  '1029': ['throttled', 'quota', "Too many jobs wait in Marketo, or the day's export is used up."],
  '1036': ['rejected', 'foyer', 'One record stood twice in a call: this is a fault of Foyer.'],
  '1049': [
    'rejected',
    'mapping',
    'The attributes of the activity are too long: shorten them in the mapping.',
  ],
};

/** What the errors of a call or the reasons of a record mean. The first decides. */
export function meaningOf(
  errors: readonly MarketoError[],
  records: readonly Pick<OutgoingRecord, 'key' | 'fields'>[],
  nowMs: number,
): Failure {
  const error = errors[0]!;
  const row = Object.hasOwn(rows, error.code) ? rows[error.code] : undefined;
  if (!row) return unknown(error, records);
  const [kind, owner, message] = row;
  const field = namedField(error);
  const status = error.code === '500' ? 500 : 200;
  const reason = { code: error.code, message, owner, status, ...(field ? { field } : {}) };
  if (kind === 'throttled') return { kind, untilMs: throttledUntilMs(error.code, nowMs), reason };
  if (kind === 'retry') return { kind, afterMs: null, reason };
  // Without the permission for this call others may go through; the other codes refuse the token itself.
  if (kind === 'unauthorised' && error.code === '603') return { kind, isOfKind: true, reason };
  return kind === 'unanswered' ? unanswered(error.code, message, 200) : { kind, reason };
}

/** Kept and shown with Marketo's own code; never guessed: six hundred and some is not executed, the rest is a refusal. */
function unknown(error: MarketoError, records: readonly Pick<OutgoingRecord, 'key' | 'fields'>[]): Failure {
  const text = stripValues(error.message, records);
  const message = `Marketo: ${text === '' ? 'no reason given' : text}`;
  const failure = byStatus(400, `marketo-${error.code}`, message);
  return { ...failure, reason: { ...failure.reason, code: error.code, status: 200 } };
}

function throttledUntilMs(code: string, nowMs: number): number {
  if (code === '607') return nextMidnightMs(nowMs, DAY_ZONE);
  const waits: Record<string, number> = {
    '606': WINDOW_MS,
    '608': UNAVAILABLE_WAIT_MS,
    '615': CONCURRENT_WAIT_MS,
  };
  return nowMs + (waits[code] ?? QUEUE_WAIT_MS);
}

/** `errors` of an envelope, `reasons` of a lead, `errors` of an activity. */
export function errorsIn(value: unknown): MarketoError[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: unknown) => {
    const { code, message } = (entry ?? {}) as Record<string, unknown>;
    if (typeof code !== 'string' && typeof code !== 'number') return [];
    return [{ code: String(code), message: typeof message === 'string' ? message : '' }];
  });
}

/** `Field 'favouritePet' not found`, `Invalid value for field 'score' and value '14.1'` */
const namedField = ({ message }: MarketoError): string | undefined =>
  /\bfield '(\w{1,100})'/i.exec(message)?.[1];
