import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { FieldValue, ObjectTarget, Outcome, OutgoingRecord } from '../../src/connectors/connector.js';
import { dialects, persons } from './dialects.js';
import {
  absentMessage,
  areRecordingsHere,
  cassettes,
  type Interaction,
  mappings,
  sorted,
} from './recordings.js';
import { sharedServer } from './scripted-server.js';

const signal = new AbortController().signal;
const [hubspot, salesforce] = dialects;

if (!areRecordingsHere) console.warn(`Skipped: ${absentMessage}.`);

describe.skipIf(!areRecordingsHere)('recorded traffic', () => {
  const server = sharedServer();

  const replay = (answer: Interaction) => (_: unknown, response: ServerResponse) => {
    response.writeHead(answer.status, answer.headers).end(answer.body);
  };
  const isUpsert = (one: Interaction): boolean =>
    one.method === 'PATCH' && /\/composite\/sobjects\/\w+\/\w+$/.test(one.url);

  test('the recorded Contact upserts are reproduced byte for byte, keys sorted, and read as written', async () => {
    const upserts = cassettes('cumulusci-bsd3').filter(
      (one) => isUpsert(one) && one.url.endsWith('/Contact/Email'),
    );
    expect(upserts.length).toBeGreaterThanOrEqual(4);
    for (const recorded of upserts) {
      const { records } = JSON.parse(recorded.requestBody) as { records: Record<string, string>[] };
      server.seen.length = 0;
      server.script = salesforce!.around(replay(recorded));
      const target: ObjectTarget = { object: 'Contact', operation: 'upsert', keyField: 'Email' };
      const result = await salesforce!.connector(server).send(
        target,
        records.map(({ attributes: _, Email, ...fields }, n) => ({
          traceId: `t-${n}`,
          key: Email!,
          targetId: null,
          fields,
        })),
        { signal },
      );
      const write = server.seen.find(salesforce!.isWrite)!;
      expect(sorted(JSON.parse(write.body))).toBe(sorted(JSON.parse(recorded.requestBody)));
      expect(write.path.replace(/v\d+\.0/, 'vxx.0')).toBe(new URL(recorded.url).pathname);
      const told = JSON.parse(recorded.body) as { id: string; created: boolean }[];
      expect(result.outcomes).toEqual(
        told.map(({ id, created }) => ({ kind: 'written', targetId: id, created })),
      );
    }
  });

  test('every recorded collection answer is read record by record', async () => {
    const answers = cassettes('cumulusci-bsd3').filter((one) => /\/composite\/sobjects(\/|$)/.test(one.url));
    expect(answers.length).toBeGreaterThan(10);
    for (const recorded of answers) {
      const told = JSON.parse(recorded.body) as {
        id?: string;
        success: boolean;
        created?: boolean;
        errors: { statusCode: string }[];
      }[];
      server.script = salesforce!.around(replay(recorded));
      const { outcomes } = await salesforce!
        .connector(server)
        .send(salesforce!.target, persons(told.length), { signal });
      const expected = told.map(({ success, id, created, errors }) =>
        success ? ['written', id, created ?? null] : ['rejected', errors[0]!.statusCode],
      );
      expect(outcomes.map(summary), recorded.file).toEqual(expected);
    }
  });

  test.each([
    ['create-invalid-api-version', 'rejected', 'NOT_FOUND', 'mapping', undefined],
    ['create-invalid-field', 'rejected', 'INVALID_FIELD', 'mapping', 'FavoritePet__c'],
    [
      'create-invalid-picklist-value',
      'rejected',
      'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
      'mapping',
      'Rating__c',
    ],
    ['create-invalid-token', 'unauthorised', 'INVALID_SESSION_ID', 'backend', undefined],
    ['create-required-field-missing', 'rejected', 'REQUIRED_FIELD_MISSING', 'mapping', 'Website__c'],
    ['create-unknown-object', 'rejected', 'NOT_FOUND', 'mapping', undefined],
    ['delete-already-deleted', 'rejected', 'ENTITY_IS_DELETED', 'backend', undefined],
    ['query-malformed-soql', 'rejected', 'MALFORMED_QUERY', 'backend', undefined],
    ['query-unknown-column', 'rejected', 'INVALID_FIELD', 'mapping', 'Bacon__c'],
    ['update-invalid-field', 'rejected', 'INVALID_FIELD', 'mapping', 'Color__c'],
    ['update-malformed-id', 'rejected', 'MALFORMED_ID', 'mapping', 'Id'],
    ['query-unexpected-response', 'rejected', 'http-404', 'backend', undefined],
    ['query-unparseable-body', 'unanswered', 'unreadable-answer', 'backend', undefined],
    ['query-resource-not-found', 'unanswered', 'unreadable-answer', 'backend', undefined],
    ['query', 'unanswered', 'unreadable-answer', 'backend', undefined],
    ['create', 'unanswered', 'unreadable-answer', 'backend', undefined],
    ['update', 'unanswered', 'unreadable-answer', 'backend', undefined],
  ])('Salesforce, recorded: %s is %s %s for a record', async (file, kind, code, owner, field) => {
    const recorded = mappings('sf-fx-bsd3').find((one) => one.file === `${file}.json`)!;
    server.script = salesforce!.around(replay(recorded));
    const result = await salesforce!.connector(server).send(salesforce!.target, persons(1), { signal });
    expect(result.outcomes).toEqual([expect.objectContaining({ kind })]);
    expect(reasonOf(result.outcomes[0]!)).toMatchObject({ code, owner, ...(field ? { field } : {}) });
    const usage = /api-usage=(\d+)\/(\d+)/.exec(recorded.headers['sforce-limit-info'] ?? '');
    expect(result.quota).toEqual(usage ? { used: Number(usage[1]), max: Number(usage[2]) } : undefined);
  });

  test('no recorded Salesforce answer outside the collections is taken for a write', async () => {
    const others = [...mappings('sf-fx-bsd3'), ...cassettes('cumulusci-bsd3')].filter(
      (one) => !/\/composite\/sobjects(\/|$)/.test(one.url),
    );
    expect(others.length).toBeGreaterThan(40);
    for (const recorded of others) {
      server.script = salesforce!.around(replay(recorded));
      const { outcomes } = await salesforce!
        .connector(server)
        .send(salesforce!.target, persons(2), { signal });
      expect(outcomes, recorded.file).toHaveLength(2);
      for (const outcome of outcomes) expect(outcome.kind, recorded.file).not.toBe('written');
    }
  });

  test('the recorded HubSpot batch/create and our upsert agree property by property', async () => {
    const recorded = cassettes('ruby_hubspot_api-mit').find((one) => one.url.endsWith('/batch/create'))!;
    const { inputs } = JSON.parse(recorded.requestBody) as {
      inputs: { properties: Record<string, string> }[];
    };
    server.script = replay(recorded);
    const records = inputs.map(({ properties: { email, ...fields } }, n): OutgoingRecord => {
      return { traceId: `t-${n}`, key: email!, targetId: null, fields };
    });
    const { outcomes, requestId } = await hubspot!
      .connector(server)
      .send(hubspot!.target, records, { signal });
    const sent = JSON.parse(server.seen[0]!.body) as { inputs: { properties: Record<string, FieldValue> }[] };
    expect(sent.inputs.map(({ properties }) => properties)).toEqual(
      inputs.map(({ properties }) => properties),
    );

    // The recorded results stand in another order than the inputs: the e-mail address tells who is who.
    const { results } = JSON.parse(recorded.body) as {
      results: { id: string; properties: Record<string, string> }[];
    };
    expect(results.map(({ properties }) => properties.email)).not.toEqual(records.map(({ key }) => key));
    expect(outcomes).toEqual(
      records.map(({ key }) => ({
        kind: 'written',
        targetId: results.find(({ properties }) => properties.email === key)!.id,
        created: null,
      })),
    );
    expect(requestId).toBe(recorded.headers['x-hubspot-correlation-id']);
    const connector = hubspot!.connector(server);
    for (const [index, { properties }] of inputs.entries()) {
      const stored = results.find(
        ({ id }) => id === (outcomes[index] as { targetId: string }).targetId,
      )!.properties;
      for (const [field, value] of Object.entries(properties))
        expect(connector.canonical(hubspot!.target, field, stored[field])).toBe(
          connector.canonical(hubspot!.target, field, value),
        );
    }
  });

  test('every recorded HubSpot error is read as what it is', async () => {
    const errors = cassettes('ruby_hubspot_api-mit').filter((one) => one.status >= 400);
    expect(errors.length).toBeGreaterThanOrEqual(7);
    for (const recorded of errors) {
      server.script = replay(recorded);
      const { outcomes } = await hubspot!.connector(server).send(hubspot!.target, persons(2), { signal });
      const kind = recorded.status === 403 ? 'unauthorised' : 'rejected';
      expect(
        outcomes.map((outcome) => outcome.kind),
        recorded.file,
      ).toEqual([kind, kind]);
      const code =
        recorded.status === 404
          ? 'http-404'
          : recorded.body.includes('MISSING_SCOPES')
            ? 'MISSING_SCOPES'
            : 'FORBIDDEN';
      expect(reasonOf(outcomes[0]!)).toMatchObject({ code, status: recorded.status });
    }
  });

  test('no recorded HubSpot answer to anything but a batch is taken for a write', async () => {
    const others = cassettes('ruby_hubspot_api-mit').filter(
      (one) => !one.url.includes('/batch/create') && one.status < 300,
    );
    for (const recorded of others) {
      server.script = replay(recorded);
      const { outcomes } = await hubspot!.connector(server).send(hubspot!.target, persons(2), { signal });
      for (const outcome of outcomes) expect(outcome.kind, recorded.file).toBe('unanswered');
    }
  });

  test('the rate-limit headers of HubSpot are read as the use of its day', async () => {
    const recorded = cassettes('ruby_hubspot_api-mit').find((one) =>
      one.file.endsWith('companies/create.yml'),
    )!;
    server.script = replay(recorded);
    const { quota } = await hubspot!.connector(server).send(hubspot!.target, persons(1), { signal });
    expect(quota).toEqual({ used: 250_000 - 249_696, max: 250_000 });
  });
});

const summary = (outcome: Outcome): unknown[] =>
  outcome.kind === 'written'
    ? [outcome.kind, outcome.targetId, outcome.created]
    : [outcome.kind, ...('reason' in outcome ? [outcome.reason.code] : [])];

const reasonOf = (outcome: Outcome): object => ('reason' in outcome ? outcome.reason : {});
