/**
 * Who registered for a marketing event, cancelled or attended. A participation is known by its event and its contact,
 * `<our event's id>/<contact id>`, which is its key here; HubSpot keeps one state for each, and the last word counts.
 *
 * Who attended did so, whatever becomes of their registration afterwards: a later word that is not about attendance is
 * looked at first, and not said of somebody who attended.
 */
import type { HttpAnswer } from '../platform/http-client/http-engine.js';
import { unconfirmed, unreadable } from './call-outcome.js';
import type {
  CallOptions,
  DescribedField,
  FieldValue,
  Outcome,
  OutgoingRecord,
  Reason,
  SendResult,
} from './connector.js';
import { byAnswer, type HubspotApi, isBatch } from './hubspot-api.js';
import { hubspotCanonical } from './hubspot-canonical.js';
import { type HubspotError, meaningOf } from './hubspot-errors.js';
import { contactOf, eventOf, isKey, readParticipations } from './hubspot-participations-read.js';
import { type PartResult, sendByKind, sendInParts, unsent } from './send-in-parts.js';
import { refusedUnsent } from './unsupported.js';

export const PARTICIPATIONS = 'participations';

const STATE = 'attendanceState';
const ATTENDED = 'ATTENDED';
const VERBS: Readonly<Record<string, string>> = {
  REGISTERED: 'register',
  [ATTENDED]: 'attend',
  CANCELLED: 'cancel',
};
/** What else may stand where a state was wanted: HubSpot, or attendance, knows more by now. */
const FURTHER: Readonly<Record<string, readonly string[]>> = {
  REGISTERED: [ATTENDED, 'NO_SHOW'],
  CANCELLED: [ATTENDED],
};
/** When somebody came and left. */
const STAY = ['joinedAt', 'leftAt'];
/** HubSpot does not show a stay, and the time that it shows is that of its own last word: only states are compared. */
const UNCOMPARED = new Set(['occurredAt', ...STAY]);

export const PARTICIPATION_FIELDS: Readonly<Record<string, DescribedField>> = {
  participation: { type: 'string', length: 255, unique: true },
  [STATE]: { type: 'picklist', values: [...Object.keys(VERBS), 'NO_SHOW'], required: true },
  occurredAt: { type: 'datetime', required: true },
  joinedAt: { type: 'datetime' },
  leftAt: { type: 'datetime' },
  attendanceDurationSeconds: { type: 'int', writable: false },
};

export async function sendParticipations(
  api: HubspotApi,
  records: readonly OutgoingRecord[],
  options: CallOptions,
): Promise<SendResult> {
  const settled = await settledAmong(api, records, options);
  const kindOf = (record: OutgoingRecord): string =>
    settled.has(record) ? 'settled' : isSayable(record) ? `${eventOf(record.key)}/${verbOf(record)}` : '';
  return sendByKind(records, kindOf, (kind, some) => {
    if (kind === '') return Promise.resolve(refusedUnsent(some, UNSAYABLE));
    if (kind === 'settled') return Promise.resolve(answered(some, settled));
    return sendInParts(some, (part) => say(api, part, options), unconfirmed);
  });
}

export function canonicalParticipation(field: string, value: unknown): FieldValue {
  return UNCOMPARED.has(field) ? null : hubspotCanonical(field, value);
}

/** Both are canonical. */
export function isFurther(field: string, wanted: FieldValue, stored: FieldValue): boolean {
  return field === STATE && (FURTHER[String(wanted)] ?? []).includes(String(stored));
}

/** Those of which nothing else is to be said because they attended, and those of which that could not be read. */
async function settledAmong(
  api: HubspotApi,
  records: readonly OutgoingRecord[],
  options: CallOptions,
): Promise<ReadonlyMap<OutgoingRecord, Outcome>> {
  const later = records.filter(
    (record) => isSayable(record) && record.targetId !== null && record.fields[STATE] !== ATTENDED,
  );
  const settled = new Map<OutgoingRecord, Outcome>();
  if (later.length === 0) return settled;
  const read = await readParticipations(api, later, options);
  later.forEach((record, place) => {
    const stored = read.records[place];
    if (stored === undefined) settled.set(record, unsent(read.failure ?? unconfirmed(200)));
    else if (stored?.fields[STATE] === ATTENDED)
      settled.set(record, { kind: 'unchanged', targetId: record.key });
  });
  return settled;
}

