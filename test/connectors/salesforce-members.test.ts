/** Members of campaigns at Salesforce: their statuses, what is fixed when they are made, and who attended. */
import { describe, expect, test } from 'vitest';
import type { ObjectTarget, OutgoingRecord } from '../../src/connectors/connector.js';
import { dialects, kinds } from './dialects.js';
import { type Seen, json, sharedServer } from './scripted-server.js';

const signal = new AbortController().signal;
const dialect = dialects[1]!;
const MEMBER: ObjectTarget = { object: 'CampaignMember', operation: 'upsert', keyField: 'Foyer_Id__c' };
const CAMPAIGN = '7014S000001VKQ1QAO';
const LEAD = '00Q4S000001VKQ1UAO';

const server = sharedServer();

const bodyOf = (seen: Seen) => JSON.parse(seen.body) as { records: Record<string, unknown>[] };
const calls = (part: string) => server.seen.filter(({ path }) => path.includes(part));

describe('members of a campaign', () => {
  const member = (n: number, targetId: string | null = null): OutgoingRecord => ({
    traceId: `t-${n}`,
    key: `r-${n}`,
    targetId,
    fields: { CampaignId: CAMPAIGN, LeadId: LEAD, Status: n % 2 ? 'Attended' : 'Registered' },
  });
  const written = (write: Seen) =>
    bodyOf(write).records.map((_, n) => ({ id: `00v${n}`, success: true, errors: [], created: true }));

  test('have their statuses made first, once, and those that count as a response marked', async () => {
    server.script = dialect.around((request, response) => {
      if (request.path.includes('/query'))
        json(response, 200, { done: true, records: [{ CampaignId: CAMPAIGN, Label: 'Sent', SortOrder: 1 }] });
      else json(response, 200, written(request));
    });
    const sales = dialect.connector(server);
    expect(kinds(await sales.send(MEMBER, [member(0), member(1)], { signal }))).toEqual([
      'written',
      'written',
    ]);
    expect(kinds(await sales.send(MEMBER, [member(2)], { signal }))).toEqual(['written']);
    expect(calls('/query')).toHaveLength(1);
    const made = server.seen.filter(
      ({ method, path }) => method === 'POST' && path.endsWith('/composite/sobjects'),
    );
    expect(made.flatMap((call) => bodyOf(call).records)).toEqual([
      expect.objectContaining({ Label: 'Registered', SortOrder: 2, HasResponded: false }),
      expect.objectContaining({ Label: 'Attended', SortOrder: 3, HasResponded: true }),
    ]);
  });

  test('that stand already are written without what is fixed when they are made', async () => {
    server.script = dialect.around((request, response) => {
      if (request.path.includes('/query')) json(response, 200, { done: true, records: [] });
      else if (request.method === 'POST') json(response, 200, written(request));
      else
        json(
          response,
          200,
          bodyOf(request).records.map((record, n) =>
            'LeadId' in record
              ? {
                  success: false,
                  errors: [
                    {
                      statusCode: 'INVALID_FIELD_FOR_INSERT_UPDATE',
                      message: 'Unable to create/update fields: LeadId, CampaignId.',
                      fields: ['LeadId', 'CampaignId'],
                    },
                  ],
                }
              : { id: `00v${n}`, success: true, errors: [], created: false },
          ),
        );
    });
    const result = await dialect.connector(server).send(MEMBER, [member(0), member(1, '00v9')], { signal });
    expect(kinds(result)).toEqual(['written', 'written']);
    const writes = server.seen.filter(dialect.isWrite).map((write) => bodyOf(write).records);
    expect(writes.map((records) => records.map((record) => 'LeadId' in record))).toEqual([
      [true, false],
      [false],
    ]);
  });

  /** Members that stand under these statuses, and take what is written. */
  const standing = (statuses: Record<string, string>): void => {
    server.script = dialect.around((request, response) => {
      const { ids } = JSON.parse(request.body || '{}') as { ids?: string[] };
      if (request.path.includes('/query')) json(response, 200, { done: true, records: [] });
      else if (ids)
        json(
          response,
          200,
          ids.map((Id) => ({ Id, Status: statuses[Id], attributes: {} })),
        );
      else json(response, 200, written(request));
    });
  };
  const statusesSent = () =>
    server.seen.filter(dialect.isWrite).flatMap((write) => bodyOf(write).records.map(({ Status }) => Status));
  const [HERE, AWAY, OPEN] = ['00v4S000001VKQ1QAO', '00v4S000001VKQ2QAO', '00v4S000001VKQ3QAO'];

  test('are not moved out of a status of attendance by their registration, and are among these', async () => {
    standing({ [HERE]: 'Attended', [AWAY]: 'No Show', [OPEN]: 'Registered' });
    const cancelled = [HERE, AWAY, OPEN].map((id, n) => {
      const one = member(2 * n, id);
      return { ...one, fields: { ...one.fields, Status: 'Cancelled' } };
    });
    const sales = dialect.connector(server);
    expect(kinds(await sales.send(MEMBER, cancelled, { signal }))).toEqual(Array(3).fill('written'));
    expect(statusesSent()).toEqual([undefined, undefined, 'Cancelled']);
    server.seen.length = 0;
    expect(kinds(await sales.send(MEMBER, [member(1, AWAY)], { signal }))).toEqual(['written']);
    expect(statusesSent()).toEqual(['Attended']);
  });

  test('who attended are as a registration wants them, and who is registered is not as attendance does', () => {
    const is = (wanted: string, stored: string, target = MEMBER) =>
      dialect.connector(server).isFulfilled!(target, 'Status', wanted, stored);
    expect(is('Cancelled', 'Attended')).toBe(true);
    expect(is('Attended', 'Registered')).toBe(false);
    expect(is('Attended', 'No Show')).toBe(false);
    expect(is('Cancelled', 'Registered')).toBe(false);
    expect(is('Cancelled', 'Attended', dialect.target)).toBe(false);
  });

  test('whose status cannot be read are left for later, and those that are new are made', async () => {
    server.script = dialect.around((request, response) => {
      if (request.path.includes('/query')) json(response, 200, { done: true, records: [] });
      else if (request.body.includes('"ids"')) response.writeHead(503).end();
      else json(response, 200, written(request));
    });
    const result = await dialect.connector(server).send(MEMBER, [member(0), member(2, OPEN)], { signal });
    expect(kinds(result)).toEqual(['written', 'retry']);
  });

  test('are not sent while their statuses cannot be made sure of', async () => {
    server.script = dialect.around((_, response) => void response.writeHead(503).end());
    const result = await dialect.connector(server).send(MEMBER, [member(0)], { signal });
    expect(kinds(result)).toEqual(['retry']);
    expect(server.seen.filter(dialect.isWrite)).toHaveLength(0);
  });
});
