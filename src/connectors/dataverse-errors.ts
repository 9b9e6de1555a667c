/**
 * What Dataverse's codes mean. They stand in `error.code` as hexadecimal numbers, in an answer of its own or in a part
 * of a batch. Sources: Microsoft's documentation of the Web API and of the service protection limits; the codes beyond
 * these are general knowledge, and what is not listed is kept and shown.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { type Failure, byStatus, retryAfterMs } from './call-outcome.js';
import type { Owner, OutgoingRecord } from './connector.js';
import { stripValues } from './strip-values.js';

/** Where Dataverse asks to wait and does not say how long. */
const UNSAID_WAIT_MS = 60 * 1000;

type Kind = 'rejected' | 'retry' | 'unauthorised';
type Row = readonly [kind: Kind, owner: Owner, message: string];

const LIMIT_MESSAGES: Readonly<Record<string, string>> = {
  '0x80072321': 'Dataverse spent the time it allows us in five minutes; all wait as long as it says.',
  '0x80072322': 'Dataverse took the calls it allows us in five minutes; all wait as long as it says.',
  '0x80072326': 'Dataverse takes no more calls of ours at once; all wait as long as it says.',
};
const ROLE = 'The role of our application user does not allow this: grant it in the environment.';
const STRANGER = 'Our application is no user of this environment: add it as an application user with a role.';
const OUT_OF_RANGE = 'The value is outside what the column takes: correct it, or the picklist table.';

const rows: Readonly<Record<string, Row>> = {
  '0x80040203': ['rejected', 'mapping', 'Dataverse does not accept a value: convert it in the mapping.'],
  '0x80040217': [
    'rejected',
    'backend',
    'The record, or one that it refers to, is not there any more in Dataverse.',
  ],
  '0x80040220': ['rejected', 'backend', ROLE],
  '0x80048306': ['rejected', 'backend', ROLE],
  '0x80040237': [
    'rejected',
    'data',
    'Another Dataverse record already has this unique value: merge the two.',
  ],
  '0x80060892': [
    'rejected',
    'data',
    'Another Dataverse record already has this alternate key: merge the two.',
  ],
  '0x80040265': ['rejected', 'backend', 'A plug-in or workflow in Dataverse refused the record.'],
  '0x80044331': [
    'rejected',
    'mapping',
    'The value is longer than the column: shorten it or set truncate in the mapping.',
  ],
  '0x8004431a': ['rejected', 'mapping', OUT_OF_RANGE],
  '0x80044330': ['rejected', 'data', OUT_OF_RANGE],
  '0x80048d19': [
    'rejected',
    'mapping',
    'Dataverse knows no such column, or not with a value of this type: correct the mapping.',
  ],
  '0x80060888': [
    'rejected',
    'mapping',
    'Dataverse knows no such table or column: correct the object or the key of the mapping.',
  ],
  '0x80060890': ['rejected', 'mapping', 'This is no alternate key of the table, or it is not active yet.'],
  '0x80060891': ['rejected', 'backend', 'No record with this key stands in Dataverse.'],
  '0x80060882': ['retry', 'backend', 'The record was changed meanwhile; it is tried again.'],
  '0x80044150': ['retry', 'backend', 'The database behind Dataverse failed; it is tried again.'],
  '0x80044151': ['retry', 'backend', 'The database behind Dataverse took too long; it is tried again.'],
  '0x80072560': ['unauthorised', 'backend', STRANGER],
  '0x80040225': [
    'unauthorised',
    'backend',
    'Our application user is disabled in this environment: enable it.',
  ],
};

/** What an answer, or a part of one, that is no success says of its records. */
export function failureIn(
  { status, headers, body }: { status: number; headers: IncomingHttpHeaders; body: unknown },
  records: readonly Pick<OutgoingRecord, 'key' | 'fields'>[],
  nowMs: number,
): Failure {
  if (status < 400) return byStatus(status, null, null);
  const { code, message } = errorIn(body);
  if (status === 429 || Object.hasOwn(LIMIT_MESSAGES, code)) return throttled(code, status, headers, nowMs);
  const failure = known(code, message, status) ?? unknown(code, message, status, records);
  const statedMs = retryAfterMs(headers, nowMs);
  return failure.kind === 'retry' && statedMs !== null ? { ...failure, afterMs: statedMs } : failure;
}

function throttled(code: string, status: number, headers: IncomingHttpHeaders, nowMs: number): Failure {
  return {
    kind: 'throttled',
    untilMs: nowMs + (retryAfterMs(headers, nowMs) ?? UNSAID_WAIT_MS),
    reason: {
      code: code === '' ? 'http-429' : code,
      message: LIMIT_MESSAGES[code] ?? 'Dataverse asks for fewer calls; all wait as long as it says.',
      owner: 'quota',
      status,
    },
  };
}

function known(code: string, message: string, status: number): Failure | null {
  const row = Object.hasOwn(rows, code) ? rows[code] : undefined;
  if (!row) return null;
  const [kind, owner, sentence] = row;
  const field = namedColumn(message);
  const reason = { code, message: sentence, owner, status, ...(field ? { field } : {}) };
  return kind === 'retry' ? { kind, afterMs: null, reason } : { kind, reason };
}

/** Kept and shown with Dataverse's own code; never guessed. */
function unknown(
  code: string,
  message: string,
  status: number,
  records: readonly Pick<OutgoingRecord, 'key' | 'fields'>[],
): Failure {
  const text = stripValues(message, records);
  return byStatus(status, code === '' ? null : code, text === '' ? null : `Dataverse: ${text}`);
}

function errorIn(body: unknown): { code: string; message: string } {
  const { error } = (body ?? {}) as { error?: unknown };
  const { code, message } = (typeof error === 'object' && error !== null ? error : {}) as Record<
    string,
    unknown
  >;
  const isCode = typeof code === 'string' && /^[\w.-]{1,60}$/.test(code);
  return { code: isCode ? code.toLowerCase() : '', message: typeof message === 'string' ? message : '' };
}

/** `The length of the 'subject' attribute of the 'task' entity …`, `… undeclared property 'shoesize' …` */
const namedColumn = (message: string): string | undefined =>
  (
    /'(?<name>\w{1,100})' attribute\b/i.exec(message) ??
    /(?:property|column|attribute)(?: named)? '(?<name>\w{1,100})'/i.exec(message)
  )?.groups?.name;
