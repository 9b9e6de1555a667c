import { describe, expect, test } from 'vitest';
import { declaredBackend, signal, target, write } from './declared-backend.js';
import { kinds, person, persons } from './dialects.js';
import { json } from './scripted-server.js';

const { server, declare, answer, sendOne } = declaredBackend();

describe('What an answer means', () => {
  const outcomes = [
    { when: 'body.error.code == "BUSY"', is: 'throttled', afterMs: 9_000 },
    { when: 'body.error.code == "TWIN"', is: 'unchanged' },
    {
      when: 'body.error.code == "BAD_MAIL"',
      is: 'rejected',
      code: 'bad-mail',
      owner: 'data',
      message: 'Correct the e-mail address.',
      field: '"email"',
    },
    { when: 'status == 404', is: 'retry' },
    { when: 'body.error.code == "KEY"', is: 'unauthorised' },
  ];
  const told = {
    ...write,
    done: '!has(body.error)',
    code: 'body.error.code',
    message: 'body.error.text',
    field: 'body.error.field',
  };
  const connector = () => declare({ write: told, outcomes });

  test.each([
    [
      'a success with an error inside that is declared',
      200,
      { error: { code: 'BAD_MAIL' } },
      {
        kind: 'rejected',
        reason: { code: 'bad-mail', owner: 'data', field: 'email', message: 'Correct the e-mail address.' },
      },
    ],
    [
      'a success with an error inside that nobody declared',
      200,
      { error: { code: 'ODD', text: 'too odd', field: 'lastname' } },
      {
        kind: 'rejected',
        reason: { code: 'ODD', owner: 'backend', field: 'lastname', message: 'The backend says: too odd' },
      },
    ],
    [
      'a refusal with the backend’s words',
      422,
      { error: { code: 'LEN', text: 'too long: "Family0"' } },
      { kind: 'rejected', reason: { code: 'LEN', status: 422, message: 'The backend says: too long: "…"' } },
    ],
    [
      'what stands there already',
      409,
      { error: { code: 'TWIN' }, id: 3 },
      { kind: 'unchanged', targetId: '3' },
    ],
    ['a status with another meaning there', 404, {}, { kind: 'retry', afterMs: null }],
    ['a success that is none of our credentials', 200, { error: { code: 'KEY' } }, { kind: 'unauthorised' }],
    ['a forbidden call', 403, {}, { kind: 'unauthorised', reason: { code: 'http-403' } }],
    ['a list instead of an object', 200, [1], { kind: 'unanswered' }],
  ])('%s', async (_name, status, body, expected) => {
    answer(status, body);
    expect(await sendOne(connector())).toMatchObject(expected);
  });

  test('a throttle waits as long as the answer asks, by the backend’s clock, else as declared', async () => {
    const waitOf = async (headers: object) => {
      answer(200, { error: { code: 'BUSY' } }, headers);
      const outcome = await sendOne(connector());
      return outcome.kind === 'throttled' ? Math.round((outcome.untilMs - Date.now()) / 1000) : outcome.kind;
    };
    expect(await waitOf({})).toBe(9);
    expect(await waitOf({ 'retry-after': '3' })).toBe(3);
    const date = (ms: number) => new Date(ms).toUTCString();
    const theirs = Date.now() + 86_400_000;
    expect(await waitOf({ date: date(theirs), 'retry-after': date(theirs + 30_000) })).toBeCloseTo(30, -1);
    answer(429, {}, { 'retry-after': '4' });
    expect(await sendOne(connector())).toMatchObject({ kind: 'throttled', reason: { owner: 'quota' } });
    answer(503, {}, { 'retry-after': '4' });
    expect(await sendOne(connector())).toMatchObject({ kind: 'retry', afterMs: 4_000 });
  });

  const many = {
    url: '/people',
    batch: { max: 100 },
    results: 'body.results',
    of: { result: 'result.mail.lowerAscii()', record: 'key.lowerAscii()' },
    written: '!has(result.error)',
    message: 'result.error',
  };

  test('a batch refused as a whole is split, so that only the bad record is refused', async () => {
    server.script = (request, response) => {
      const sent = JSON.parse(request.body) as { email: string }[];
      if (sent.some(({ email }) => email.startsWith('person3'))) json(response, 400, { error: 'bad' });
      else json(response, 200, { results: sent.map(({ email }) => ({ mail: email.toUpperCase() })) });
    };
    const result = await declare({ write: many }).send(target, persons(8), { signal });
    expect(kinds(result)).toEqual([
      ...Array<string>(3).fill('written'),
      'rejected',
      ...Array<string>(4).fill('written'),
    ]);
  });

  test('a wrong address is no matter of the records: it is tried once', async () => {
    answer(404, {});
    const result = await declare({ write: many }).send(target, persons(8), { signal });
    expect(new Set(kinds(result))).toEqual(new Set(['rejected']));
    expect(server.seen).toHaveLength(1);
  });

  test('two records that go by one name there cannot be told apart, and neither is said to be written', async () => {
    answer(200, { results: [{ mail: 'a@b.c' }, { mail: 'd@b.c' }] });
    const records = ['a@b.c', 'A@b.c', 'd@b.c'].map((key, n) => ({ ...person(n), key }));
    expect(kinds(await declare({ write: many }).send(target, records, { signal }))).toEqual([
      'unanswered',
      'unanswered',
      'written',
    ]);
  });
});

