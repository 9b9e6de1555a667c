import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/connectors/connector.js';
import { nextMidnightMs } from '../../src/connectors/next-midnight.js';
import { createConnector } from '../../src/connectors/registry.js';
import { dialects, kinds, person, persons } from './dialects.js';
import { type Script, json, sharedServer } from './scripted-server.js';

const signal = new AbortController().signal;
const dialect = dialects[0]!;
const NOW = Date.parse('2026-03-01T10:00:00Z');

const server = sharedServer();

function connector(settings: object = {}) {
  const all = { baseUrl: server.baseUrl, token: 'pat-1', callTimeoutMs: 1000, ...settings };
  return createConnector({ name: 'crm', connector: 'hubspot', settings: all }, { now: () => new Date(NOW) });
}
const send = (script: Script, list = persons(3), settings = {}) => {
  server.script = script;
  return connector(settings).send(dialect.target, list, { signal });
};
const inputsOf = (body: string) =>
  (JSON.parse(body) as { inputs: { id: string; objectWriteTraceId: string }[] }).inputs;
const reason = (outcome: Outcome) => ('reason' in outcome ? outcome.reason : undefined);

describe('a 207 (hand-written from the protocol sheet, no recording exists)', () => {
  const invalid = (traceIds: string[] | undefined) => ({
    status: 'error',
    category: 'VALIDATION_ERROR',
    message: 'Property value "invalid-format" is not a valid email',
    context: traceIds ? { objectWriteTraceId: traceIds } : {},
  });

  test('an error goes to the record whose trace id it names; results may come in any order', async () => {
    const result = await send((write, response) => {
      const results = dialect.success(write);
      json(response, 207, dialect.wrap([results[2], results[0]], [invalid(['trace-1'])]));
    });
    expect(kinds(result)).toEqual(['written', 'rejected', 'written']);
    expect(result.outcomes[2]).toMatchObject({ targetId: 'id-person2@example.com' });
    expect(reason(result.outcomes[1]!)).toMatchObject({ code: 'INVALID_EMAIL', owner: 'data' });
    expect(server.seen).toHaveLength(1);
  });

  test('one error may name several records', async () => {
    const result = await send((write, response) =>
      json(response, 207, dialect.wrap([dialect.success(write)[1]], [invalid(['trace-0', 'trace-2'])])),
    );
    expect(kinds(result)).toEqual(['rejected', 'written', 'rejected']);
  });

  test('errors without a trace id have the records nobody answered for sent one by one', async () => {
    const bad = new Set(['person1@example.com', 'person3@example.com']);
    const result = await send((write, response) => {
      const inputs = inputsOf(write.body);
      const results = dialect.success(write).filter((_, n) => !bad.has(inputs[n]!.id));
      const errors = inputs.filter(({ id }) => bad.has(id)).map(() => invalid(undefined));
      json(response, errors.length ? 207 : 200, dialect.wrap(results, errors));
    }, persons(5));
    expect(kinds(result)).toEqual(['written', 'rejected', 'written', 'rejected', 'written']);
    const sent = server.seen.flatMap(({ body }) => inputsOf(body).map(({ id }) => id));
    expect(sent.filter((id) => id === 'person0@example.com')).toHaveLength(1);
  });

  test('an error about the hour, not the record, is tried again', async () => {
    const error = {
      status: 'error',
      category: 'INTERNAL_ERROR',
      message: 'oops',
      context: { objectWriteTraceId: ['trace-0'] },
    };
    const result = await send((_, response) => json(response, 207, dialect.wrap([], [error])), [person(0)]);
    expect(kinds(result)).toEqual(['retry']);
  });

  test('a record that is both written and refused is unanswered', async () => {
    const result = await send((write, response) =>
      json(response, 207, dialect.wrap(dialect.success(write), [invalid(['trace-0'])])),
    );
    expect(kinds(result)).toEqual(['unanswered', 'written', 'written']);
  });

  test('a contact found by a secondary e-mail shows its primary one and is still ours', async () => {
    const result = await send((write, response) => {
      const results = dialect.success(write) as Record<string, unknown>[];
      results[1] = { ...results[1], id: '77', properties: { email: 'primary@example.com' }, new: false };
      json(response, 200, dialect.wrap(results));
    });
    expect(result.outcomes[1]).toEqual({ kind: 'written', targetId: '77', created: false });
  });

  test('beside a result without an id, another that names nobody is not taken for the record', async () => {
    const result = await send((write, response) => {
      const [first, second] = dialect.success(write) as Record<string, unknown>[];
      const results = [
        { ...first, properties: undefined },
        { ...second, id: undefined },
      ];
      json(response, 207, dialect.wrap(results, [invalid(['trace-0'])]));
    }, persons(2));
    expect(kinds(result)).toEqual(['rejected', 'unanswered']);
  });
});

