/** What stands in Adobe's documentation and in recorded traffic, answered to the connector over the wire. */
import { describe, expect, test } from 'vitest';
import { json } from './scripted-server.js';
import { done, leads, NOW, record, refused, scriptedMarketo, signal } from './scripted-marketo.js';

const { server, clock, answerWith, connector, calls, tokens, bodies } = scriptedMarketo();

describe('leads', () => {
  test('are written as recorded: createOrUpdate by e-mail', async () => {
    answerWith({ requestId: '262e#17d4f046342', result: [{ id: 7149, status: 'created' }], success: true });
    const result = await connector().send(leads, [record('brian@example.com', { firstName: 'Brian' })], {
      signal,
    });
    expect(bodies()).toEqual([
      {
        lookupField: 'email',
        action: 'createOrUpdate',
        input: [{ email: 'brian@example.com', firstName: 'Brian' }],
      },
    ]);
    expect(calls()[0]).toMatchObject({ method: 'POST', path: '/rest/v1/leads.json' });
    expect(calls()[0]!.headers).toMatchObject({
      authorization: 'Bearer t-1',
      'content-type': 'application/json',
    });
    expect(result).toEqual({
      outcomes: [{ kind: 'written', targetId: '7149', created: true }],
      requestId: '262e#17d4f046342',
      status: 200,
    });
  });

  test('that are skipped are rejected with the recorded reason, and no value stands in it', async () => {
    const reason = { code: '1003', message: "Invalid value for field 'integer_field' and value '14.1'" };
    answerWith(done({ status: 'skipped', reasons: [reason] }, { id: 51, status: 'updated' }));
    const given = [record('a@example.com', { integer_field: '14.1' }), record('b@example.com', {})];
    const { outcomes } = await connector().send(leads, given, { signal });
    expect(outcomes).toEqual([
      {
        kind: 'rejected',
        reason: expect.objectContaining({ code: '1003', owner: 'data', field: 'integer_field' }) as unknown,
      },
      { kind: 'written', targetId: '51', created: false },
    ]);
    expect(JSON.stringify(outcomes)).not.toContain('14.1');
  });

  test('that match found are written by id, and the key with it', async () => {
    answerWith(done({ id: 51, status: 'updated' }));
    const adopted = { ...record('a@example.com', { firstName: 'A' }, '51'), isAdopted: true };
    await connector().send(leads, [adopted], { signal });
    expect(bodies()).toEqual([
      {
        action: 'updateOnly',
        lookupField: 'id',
        input: [{ id: 51, email: 'a@example.com', firstName: 'A' }],
      },
    ]);
  });

  test('are read back by id and by key in two posted reads of any length, page after page', async () => {
    const page = { ...done({ id: 51, email: 'a@example.com' }), moreResult: true, nextPageToken: 'p2' };
    answerWith(page, done({ id: 52, email: 'B@example.com' }), done({ id: 53, email: 'c@example.com' }));
    const { records } = await connector().readBack(
      leads,
      [
        { key: 'a@example.com', targetId: '51' },
        { key: 'b@example.com', targetId: '52' },
        { key: 'c@example.com', targetId: null },
        { key: 'nobody@example.com', targetId: null },
      ],
      ['firstName'],
      { signal },
    );
    expect(records.map((stored) => stored?.targetId ?? null)).toEqual(['51', '52', '53', null]);
    expect(calls().every(({ path }) => path === '/rest/v1/leads.json?_method=GET')).toBe(true);
    expect(calls().map(({ body }) => new URLSearchParams(body).get('filterType'))).toEqual([
      'id',
      'id',
      'email',
    ]);
    expect(new URLSearchParams(calls()[1]!.body).get('nextPageToken')).toBe('p2');
  });

  test('are left unread where a page says that there are more, and not where', async () => {
    answerWith({ ...done({ id: 51, email: 'a@example.com' }), moreResult: true });
    const asked = ['a@example.com', 'b@example.com'].map((key) => ({ key, targetId: null }));
    const read = await connector().readBack(leads, asked, [], { signal });
    expect(read.records).toEqual([undefined, undefined]);
    expect(read.failure).toMatchObject({ kind: 'unanswered' });
  });

  test('whose key has a comma cannot be filtered by it, and are left unread, not called absent', async () => {
    const asked = [{ key: 'a,b@example.com', targetId: null }];
    const read = await connector().readBack(leads, asked, [], { signal });
    expect(read.records).toEqual([undefined]);
    expect(read.failure).toBeDefined();
    expect(server.seen).toHaveLength(0);
  });
});

