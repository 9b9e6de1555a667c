/** Somebody who cancels and registers again, with every mapping that ships, from the API to each backend and back. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ledger } from '../../src/pipelines/ledger.js';
import { waitFor } from '../support/wait-for.js';
import type { AnswerBody } from '../http/app.js';
import { AllBackends, type Backend } from './all-backends.js';

const EVENT = 'summit'; // mappings/picklists/marketo-programs.yaml knows it
/** One object of these for each person and event, whatever registrations they had. */
const OF_EVENT = ['hubspot.registration', 'marketo.program-status', 'salesforce.campaign-member'];
const start = Date.now() + 86_400_000;
const at = (minutes: number): string => new Date(start + minutes * 60_000).toISOString();

let all: AllBackends;
/** Each person's registrations, in the order in which they were made. */
const made: Record<string, AnswerBody[]> = {};

beforeAll(async () => {
  all = await AllBackends.start();
  const whole = { startsAt: at(0), endsAt: at(180), timeZone: 'Europe/Berlin' };
  const { app } = all;
  const event = { slug: EVENT, name: 'Summit', capacity: 100, waitlist: { capacity: null }, ...whole };
  await app.operator('POST', '/v1/events', event);
  await app.operator('PATCH', `/v1/events/${EVENT}`, { state: 'open' });
});

afterAll(() => all.stop());

async function register(name: string): Promise<void> {
  const attendee = {
    email: `${name}@example.org`,
    firstName: name,
    lastName: 'Again',
    company: 'Example Ltd',
    country: 'ES',
  };
  const consents = [{ purpose: 'marketing', granted: true }];
  const answer = await all.app.register(EVENT, { attendee, consents });
  expect(answer.status, answer.text).toBe(201);
  made[name] = [...(made[name] ?? []), answer.body];
}

async function cancel(name: string): Promise<void> {
  const { id, manageToken } = made[name]!.at(-1)!;
  const answer = await all.app.call('DELETE', `/v1/registrations/${id}`, { token: manageToken });
  expect(answer.status, answer.text).toBe(200);
}

/** Every ledger balances and nothing was refused. */
async function balanced(): Promise<ReadonlyMap<string, Ledger>> {
  const ledgers = await all.settled();
  for (const { mapping, states, unaccounted, changes, records } of ledgers.values()) {
    expect(unaccounted, mapping).toBe(0);
    expect(states.rejected, mapping).toBe(0);
    expect(changes.settled + changes.superseded, mapping).toBe(changes.total);
    expect(
      Object.values(states).reduce((sum, count) => sum + count, 0),
      mapping,
    ).toBe(records);
  }
  return ledgers;
}

/** What the objects of a person and the event say, at each backend; one entry an object. */
async function standing(name: string): Promise<Record<string, unknown[]>> {
  const of = async (
    backend: Backend,
    [persons, object]: readonly [string, string],
    reference: string,
    field: string,
  ) => {
    const person = (await all.records(backend, persons)).find(({ fields }) =>
      Object.values(fields).includes(`${name}@example.org`),
    )!;
    const objects = await all.records(backend, object);
    return objects
      .filter(({ fields }) => String(fields[reference]) === person.id)
      .map(({ fields }) => fields[field]);
  };
  return {
    hubspot: await of('hubspot', ['contacts', 'participations'], 'contactId', 'state'),
    salesforce: await of('salesforce', ['Lead', 'CampaignMember'], 'LeadId', 'Status'),
    marketo: await of('marketo', ['leads', 'members'], 'leadId', 'statusName'),
  };
}

const REGISTERED = { hubspot: ['REGISTERED'], salesforce: ['Registered'], marketo: ['Registered'] };
/** A status only goes forward at Marketo. */
const CANCELLED = { hubspot: ['CANCELLED'], salesforce: ['Cancelled'], marketo: ['Registered'] };

async function delivery(mapping: string, { id }: AnswerBody) {
  const { body } = await all.app.operator('GET', `/v1/deliveries/${mapping}/${id}`);
  return body as unknown as {
    state: string;
    reason?: { code: string; message: string };
    why: { isThere: boolean; sentence: string };
  };
}

/** How many writes the backends have taken of these objects. */
async function writes(): Promise<number> {
  const of = await Promise.all(
    (['hubspot', 'salesforce', 'marketo'] as const).map((backend) => all.journal(backend)),
  );
  return of.flat().filter(({ object }) => ['participations', 'CampaignMember', 'members'].includes(object))
    .length;
}

