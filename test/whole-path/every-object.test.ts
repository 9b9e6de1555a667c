/** Three people and one event, from the API to every object at every backend, with all mappings that ship switched on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ledger } from '../../src/pipelines/ledger.js';
import type { AnswerBody } from '../http/app.js';
import { AllBackends, type Backend, MAPPINGS } from './all-backends.js';

const EVENT = 'summit'; // mappings/picklists/marketo-programs.yaml knows it
const HOUR_MS = 3_600_000;
const start = Date.now() + 24 * HOUR_MS;
const at = (minutes: number): string => new Date(start + minutes * 60_000).toISOString();

let all: AllBackends;
let ada: AnswerBody;
let cem: AnswerBody;
let event: string;

beforeAll(async () => {
  all = await AllBackends.start();
  const { app } = all;
  const whole = { startsAt: at(0), endsAt: at(180), timeZone: 'Europe/Berlin' };
  const made = { slug: EVENT, name: 'Summit', capacity: 100, waitlist: { capacity: null }, ...whole };
  await app.operator('POST', '/v1/events', made);
  await app.operator('PUT', `/v1/events/${EVENT}/sessions/opening`, {
    title: 'Opening',
    startsAt: at(0),
    endsAt: at(60),
    kind: 'talk',
    speakers: [],
  });
  event = (await app.operator('PATCH', `/v1/events/${EVENT}`, { state: 'open' })).body.id;
});

afterAll(() => all.stop());

async function register(firstName: string): Promise<AnswerBody> {
  const attendee = {
    email: `${firstName}@example.org`,
    firstName,
    lastName: 'Whole',
    company: 'Example Ltd',
    country: 'ES',
  };
  const consents = [{ purpose: 'marketing', granted: true }];
  const answer = await all.app.register(EVENT, { attendee, consents });
  expect(answer.status, answer.text).toBe(201);
  return answer.body;
}

async function cancel({ id, manageToken }: AnswerBody): Promise<void> {
  const answer = await all.app.call('DELETE', `/v1/registrations/${id}`, { token: manageToken });
  expect(answer.status, answer.text).toBe(200);
}

const idOf = (name: string, list: Awaited<ReturnType<AllBackends['records']>>): string =>
  list.find(({ fields }) => Object.values(fields).includes(`${name}@example.org`))!.id;

/** One field of an object by the person whose it is, `reference` being the field that names them. */
async function byPerson(
  backend: Backend,
  [persons, object]: readonly [string, string],
  reference: string,
  field: string,
): Promise<Record<string, unknown>> {
  const people = await all.records(backend, persons);
  const records = await all.records(backend, object);
  return Object.fromEntries(
    ['ada', 'bob', 'cem'].map((name) => {
      const id = idOf(name, people);
      return [name, records.find(({ fields }) => String(fields[reference]) === id)?.fields[field]];
    }),
  );
}

const participations = () => byPerson('hubspot', ['contacts', 'participations'], 'contactId', 'state');
const members = () => byPerson('salesforce', ['Lead', 'CampaignMember'], 'LeadId', 'Status');
const programStatuses = () => byPerson('marketo', ['leads', 'members'], 'leadId', 'statusName');

/** What is said of a person at each backend. */
async function statusesOf(name: string): Promise<Record<Backend, unknown>> {
  const of = async (backend: Backend, object: string, field: string): Promise<unknown> => {
    const records = await all.records(backend, object);
    const id = idOf(name, records);
    return records.find((record) => record.id === id)!.fields[field];
  };
  return {
    hubspot: await of('hubspot', 'contacts', 'foyer_status'),
    salesforce: await of('salesforce', 'Lead', 'Status'),
    marketo: await of('marketo', 'leads', 'foyerStatus'),
    dataverse: await of('dataverse', 'contacts', 'foyer_status'),
    mailchimp: await of('mailchimp', 'members', 'status'),
  };
}

/** The states of each mapping's records, those that there are none of left out. */
function statesIn(ledgers: ReadonlyMap<string, Ledger>): Record<string, Record<string, number>> {
  return Object.fromEntries(
    [...ledgers].map(([mapping, { states }]) => [
      mapping,
      Object.fromEntries(Object.entries(states).filter(([, count]) => count > 0)),
    ]),
  );
}

/** Every record of every mapping stands in one state, and every change has its answer. */
async function balanced(): Promise<Record<string, Record<string, number>>> {
  const ledgers = await all.settled();
  for (const { mapping, records, states, unaccounted, changes } of ledgers.values()) {
    expect(unaccounted, mapping).toBe(0);
    expect(
      Object.values(states).reduce((sum, count) => sum + count, 0),
      mapping,
    ).toBe(records);
    expect(changes.settled + changes.superseded, mapping).toBe(changes.total);
    expect(states.rejected, mapping).toBe(0);
  }
  return statesIn(ledgers);
}