describe('a batch refused as a whole', () => {
  const refuseWith =
    (isBad: (id: string) => boolean, status: number, error: object): Script =>
    (write, response) =>
      inputsOf(write.body).some(({ id }) => isBad(id))
        ? json(response, status, error)
        : json(response, 200, dialect.wrap(dialect.success(write)));

  test('“Contact already exists” rejects the one record and lets 99 others through', async () => {
    const error = {
      status: 'error',
      message: 'Contact already exists. Existing ID: 290201',
      category: 'CONFLICT',
    };
    const result = await send(
      refuseWith((id) => id === 'person42@example.com', 409, error),
      persons(100),
    );
    expect(result.outcomes.filter(({ kind }) => kind === 'written')).toHaveLength(99);
    expect(result.outcomes[42]).toMatchObject({
      kind: 'rejected',
      reason: { code: 'CONFLICT', owner: 'data' },
    });
    expect(server.seen.length).toBeLessThan(20);
  });

  test('duplicates are parted until each goes alone', async () => {
    const error = {
      status: 'error',
      message: 'Duplicate IDs found in batch input: [x]. IDs must be unique',
      category: 'VALIDATION_ERROR',
    };
    const list = ['A@example.com', 'b@example.com', 'a@example.com'].map((key, n) => ({ ...person(n), key }));
    const result = await send((write, response) => {
      const ids = inputsOf(write.body).map(({ id }) => id.toLowerCase());
      if (new Set(ids).size < ids.length) json(response, 400, error);
      else json(response, 200, dialect.wrap(dialect.success(write)));
    }, list);
    expect(kinds(result)).toEqual(['written', 'written', 'written']);
  });

  test('a property that does not exist condemns only the records that carry it, in two calls', async () => {
    const message =
      'Property values were not valid: [{"isValid":false,"message":"Property \\"shoe\\" does not exist","error":"PROPERTY_DOESNT_EXIST","name":"shoe","portalId":1}]';
    const list = persons(100).map((record, n) =>
      n % 2 ? record : { ...record, fields: { ...record.fields, shoe: '44' } },
    );
    const result = await send((write, response) => {
      if (write.body.includes('shoe'))
        json(response, 400, { status: 'error', message, category: 'VALIDATION_ERROR' });
      else json(response, 200, dialect.wrap(dialect.success(write)));
    }, list);
    expect(kinds(result)).toEqual(list.map((_, n) => (n % 2 ? 'written' : 'rejected')));
    expect(reason(result.outcomes[0]!)).toMatchObject({
      code: 'PROPERTY_DOESNT_EXIST',
      field: 'shoe',
      owner: 'mapping',
    });
    expect(server.seen.length).toBeLessThanOrEqual(3);
  });

  test('once a part is throttled the rest is not sent', async () => {
    let call = 0;
    const result = await send((_, response) => {
      if (call++ === 0) json(response, 400, { status: 'error', message: 'something odd', category: 'ODD' });
      else json(response, 429, { status: 'error', message: 'You have reached your secondly limit.' });
    }, persons(8));
    expect(new Set(kinds(result))).toEqual(new Set(['throttled']));
    expect(server.seen).toHaveLength(2);
  });

  test('a part without answer is not sent again, and what was not yet sent may be tried', async () => {
    let call = 0;
    const result = await send((_, response, socket) => {
      if (call++ === 0) json(response, 400, { status: 'error', message: 'something odd', category: 'ODD' });
      else socket.resetAndDestroy();
    }, persons(4));
    expect(kinds(result)).toEqual(['unanswered', 'unanswered', 'retry', 'retry']);
    expect(server.seen).toHaveLength(2);
  });

  test('a refusal we do not know keeps HubSpot’s code and words, without the person', async () => {
    const error = {
      status: 'error',
      message: 'Ludicrous speed for "person0@example.com" with Given0',
      category: 'LUDICROUS',
    };
    const result = await send((_, response) => json(response, 400, error), [person(0)]);
    const { code, message } = reason(result.outcomes[0]!)!;
    expect([kinds(result)[0], code]).toEqual(['rejected', 'LUDICROUS']);
    expect(message).toBe('HubSpot: Ludicrous speed for "…" with …');
  });
});