describe('Who cancels and registers again', () => {
  it('is registered at every backend, once, and the books say whose word it is', async () => {
    await register('ada');
    await balanced();
    await cancel('ada');
    await balanced();
    expect(await standing('ada')).toEqual(CANCELLED);
    await register('ada');
    await balanced();
    expect(await standing('ada')).toEqual(REGISTERED);

    const [first, second] = made.ada!;
    expect(second!.id).not.toBe(first!.id);
    for (const mapping of OF_EVENT) {
      expect(await delivery(mapping, second!), mapping).toMatchObject({ state: 'verified' });
      // It is asked again once its word has passed to the second.
      await waitFor(
        () => delivery(mapping, first!),
        ({ state }) => state === 'retained',
      );
    }
    for (const mapping of ['hubspot.registration', 'salesforce.campaign-member']) {
      const { reason, why } = await delivery(mapping, first!);
      expect(reason, mapping).toMatchObject({ code: 'spoken-for' });
      expect(why.sentence, mapping).toContain(second!.id);
      expect(why.sentence, mapping).not.toContain('when');
    }
  });

  it('is registered as well where all of it comes at once', async () => {
    await register('bob');
    await cancel('bob');
    await register('bob');
    await balanced();
    expect(await standing('bob')).toEqual(REGISTERED);
  });

  it('is cancelled when the second is cancelled too, and registered by a third', async () => {
    await cancel('ada');
    await balanced();
    expect(await standing('ada')).toEqual(CANCELLED);
    await register('ada');
    await cancel('ada');
    await register('ada');
    await balanced();
    expect(await standing('ada')).toEqual(REGISTERED);
  });

  it('stays registered when the old one is delivered again, and a comparison finds nothing', async () => {
    const before = await writes();
    for (const mapping of OF_EVENT) {
      const keys = made.ada!.slice(0, -1).map(({ id }) => id);
      const answer = await all.app.operator('POST', '/v1/deliveries/replay', { mapping, keys });
      expect(answer.status, answer.text).toBe(202);
    }
    await waitFor(
      async () =>
        (await all.app.pool.query<{ n: string }>('select count(*) as n from redeliveries')).rows[0]!.n,
      (n) => n === '0',
    );
    await balanced();
    expect(await standing('ada')).toEqual(REGISTERED);
    expect(await writes()).toBe(before);

    for (const mapping of OF_EVENT) {
      const asked = await all.app.operator('POST', '/v1/reconciliations', { mapping });
      expect(asked.status, asked.text).toBe(202);
      const run = await waitFor(
        async () => (await all.app.operator('GET', `/v1/reconciliations/${asked.body.id}`)).body,
        ({ state }) => state === 'done' || state === 'failed',
      );
      expect(run, mapping).toMatchObject({ state: 'done' });
      const found = await all.app.operator('GET', `/v1/reconciliations/${asked.body.id}/discrepancies`);
      expect(found.body, mapping).toMatchObject({ items: [] });
    }
  });

  it('has attended at every backend when they were there', async () => {
    const person = { email: 'ada@example.org' };
    const base = { source: 'test', person };
    const { results } = await all.signals(EVENT, [
      { ...base, sourceId: '1', type: 'joined', at: at(5) },
      { ...base, sourceId: '2', type: 'left', at: at(50) },
    ]);
    expect(results).toMatchObject(Array(2).fill({ status: 'accepted' }));
    await all.closeAttendance();
    await balanced();
    expect(await standing('ada')).toEqual({
      hubspot: ['ATTENDED'],
      salesforce: ['Attended'],
      marketo: ['Attended'],
    });
    expect(await standing('bob')).toEqual({
      hubspot: ['NO_SHOW'],
      salesforce: ['No Show'],
      marketo: ['No Show'],
    });
  });

  it('is withdrawn everywhere when they are erased, with every registration that they had', async () => {
    const { id, manageToken } = made.ada!.at(-1)!;
    const answer = await all.app.call('DELETE', `/v1/registrations/${id}/person`, { token: manageToken });
    expect(answer.status, answer.text).toBe(200);
    await balanced();
    for (const mapping of OF_EVENT)
      for (const one of made.ada!)
        expect(await delivery(mapping, one), mapping).toMatchObject({ state: 'erased' });
  });
});