describe('What stands there', () => {
  const read = {
    url: '/people/{{ key }}',
    id: 'body.id',
    missing: 'status == 404 && body.code == "none"',
    fields: { firstname: 'body.name.first' },
  };
  const asked = [{ key: 'a@b.c', targetId: null }];
  const readBack = (connector = declare({ read })) =>
    connector.readBack(target, asked, ['firstname', 'lastname'], { signal });

  test('is read by the declared places, and by its own name elsewhere', async () => {
    answer(200, { id: 7, name: { first: 'Ana' }, lastname: 'Ruiz' });
    expect((await readBack()).records).toEqual([
      { targetId: '7', fields: { firstname: 'Ana', lastname: 'Ruiz' } },
    ]);
  });

  test('is nothing only where the answer says so', async () => {
    answer(404, { code: 'none' });
    expect((await readBack()).records).toEqual([null]);
    answer(404, { code: 'no such tenant' });
    expect((await readBack()).records).toEqual([undefined]);
  });

  describe('for many in one call', () => {
    const manyRead = {
      url: '/people?mails={{ keys.join(",") }}',
      max: 50,
      results: 'body.people',
      of: { result: 'result.mail.lowerAscii()', record: 'key.lowerAscii()' },
      id: 'result.id',
      missing: '!has(body.next)',
    };
    const bo = { mail: 'b@b.c', id: 2, firstname: 'Bo' };
    const theirs = { targetId: '2', fields: { firstname: 'Bo' } };
    const readMany = (keys: string[], body: object, read: object = manyRead) => {
      answer(200, body);
      const records = keys.map((key) => ({ key, targetId: null }));
      return declare({ read }).readBack(target, records, ['firstname'], { signal });
    };

    test('is nothing for who is not among the results, where the answer says that these are all', async () => {
      const read = await readMany(['a@b.c', 'b@b.c'], { people: [bo] });
      expect(read).toEqual({ records: [null, theirs], requestId: null });
      expect(server.seen.map(({ path }) => path)).toEqual(['/people?mails=a%40b.c%2Cb%40b.c']);
      expect(declare({ read: manyRead }).readBackMax(target)).toBe(50);
    });

    test('stays open for who may stand on the next page', async () => {
      const { records, failure } = await readMany(['a@b.c', 'b@b.c'], {
        people: [bo],
        next: '/people?page=2',
      });
      expect(records).toEqual([undefined, theirs]);
      expect(failure).toMatchObject({ kind: 'unanswered', reason: { code: 'unconfirmed' } });
    });

    test('is nothing for those whom the answer names as not there', async () => {
      const read = { ...manyRead, missing: 'key in body.unknown' };
      const body = { people: [bo], unknown: ['a@b.c'] };
      const { records } = await readMany(['a@b.c', 'b@b.c', 'c@b.c'], body, read);
      expect(records).toEqual([null, theirs, undefined]);
    });

    test('stays open for who goes by the name of another, or is told twice', async () => {
      const twice = { people: [bo, { ...bo, id: 3 }, { mail: 'd@b.c', id: 4 }] };
      const { records } = await readMany(['a@b.c', 'A@b.c', 'b@b.c', 'd@b.c'], twice);
      expect(records).toEqual([undefined, undefined, undefined, expect.objectContaining({ targetId: '4' })]);
    });
  });

  test('is compared as declared', () => {
    const compare = { a: 'text', b: 'lower', c: 'number', d: 'boolean', e: 'time' };
    const connector = declare({ compare });
    const form = (field: string, value: unknown) => connector.canonical(target, field, value);
    expect([
      form('a', ' x '),
      form('a', ''),
      form('b', 'X@Y'),
      form('c', '12.0'),
      form('d', 'true'),
      form('f', ' x'),
    ]).toEqual(['x', null, 'x@y', 12, true, ' x']);
    expect(form('e', '2026-01-05T10:00:00.123+01:00')).toBe(form('e', '2026-01-05T09:00:00Z'));
  });

  test('is removed, and what was not there is removed already', async () => {
    const connector = declare({ remove: { url: '/people/{{ targetId }}', missing: 'status == 404' } });
    server.script = (request, response) =>
      void response.writeHead(request.path.endsWith('7') ? 204 : 404).end();
    const removed = await connector.remove!(
      target,
      [
        { ...person(0), targetId: '7' },
        { ...person(1), targetId: '8' },
      ],
      { signal },
    );
    expect(kinds(removed)).toEqual(['written', 'unchanged']);
    expect(typeof declare({}).remove).toBe('undefined');
  });

  test('cannot be known where nothing is declared to read', () => {
    expect(declare({}).readBackMax(target)).toBe(0);
  });
});

test('an object that is not declared is refused without a call', async () => {
  const result = await declare({}).send({ ...target, object: 'toString' }, persons(1), { signal });
  expect(result.outcomes[0]).toMatchObject({ kind: 'rejected', reason: { code: 'unknown-object' } });
  expect(server.seen).toEqual([]);
});