describe('waits', () => {
  test.each([
    [
      'the recorded secondly message',
      { message: 'You have reached your secondly limit.', category: 'RATE_LIMITS' },
      {},
      1_000,
    ],
    [
      'the rolling window',
      { message: 'You have reached your ten_secondly_rolling limit.', policyName: 'TEN_SECONDLY_ROLLING' },
      {},
      10_000,
    ],
    [
      'the rolling window by header',
      { policyName: 'TEN_SECONDLY_ROLLING' },
      { 'x-hubspot-ratelimit-interval-milliseconds': '7000' },
      7_000,
    ],
    ['the day', { message: 'You have reached your daily limit.', policyName: 'DAILY' }, {}, 13 * 3_600_000],
    ['the day by header', {}, { 'x-hubspot-ratelimit-daily-remaining': '0' }, 13 * 3_600_000],
    ['a time stated', { policyName: 'DAILY' }, { 'retry-after': '30' }, 30_000],
    ['nothing known', {}, {}, 10_000],
  ])('a 429 of %s holds everyone until then', async (_name, body, headers, waitMs) => {
    const result = await send((_, response) => json(response, 429, body, headers), persons(2), {
      accountTimeZone: 'Europe/Paris',
    });
    expect(result.outcomes).toEqual([
      expect.objectContaining({ kind: 'throttled', untilMs: NOW + waitMs }),
      expect.objectContaining({ kind: 'throttled', untilMs: NOW + waitMs }),
    ]);
  });

  test('midnight is the account’s own, also on the day the clocks change', () => {
    const at = (iso: string) => Date.parse(iso);
    expect(nextMidnightMs(at('2026-03-01T10:00:00.500Z'), 'UTC')).toBe(at('2026-03-02T00:00:00Z'));
    expect(nextMidnightMs(at('2026-03-01T04:59:59Z'), 'America/New_York')).toBe(at('2026-03-01T05:00:00Z'));
    expect(nextMidnightMs(at('2026-03-29T12:00:00Z'), 'Europe/Paris')).toBe(at('2026-03-29T22:00:00Z'));
    expect(nextMidnightMs(at('2026-03-28T23:30:00Z'), 'Europe/Paris')).toBe(at('2026-03-29T22:00:00Z'));
    expect(nextMidnightMs(at('2026-10-25T00:30:00Z'), 'Europe/Paris')).toBe(at('2026-10-25T23:00:00Z'));
  });

  test('locked records wait two seconds, a moved account as long as it says', async () => {
    const locked = await send((_, response) => json(response, 423, {}), [person(0)]);
    expect(locked.outcomes[0]).toMatchObject({ kind: 'retry', afterMs: 2_000 });
    const moved = await send((_, response) => json(response, 477, {}, { 'retry-after': '600' }), [person(0)]);
    expect(moved.outcomes[0]).toMatchObject({ kind: 'retry', afterMs: 600_000 });
  });

  test('what the portal allows is learned from its answers', async () => {
    const headers = {
      'x-hubspot-ratelimit-daily': '250000',
      'x-hubspot-ratelimit-daily-remaining': '249990',
      'x-hubspot-ratelimit-interval-milliseconds': '10000',
      'x-hubspot-ratelimit-max': '190',
      'x-hubspot-ratelimit-secondly': '19',
    };
    const answer = await send(
      (write, response) => json(response, 200, dialect.wrap(dialect.success(write)), headers),
      [person(0)],
    );
    expect(answer).toMatchObject({
      allowed: { window: { calls: 190, ms: 10_000 }, callsPerSecond: 19 },
      quota: { used: 10, max: 250_000 },
    });
    const silent = await send(
      (write, response) => json(response, 200, dialect.wrap(dialect.success(write))),
      [person(0)],
    );
    expect(silent).not.toHaveProperty('allowed');
  });
});
