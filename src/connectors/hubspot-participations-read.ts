/** Participations as HubSpot's breakdown of an event shows them, a page of all or one contact at a time. */
import { unconfirmed, unreadable } from './call-outcome.js';
import type { CallOptions, OutgoingRecord, ReadResult, StoredRecord } from './connector.js';
import { type HubspotApi, type HubspotRead, isBatch } from './hubspot-api.js';

const PAGE_MAX = 100;
const KEY = /^([^/]{1,200})\/(\d{1,19})$/;

type Asked = Pick<OutgoingRecord, 'key'>;
type Shown = ReadonlyMap<string, Readonly<Record<string, unknown>>>;
type Read = { readonly shown: Shown; readonly isComplete: boolean } & Omit<HubspotRead, 'body'>;

export const isKey = (key: string): boolean => KEY.test(key);
export const eventOf = (key: string): string => KEY.exec(key)![1]!;
export const contactOf = (key: string): string => KEY.exec(key)![2]!;

export async function readParticipations(
  api: HubspotApi,
  records: readonly Asked[],
  options: CallOptions,
): Promise<ReadResult> {
  const answers: (StoredRecord | undefined)[] = new Array<undefined>(records.length);
  let failure: ReadResult['failure'];
  let requestId: string | null = null;
  const known = records.filter(({ key }) => isKey(key));
  for (const event of new Set(known.map(({ key }) => eventOf(key)))) {
    const contacts = known.filter(({ key }) => eventOf(key) === event).map(({ key }) => contactOf(key));
    const read = await readEvent(api, event, contacts, options);
    requestId = read.requestId ?? requestId;
    failure ??= read.failure;
    records.forEach(({ key }, place) => {
      if (!isKey(key) || eventOf(key) !== event) return;
      const fields = read.shown.get(contactOf(key));
      if (fields) answers[place] = { targetId: key, fields };
      else if (read.isComplete) answers[place] = null;
    });
  }
  if (answers.includes(undefined)) failure ??= unconfirmed(200);
  return { records: answers, requestId, ...(failure ? { failure } : {}) };
}

/** By whichever takes fewer calls: pages of everybody at the event, or a call for each contact. */
async function readEvent(
  api: HubspotApi,
  event: string,
  contacts: readonly string[],
  options: CallOptions,
): Promise<Read> {
  if (contacts.length === 1) return readEach(api, event, contacts, options);
  const shown = new Map<string, Readonly<Record<string, unknown>>>();
  let after: string | null = null;
  for (let pages = 0; pages <= contacts.length; pages++) {
    const page = await readPage(api, event, { limit: String(PAGE_MAX), ...(after && { after }) }, options);
    if (page.failure) return { ...page, shown, isComplete: false };
    if (page.total / PAGE_MAX > contacts.length) break;
    for (const [contact, fields] of page.shown) shown.set(contact, latest(shown.get(contact), fields));
    if (page.after === null) return { ...page, shown, isComplete: true };
    after = page.after;
  }
  return readEach(api, event, contacts, options);
}

async function readEach(
  api: HubspotApi,
  event: string,
  contacts: readonly string[],
  options: CallOptions,
): Promise<Read> {
  const shown = new Map<string, Readonly<Record<string, unknown>>>();
  let last: Omit<Read, 'shown' | 'isComplete'> = { requestId: null, status: null };
  for (const contact of contacts) {
    const page = await readPage(api, event, { contactIdentifier: contact }, options);
    last = page;
    if (page.failure) return { ...page, shown, isComplete: false };
    // A contact that was merged into another is shown under the other's id.
    for (const fields of page.shown.values()) shown.set(contact, latest(shown.get(contact), fields));
  }
  return { ...last, shown, isComplete: true };
}

async function readPage(
  api: HubspotApi,
  event: string,
  query: Readonly<Record<string, string>>,
  options: CallOptions,
): Promise<Read & { readonly total: number; readonly after: string | null }> {
  const { marketingEventsPath, externalAccountId } = api.settings;
  const of = [externalAccountId, event].map(encodeURIComponent).join('/');
  const path = `${marketingEventsPath}/participations/${of}/breakdown?${new URLSearchParams(query).toString()}`;
  const { body, ...read } = await api.read('GET', path, null, options);
  const none = { ...read, shown: new Map(), isComplete: false, total: 0, after: null };
  if (read.failure) return none;
  if (!isBatch(body)) return { ...none, failure: unreadable(read.status ?? 0) };
  const shown = new Map<string, Readonly<Record<string, unknown>>>();
  for (const result of body.results) {
    const { contact, fields } = participation(result);
    if (contact !== null) shown.set(contact, latest(shown.get(contact), fields));
  }
  const { total, paging } = body as { total?: unknown; paging?: { next?: { after?: unknown } } };
  const next = paging?.next?.after;
  const after = typeof next === 'string' && next !== '' ? next : null;
  return { ...read, shown, isComplete: after === null, total: Number(total) || 0, after };
}

function participation(result: unknown): { contact: string | null; fields: Record<string, unknown> } {
  const { associations, properties } = (result ?? {}) as {
    associations?: { contact?: { contactId?: unknown } };
    properties?: Record<string, unknown>;
  };
  const id = associations?.contact?.contactId;
  return {
    contact: typeof id === 'string' || typeof id === 'number' ? String(id) : null,
    fields: properties ?? {},
  };
}

/** Should HubSpot keep more than one of a contact, the last word counts. */
function latest(
  one: Readonly<Record<string, unknown>> | undefined,
  other: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return one && Number(one.occurredAt) > Number(other.occurredAt) ? one : other;
}