describe('With every mapping switched on', () => {
  it('who registers is a person, and a member of the event, at every backend', async () => {
    ada = await register('ada');
    await register('bob');
    cem = await register('cem');
    const states = await balanced();
    for (const mapping of MAPPINGS) {
      const isOfEvent = ['hubspot.marketing-event', 'salesforce.campaign'].includes(mapping);
      const isLater = /attendance|activity|interaction/.test(mapping);
      const expected = isLater ? {} : isOfEvent ? { verified: 1 } : { verified: 3 };
      expect(states[mapping], mapping).toEqual(
        mapping === 'hubspot.completion' ? { suppressed: 1 } : expected,
      );
    }
    expect(await participations()).toEqual({ ada: 'REGISTERED', bob: 'REGISTERED', cem: 'REGISTERED' });
    expect(await members()).toEqual({ ada: 'Registered', bob: 'Registered', cem: 'Registered' });
    expect(await programStatuses()).toEqual({ ada: 'Registered', bob: 'Registered', cem: 'Registered' });
  });

  it('who cancels is told as cancelled wherever a status can go back', async () => {
    await cancel(cem);
    await balanced();
    expect(await participations()).toMatchObject({ cem: 'CANCELLED' });
    expect(await members()).toMatchObject({ cem: 'Cancelled' });
    expect(await programStatuses()).toMatchObject({ cem: 'Registered' });
    expect(await statusesOf('cem')).toEqual({
      hubspot: 'cancelled',
      salesforce: 'Withdrawn',
      marketo: 'cancelled',
      dataverse: 'cancelled',
      mailchimp: 'subscribed',
    });
  });

  it('who attends and asks has attended everywhere, and the question stands beside them', async () => {
    const person = { email: 'ada@example.org' };
    const base = { source: 'test', person, session: 'opening' };
    const { results } = await all.signals(EVENT, [
      { ...base, sourceId: '1', type: 'joined', at: at(5) },
      { ...base, sourceId: '2', type: 'left', at: at(50) },
      { ...base, sourceId: '3', type: 'asked', at: at(20), data: { question: 'Why?' } },
    ]);
    expect(results).toMatchObject(Array(3).fill({ status: 'accepted' }));
    await all.closeAttendance();
    const states = await balanced();

    expect(states['hubspot.attendance']).toEqual({ verified: 1, suppressed: 2 });
    expect(states['salesforce.attendance']).toEqual({ verified: 2, suppressed: 1 });
    expect(states['marketo.attendance']).toEqual({ verified: 2, suppressed: 1 });
    expect(states['salesforce.interaction']).toEqual({ verified: 1 });
    expect(states['marketo.activity']).toEqual({ sent: 1 });
    expect(states['hubspot.completion']).toEqual({ verified: 1 });

    expect(await participations()).toEqual({ ada: 'ATTENDED', bob: 'NO_SHOW', cem: 'CANCELLED' });
    expect(await members()).toEqual({ ada: 'Attended', bob: 'No Show', cem: 'Cancelled' });
    expect(await programStatuses()).toEqual({ ada: 'Attended', bob: 'No Show', cem: 'Registered' });

    const [lead] = (await all.records('salesforce', 'Lead')).filter(
      ({ fields }) => fields.FirstName === 'ada',
    );
    const [asked] = await all.records('salesforce', 'Foyer_Interaction__c');
    expect(asked!.fields).toMatchObject({ Lead__c: lead!.id, Kind__c: 'asked', Session__c: 'Opening' });
    const activities = await all.records('marketo', 'activities');
    expect(activities.map(({ fields }) => fields)).toMatchObject([{ primaryAttributeValue: 'asked' }]);
    const [member] = (await all.records('salesforce', 'CampaignMember')).filter(
      ({ fields }) => fields.LeadId === lead!.id,
    );
    expect(member!.fields).toMatchObject({ Foyer_Attended__c: true, Foyer_Minutes__c: 45 });
  });

  it('the event is complete at HubSpot, after the last word on who attended', async () => {
    const [marketing] = await all.records('hubspot', 'marketing_events');
    expect(marketing!.fields).toMatchObject({ externalEventId: event, eventCompleted: true });
    const journal = await all.journal('hubspot');
    const completed = journal.findIndex(({ path }) => path.includes('/complete'));
    const lastWord = journal.findLastIndex(({ object }) => object === 'participations');
    expect(completed).toBeGreaterThan(lastWord);
    expect(journal.filter(({ path }) => path.includes('/complete'))).toHaveLength(1);
  });

  it('who cancels after that is withdrawn as a person, and has attended all the same', async () => {
    await cancel(ada);
    await balanced();
    expect(await participations()).toMatchObject({ ada: 'ATTENDED' });
    expect(await members()).toMatchObject({ ada: 'Attended' });
    expect(await programStatuses()).toMatchObject({ ada: 'Attended' });
    expect(await statusesOf('ada')).toMatchObject({ hubspot: 'cancelled', salesforce: 'Withdrawn' });
  });

  it('who is erased is withdrawn everywhere, as the mappings say, and the books still balance', async () => {
    const answer = await all.app.call('DELETE', `/v1/registrations/${ada.id}/person`, {
      token: ada.manageToken,
    });
    expect(answer.status, answer.text).toBe(200);
    const states = await balanced();
    for (const mapping of MAPPINGS.filter((name) => !/event$|completion|campaign$/.test(name)))
      expect(states[mapping]!.erased, mapping).toBeGreaterThan(0);
    expect(await statusesOf('ada')).toEqual({
      hubspot: 'withdrawn',
      salesforce: 'Withdrawn',
      marketo: 'withdrawn',
      dataverse: 'withdrawn',
      mailchimp: 'unsubscribed',
    });
    expect(await participations()).toEqual({ ada: 'ATTENDED', bob: 'NO_SHOW', cem: 'CANCELLED' });
    expect(await members()).toEqual({ ada: 'Attended', bob: 'No Show', cem: 'Cancelled' });
  });
});
