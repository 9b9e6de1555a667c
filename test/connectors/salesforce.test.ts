import { describe, expect, test } from 'vitest';
import { createConnector } from '../../src/connectors/registry.js';
import { salesforceCanonical } from '../../src/connectors/salesforce-canonical.js';
import { errorsIn, meaningOf } from '../../src/connectors/salesforce-errors.js';
import { dialects, kinds, person, persons } from './dialects.js';
import { type Script, json, sharedServer } from './scripted-server.js';

const signal = new AbortController().signal;
const dialect = dialects[1]!;
const NOW = Date.parse('2026-03-01T10:00:00Z');
const TOKEN_PATH = '/services/oauth2/token';

const server = sharedServer();

const connector = (settings: object = {}) =>
  createConnector(
    {
      name: 'sales',
      connector: 'salesforce',
      settings: {
        baseUrl: server.baseUrl,
        clientId: 'id',
        clientSecret: 'secret',
        callTimeoutMs: 1000,
        ...settings,
      },
    },
    { now: () => new Date(NOW) },
  );
const tokens = () => server.seen.filter(({ path }) => path === TOKEN_PATH);
const expired = [{ message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID' }];
const success: Script = (write, response) => json(response, 200, dialect.success(write));

describe('the token', () => {
  /** Gives token after token; accepts only the newest. */
  const issuing = (): Script => {
    let issued = 0;
    return (request, response, socket) => {
      if (request.path === TOKEN_PATH) {
        issued += 1;
        json(response, 200, {
          access_token: `t-${issued}`,
          instance_url: `${server.baseUrl}/`,
          token_type: 'Bearer',
        });
      } else if (request.headers.authorization !== `Bearer t-${issued}`) json(response, 401, expired);
      else success(request, response, socket);
    };
  };

  test('is asked for once by many calls at once, as a form', async () => {
    server.script = issuing();
    const sales = connector();
    const results = await Promise.all(
      persons(8).map((record) => sales.send(dialect.target, [record], { signal })),
    );
    expect(results.flatMap(kinds)).toEqual(Array(8).fill('written'));
    expect(tokens()).toHaveLength(1);
    expect(tokens()[0]!.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(Object.fromEntries(new URLSearchParams(tokens()[0]!.body))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'id',
      client_secret: 'secret',
    });
  });

  test('is renewed once when it has ended, however many calls find out', async () => {
    server.script = issuing();
    const sales = connector();
    await sales.send(dialect.target, [person(0)], { signal });
    const inner = server.script;
    let isEnded = true;
    server.script = (request, response, socket) => {
      if (request.path === TOKEN_PATH) isEnded = false;
      if (isEnded) json(response, 401, expired);
      else inner(request, response, socket);
    };
    const results = await Promise.all(
      persons(6).map((record) => sales.send(dialect.target, [record], { signal })),
    );
    expect(results.flatMap(kinds)).toEqual(Array(6).fill('written'));
    expect(tokens()).toHaveLength(2);
  });

  test('refused also when new, the records are unauthorised after one renewal', async () => {
    server.script = dialect.around((_, response) => json(response, 401, expired));
    const result = await connector().send(dialect.target, persons(2), { signal });
    expect(kinds(result)).toEqual(['unauthorised', 'unauthorised']);
    expect(server.seen.filter(dialect.isWrite)).toHaveLength(2);
  });

  test('not given for wrong credentials makes the records unauthorised, in Salesforce’s words', async () => {
    server.script = (_, response) =>
      json(response, 400, {
        error: 'invalid_grant',
        error_description: 'no client credentials user enabled',
      });
    const result = await connector().send(dialect.target, persons(2), { signal });
    expect(result.outcomes[1]).toMatchObject({ kind: 'unauthorised', reason: { code: 'invalid_grant' } });
    expect(JSON.stringify(result)).toContain('no client credentials user enabled');
    expect(server.seen.filter(dialect.isWrite)).toHaveLength(0);
  });

  test.each<[string, Script]>([
    ['fails', (_, response) => void response.writeHead(503).end()],
    ['breaks off', (_request, _response, socket) => socket.resetAndDestroy()],
    ['is silent', () => undefined],
    ['talks nonsense', (_, response) => void response.writeHead(200).end('<html>')],
  ])('a token service that %s leaves the records for later: nothing was sent', async (_name, script) => {
    server.script = script;
    const result = await connector({ callTimeoutMs: 150 }).send(dialect.target, persons(2), { signal });
    expect(kinds(result)).toEqual(['retry', 'retry']);
    expect(server.seen.filter(dialect.isWrite)).toHaveLength(0);
  });
});

describe('what an error means', () => {
  const mean = (error: object, status = 200) => meaningOf(errorsIn([error]), status, [person(0)], NOW);

  test.each([
    ['INVALID_EMAIL_ADDRESS', 'rejected', 'data'],
    ['REQUIRED_FIELD_MISSING', 'rejected', 'mapping'],
    ['INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST', 'rejected', 'mapping'],
    ['CANNOT_UPDATE_CONVERTED_LEAD', 'rejected', 'backend'],
    ['MALFORMED_ID', 'rejected', 'mapping'],
    ['ENTITY_IS_DELETED', 'rejected', 'backend'],
    ['DUPLICATE_VALUE', 'rejected', 'data'],
    ['UNABLE_TO_LOCK_ROW', 'retry', 'backend'],
    ['REQUEST_LIMIT_EXCEEDED', 'throttled', 'quota'],
    ['INVALID_SESSION_ID', 'unauthorised', 'backend'],
    ['SOMETHING_NEW', 'rejected', 'backend'],
  ])('%s is %s, for %s to put right, in both dialects', (code, kind, owner) => {
    for (const dialectOfError of [{ statusCode: code }, { errorCode: code }]) {
      const failure = mean({ ...dialectOfError, message: 'm', fields: ['email_field__c'] });
      expect(failure).toMatchObject({ kind, reason: { code, owner, field: 'email_field__c' } });
    }
  });

  test('a lock is known by its words too', () => {
    const message =
      'UpsertTrigger: System.DmlException: UNABLE_TO_LOCK_ROW, unable to obtain exclusive access';
    expect(mean({ statusCode: 'CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY', message, fields: [] }).kind).toBe(
      'retry',
    );
  });

  test('the day’s allowance waits an hour, too many calls at once wait seconds', () => {
    const day = mean({ errorCode: 'REQUEST_LIMIT_EXCEEDED', message: 'TotalRequests Limit exceeded.' }, 403);
    expect(day).toMatchObject({ kind: 'throttled', untilMs: NOW + 3_600_000 });
    const concurrent = mean(
      { errorCode: 'REQUEST_LIMIT_EXCEEDED', message: 'ConcurrentPerOrgLongTxn Limit exceeded.' },
      403,
    );
    expect(concurrent).toMatchObject({ kind: 'throttled', untilMs: NOW + 20_000 });
  });

  test('a top-level field fault condemns only the records that carry the field', async () => {
    server.script = dialect.around((write, response, socket) => {
      if (!write.body.includes('Shoe__c')) success(write, response, socket);
      else
        json(response, 400, [
          { errorCode: 'INVALID_FIELD', message: "No such column 'Shoe__c' on sobject of type Lead" },
        ]);
    });
    const list = persons(6).map((record, n) => (n < 2 ? { ...record, fields: { Shoe__c: '44' } } : record));
    const result = await connector().send(dialect.target, list, { signal });
    expect(kinds(result)).toEqual(['rejected', 'rejected', 'written', 'written', 'written', 'written']);
  });

  test('an id that several records share (300) is for people to merge', async () => {
    server.script = dialect.around((write, response) =>
      json(response, 200, [
        {
          success: false,
          errors: [{ statusCode: 'DUPLICATE_EXTERNAL_ID', message: 'more than one', fields: [] }],
        },
        ...dialect.success(write).slice(1),
      ]),
    );
    const result = await connector().send(dialect.target, persons(2), { signal });
    expect(kinds(result)).toEqual(['rejected', 'written']);
  });
});

describe('reading back', () => {
  const ids = ['00Q5500001H9ka4AAB', '00Q5500001H9ka5AAB', '00Q5500001H9ka6AAB'];
  const object = (id: string) => ({
    attributes: { type: 'Lead' },
    Id: id,
    LastName: 'Ada',
    Foyer_Person_Id__c: 'k',
  });
  const asked = ids.map((targetId, n) => ({ key: `k-${n}`, targetId }));
  const read = (body: unknown, list: { key: string; targetId: string | null }[] = asked) => {
    server.script = dialect.around((_, response) => json(response, 200, body));
    return connector().readBack(dialect.target, list, ['LastName'], { signal });
  };

  test('a gap in the answer is an absent record', async () => {
    const { records } = await read([object(ids[0]!), null, object(ids[2]!)]);
    expect(records.map((record) => record && record.targetId)).toEqual([ids[0], null, ids[2]]);
  });

  test('an answer of another length or order is read by id, and absence is then not proven', async () => {
    const { records, failure } = await read([object(ids[2]!), object(ids[0]!)]);
    expect(records.map((record) => record?.targetId)).toEqual([ids[0], undefined, ids[2]]);
    expect(failure).toBeDefined();
  });

  test('unknown ids are read by external id, 25 to a call, with the key encoded', async () => {
    server.script = dialect.around((request, response) => {
      const { compositeRequest } = JSON.parse(request.body) as {
        compositeRequest: { url: string; referenceId: string }[];
      };
      const compositeResponse = compositeRequest
        .map(({ url, referenceId }) =>
          url.includes('k%2F3%20')
            ? { referenceId, httpStatusCode: 404, body: [{ errorCode: 'NOT_FOUND', message: 'none' }] }
            : { referenceId, httpStatusCode: 200, body: object(`id-${/\/([^/?]+)\?/.exec(url)![1]!}`) },
        )
        .reverse();
      json(response, 200, { compositeResponse });
    });
    const list = Array.from({ length: 60 }, (_, n) => ({ key: n === 3 ? 'k/3 ' : `k${n}`, targetId: null }));
    const { records } = await connector().readBack(dialect.target, list, ['LastName'], { signal });
    expect(records.map((record) => record && record.targetId)).toEqual(
      list.map(({ key }, n) => (n === 3 ? null : `id-${key}`)),
    );
    expect(server.seen.filter(({ path }) => path.endsWith('/composite'))).toHaveLength(3);
    expect(server.seen.some(({ path }) => path.includes('query'))).toBe(false);
  });
});

test.each([
  ['', null],
  [null, null],
  ['  Ada ', 'Ada'],
  ['Chloe.Myers@Example.com', 'chloe.myers@example.com'],
  ['2026-01-01T00:00:00.000+0000', '2026-01-01T00:00:00.000Z'],
  ['2026-01-01T01:00:00+01:00', '2026-01-01T00:00:00.000Z'],
  ['2026-01-01', '2026-01-01'],
  [5, '5'],
  [5.5, '5.5'],
  ['5.50', '5.5'],
  [true, true],
])('Salesforce holds %j as %j', (value, stored) => {
  expect(salesforceCanonical(value)).toBe(stored);
});

test('all faults in the settings are named at once, without a value', () => {
  const settings = {
    baseUrl: 'not a url',
    clientId: '',
    clientSecret: '',
    apiVersion: '60',
    callTimeoutMs: 'soon',
    extra: 'hush',
  };
  const make = () => createConnector({ name: 'sales', connector: 'salesforce', settings });
  for (const name of [
    'SALESFORCE_BASE_URL',
    'SALESFORCE_CLIENT_ID',
    'SALESFORCE_CLIENT_SECRET',
    'apiVersion',
    'callTimeoutMs',
    'extra',
  ])
    expect(make).toThrow(name);
  expect(make).not.toThrow('hush');
  expect(() => createConnector({ name: 'x', connector: 'nosuch', settings: {} })).toThrow(
    'connector must be one of ',
  );
});
