/**
 * Marketing events, known by the account and the id that they have with us (`externalEventId`, the key), and their
 * completion, which is an act of its own: HubSpot then counts who stayed away and how long the others were there.
 *
 * An answer to an upsert does not repeat our id: one event a call leaves no doubt whose it is.
 */
import type { HttpAnswer } from '../platform/http-client/http-engine.js';
import { unreadable } from './call-outcome.js';
import type {
  CallOptions,
  DescribedField,
  FieldValue,
  ObjectTarget,
  Outcome,
  OutgoingRecord,
  ReadResult,
  SendResult,
  StoredRecord,
} from './connector.js';
import { byAnswer, type HubspotApi, isBatch } from './hubspot-api.js';
import { type HubspotError, meaningOf } from './hubspot-errors.js';
import { type PartResult, sendOneByOne } from './send-in-parts.js';

const EVENTS = 'marketing-events';
const COMPLETIONS = 'marketing-event-completions';

const KEY: DescribedField = { type: 'string', length: 255, unique: true };
const TIME: DescribedField = { type: 'datetime' };
const TEXT: DescribedField = { type: 'string', length: 65_536 };

/** HubSpot describes its own names of these, not those that its calls take. */
export const EVENT_FIELDS: Readonly<Record<string, Readonly<Record<string, DescribedField>>>> = {
  [EVENTS]: {
    externalEventId: KEY,
    eventName: { ...TEXT, required: true },
    eventOrganizer: { ...TEXT, required: true },
    eventType: TEXT,
    eventUrl: TEXT,
    eventDescription: TEXT,
    startDateTime: TIME,
    endDateTime: TIME,
    eventCancelled: { type: 'bool' },
    eventCompleted: { type: 'bool' },
  },
  [COMPLETIONS]: {
    externalEventId: KEY,
    startDateTime: { ...TIME, required: true },
    endDateTime: { ...TIME, required: true },
  },
};

export const isCompletion = ({ object }: ObjectTarget): boolean => object === COMPLETIONS;
export const isOfEvents = ({ object }: ObjectTarget): boolean => Object.hasOwn(EVENT_FIELDS, object);

export function sendEvents(
  api: HubspotApi,
  target: ObjectTarget,
  records: readonly OutgoingRecord[],
  options: CallOptions,
): Promise<SendResult> {
  const write = isCompletion(target) ? complete : upsert;
  return sendOneByOne(records, (record) => write(api, record, options));
}

function upsert(api: HubspotApi, record: OutgoingRecord, options: CallOptions): Promise<PartResult> {
  const { externalAccountId, marketingEventsPath } = api.settings;
  const fields = Object.entries(record.fields).map(([name, value]) => [name, cleared(value)]);
  const input = { externalAccountId, externalEventId: record.key, ...Object.fromEntries(fields) } as object;
  const tell = (answer: HttpAnswer): (Outcome | undefined)[] => {
    if (!isDone(answer)) return [byAnswer(answer, [record])];
    const { status, body } = answer;
    if (!isBatch(body)) return [unreadable(status)];
    const [error] = (Array.isArray(body.errors) ? body.errors : []) as HubspotError[];
    if (error) return [meaningOf(error, status, [record])];
    const id = body.results.length === 1 ? idOf(body.results[0]) : null;
    return [id === null ? undefined : { kind: 'written', targetId: id, created: null }];
  };
  const path = `${marketingEventsPath}/events/upsert`;
  return api.write('POST', path, { inputs: [input] }, [record], tell, options);
}

/** Repeated, it completes what is complete. */
function complete(api: HubspotApi, record: OutgoingRecord, options: CallOptions): Promise<PartResult> {
  const { startDateTime, endDateTime } = record.fields;
  const tell = (answer: HttpAnswer): (Outcome | undefined)[] => {
    if (!isDone(answer)) return [byAnswer(answer, [record])];
    const { eventName } = (answer.body ?? {}) as { eventName?: unknown };
    if (typeof eventName !== 'string') return [unreadable(answer.status)];
    return [{ kind: 'written', targetId: idOf(answer.body), created: null }];
  };
  const path = eventPath(api, record.key, '/complete');
  return api.write('POST', path, { startDateTime, endDateTime }, [record], tell, options);
}

export function removeEvents(
  api: HubspotApi,
  records: readonly OutgoingRecord[],
  options: CallOptions,
): Promise<SendResult> {
  return sendOneByOne(records, (record) => {
    const tell = (answer: HttpAnswer): (Outcome | undefined)[] => {
      if (answer.status === 204) return [{ kind: 'written', targetId: record.targetId, created: false }];
      const failure = byAnswer(answer, [record]);
      const isGone = failure.reason.code === 'OBJECT_NOT_FOUND';
      return [isGone ? { kind: 'unchanged', targetId: null } : failure];
    };
    return api.write('DELETE', eventPath(api, record.key), null, [record], tell, options);
  });
}

/** One after the other; after a failure the rest is left for the next time. */
export async function readEvents(
  api: HubspotApi,
  target: ObjectTarget,
  records: readonly Pick<OutgoingRecord, 'key'>[],
  options: CallOptions,
): Promise<ReadResult> {
  const answers: (StoredRecord | undefined)[] = new Array<undefined>(records.length);
  let requestId: string | null = null;
  for (const [place, { key }] of records.entries()) {
    const read = await api.read('GET', eventPath(api, key), null, options);
    requestId = read.requestId ?? requestId;
    const id = idOf(read.body);
    if (read.failure?.reason.code === 'OBJECT_NOT_FOUND') answers[place] = null;
    else if (read.failure || id === null)
      return { records: answers, requestId, failure: read.failure ?? unreadable(read.status ?? 0) };
    else answers[place] = standing(target, id, read.body as Record<string, unknown>);
  }
  return { records: answers, requestId };
}

/** A completion stands where the event is complete. */
function standing(target: ObjectTarget, targetId: string, fields: Record<string, unknown>): StoredRecord {
  return isCompletion(target) && fields.eventCompleted !== true ? null : { targetId, fields };
}

function eventPath({ settings }: HubspotApi, key: string, below: string = ''): string {
  const account = encodeURIComponent(settings.externalAccountId);
  const event = encodeURIComponent(key);
  return `${settings.marketingEventsPath}/events/${event}${below}?externalAccountId=${account}`;
}

/** Older answers have the object's id as `id` alone. */
function idOf(body: unknown): string | null {
  const { objectId, id } = (body ?? {}) as { objectId?: unknown; id?: unknown };
  const name = objectId ?? id;
  return typeof name === 'string' && name !== '' ? name : null;
}

const isDone = ({ status }: HttpAnswer): boolean => status >= 200 && status < 300;
const cleared = (value: FieldValue): FieldValue => value ?? '';