function answered(
  records: readonly OutgoingRecord[],
  settled: ReadonlyMap<OutgoingRecord, Outcome>,
): SendResult {
  return { outcomes: records.map((record) => settled.get(record)!), requestId: null, status: null };
}

/** Of one event and one state. */
function say(api: HubspotApi, records: readonly OutgoingRecord[], options: CallOptions): Promise<PartResult> {
  const { marketingEventsPath, externalAccountId } = api.settings;
  const [event, account] = [eventOf(records[0]!.key), externalAccountId].map(encodeURIComponent);
  const tell = (answer: HttpAnswer): (Outcome | undefined)[] => {
    const { status, body } = answer;
    if (status < 200 || status >= 300) return refused(answer, records);
    return isBatch(body) ? outcomesOf(body, status, records) : records.map(() => unreadable(status));
  };
  const path = `${marketingEventsPath}/attendance/${event}/${verbOf(records[0]!)}/create?externalAccountId=${account}`;
  return api.write('POST', path, { inputs: records.map(inputOf) }, records, tell, options);
}

function inputOf({ key, fields }: OutgoingRecord): object {
  const stay = STAY.filter((name) => fields[STATE] === ATTENDED && typeof fields[name] === 'string');
  return {
    vid: Number(contactOf(key)),
    interactionDateTime: timeOf(fields),
    ...(stay.length > 0 ? { properties: Object.fromEntries(stay.map((name) => [name, fields[name]])) } : {}),
  };
}

/** A result belongs to the contact that it shows, an error to the contacts that its context names. */
function outcomesOf(
  batch: { readonly results: readonly unknown[]; readonly errors?: unknown },
  status: number,
  records: readonly OutgoingRecord[],
): (Outcome | undefined)[] {
  const done = new Set(batch.results.map((result) => String((result as { vid?: unknown } | null)?.vid)));
  const errors = (Array.isArray(batch.errors) ? batch.errors : []).filter(
    (error): error is HubspotError => typeof error === 'object' && error !== null,
  );
  const outcomes = records.map((record): Outcome | undefined => {
    const error = errors.find((one) => namesIn(one).includes(contactOf(record.key)));
    const isDone = done.has(contactOf(record.key));
    if (error) return isDone ? unconfirmed(status) : failureOf(error, status, record);
    return isDone ? { kind: 'written', targetId: record.key, created: null } : undefined;
  });
  const strays = errors.filter((error) => namesIn(error).length === 0);
  if (records.length === 1 && strays.length === 1)
    return [outcomes[0] ?? failureOf(strays[0]!, status, records[0]!)];
  return strays.length > 0 ? outcomes : outcomes.map((outcome) => outcome ?? unconfirmed(status));
}

const namesIn = ({ context }: HubspotError): string[] =>
  Object.values(context ?? {})
    .flat()
    .map(String);

/** "Contact 17 does not exist" would read as a property that does not. */
function failureOf(error: HubspotError, status: number, record: OutgoingRecord): Outcome {
  const isOfContact = /\bcontact\b.*(not exist|not found)/i.test(String(error.message));
  return meaningOf(isOfContact ? { category: 'OBJECT_NOT_FOUND' } : error, status, [record]);
}

/** An event that is not there is the answer for all; anything else is found by sending halves. */
function refused(answer: HttpAnswer, records: readonly OutgoingRecord[]): (Outcome | undefined)[] {
  const failure = byAnswer(answer, records);
  const isOfEvent = answer.status === 404 && failure.reason.code === 'OBJECT_NOT_FOUND';
  const isOfAll = isOfEvent || records.length === 1 || failure.kind !== 'rejected';
  return records.map(() => (isOfAll ? failure : undefined));
}

const isSayable = ({ key, fields }: OutgoingRecord): boolean =>
  isKey(key) && Object.hasOwn(VERBS, String(fields[STATE])) && Number.isInteger(timeOf(fields));

const verbOf = ({ fields }: OutgoingRecord): string => VERBS[String(fields[STATE])]!;
const timeOf = ({ occurredAt }: OutgoingRecord['fields']): number => Date.parse(String(occurredAt));

const UNSAYABLE: Reason = {
  code: 'not-a-participation',
  message:
    "A participation has the event's id, a stroke and the contact's id as its key, an attendanceState " +
    '(REGISTERED, ATTENDED or CANCELLED) and a time occurredAt: correct the mapping.',
  owner: 'mapping',
};