describe('errors inside HTTP 200', () => {
  test.each([
    ['603', 'unauthorised', 'backend'],
    ['604', 'retry', 'backend'],
    ['608', 'throttled', 'backend'],
    ['609', 'rejected', 'foyer'],
    ['610', 'rejected', 'mapping'],
    ['611', 'retry', 'backend'],
    ['615', 'throttled', 'quota'],
    ['713', 'retry', 'backend'],
    ['502', 'unanswered', 'backend'],
    ['1006', 'rejected', 'mapping'],
    ['1007', 'rejected', 'data'],
    ['1029', 'throttled', 'quota'],
    ['777', 'rejected', 'backend'],
  ])('%s is %s, a matter of %s', async (code, kind, owner) => {
    answerWith(refused(code));
    const { outcomes } = await connector().send(leads, [record('a@example.com', {})], { signal });
    expect(outcomes).toEqual([
      { ...outcomes[0], kind, reason: expect.objectContaining({ code, owner }) as unknown },
    ]);
  });

  test('606 lets everybody wait for its 20 seconds, 607 for midnight in the middle of the United States', async () => {
    answerWith(refused('606', "Max rate limit '100' exceeded with in '20' secs"));
    const rate = await connector().send(leads, [record('a@example.com', {})], { signal });
    expect(rate.outcomes[0]).toMatchObject({ kind: 'throttled', untilMs: NOW + 20_000 });
    answerWith(refused('607'));
    const day = await connector().send(leads, [record('a@example.com', {})], { signal });
    expect(day.outcomes[0]).toMatchObject({ kind: 'throttled', untilMs: Date.parse('2026-02-04T06:00:00Z') });
  });

  test('a field that does not exist in one lead is found by halves; the other leads are written', async () => {
    server.script = (request, response) => {
      if (request.path.startsWith('/identity')) {
        json(response, 200, { access_token: 't', expires_in: 3599 });
        return;
      }
      const { input } = JSON.parse(request.body) as { input: Record<string, string>[] };
      const isBad = input.some((lead) => 'shoeSize' in lead);
      json(
        response,
        200,
        isBad
          ? refused('1006', "Field 'shoeSize' not found")
          : done(...input.map((_, n) => ({ id: n + 1, status: 'created' }))),
      );
    };
    const given = Array.from({ length: 8 }, (_, n) =>
      record(`p${n}@example.com`, n === 5 ? { shoeSize: 43 } : {}),
    );
    const { outcomes } = await connector().send(leads, given, { signal });
    expect(outcomes.map(({ kind }) => kind)).toEqual(given.map((_, n) => (n === 5 ? 'rejected' : 'written')));
    expect(outcomes[5]).toMatchObject({ reason: { code: '1006', field: 'shoeSize', owner: 'mapping' } });
  });

  test('a call refused for its own sake is not sent in halves', async () => {
    answerWith(refused('609', 'Invalid JSON'));
    await connector().send(leads, [record('a@example.com', {}), record('b@example.com', {})], { signal });
    expect(calls()).toHaveLength(1);
  });
});

describe('the token', () => {
  test('serves every call until it ends, and one request fetches the next', async () => {
    answerWith(done({ id: 51, status: 'updated' }));
    const one = connector();
    const send = () => one.send(leads, [record('a@example.com', {})], { signal });
    await Promise.all([send(), send(), send()]);
    clock.nowMs += 3_000_000;
    await send();
    expect(tokens()).toHaveLength(1);
    clock.nowMs += 600_000;
    await send();
    expect(tokens()).toHaveLength(2);
    expect(tokens()[0]).toMatchObject({ method: 'POST', path: '/identity/oauth/token' });
    expect(Object.fromEntries(new URLSearchParams(tokens()[0]!.body))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'id',
      client_secret: 'secret',
    });
  });

  test.each(['601', '602'])(
    'that is refused with %s is renewed once, and the call goes again',
    async (code) => {
      answerWith(refused(code), done({ id: 51, status: 'updated' }));
      const { outcomes } = await connector().send(leads, [record('a@example.com', {})], { signal });
      expect(outcomes).toEqual([{ kind: 'written', targetId: '51', created: false }]);
      expect(calls().map(({ headers }) => headers.authorization)).toEqual(['Bearer t-1', 'Bearer t-2']);
      answerWith(refused(code));
      const again = await connector().send(leads, [record('a@example.com', {})], { signal });
      expect(again.outcomes[0]).toMatchObject({ kind: 'unauthorised', reason: { code } });
    },
  );
});
