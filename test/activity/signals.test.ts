import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, OPERATOR, TestApp } from '../http/app.js';

let app: TestApp;
let event: string;

interface Result {
  readonly index: number;
  readonly status: string;
  readonly code?: string;
}

beforeAll(async () => {
  app = await TestApp.start();
  event = await app.openEvent();
  await app.operator('PUT', `/v1/events/${event}/sessions/opening`, {
    title: 'Opening',
    startsAt: '2030-01-01T09:00:00Z',
    endsAt: '2030-01-01T10:00:00Z',
    kind: 'talk',
    speakers: [],
  });
});

afterAll(() => app.stop());

let signals = 0;

function signal(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    source: 'test',
    sourceId: `s-${++signals}`,
    type: 'watched',
    person: { email: 'nobody@example.org' },
    at: '2030-01-01T09:00:00Z',
    ...overrides,
  };
}

function post(body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const raw = typeof body === 'string' ? body : JSON.stringify(body);
  return app.call('POST', `/v1/events/${event}/signals`, { raw, token: OPERATOR, headers });
}

const resultsOf = ({ body }: Answer): Result[] => body.results as Result[];
const statusesOf = (answer: Answer): string[] => resultsOf(answer).map(({ status }) => status);

async function attendanceOf(registration: string): Promise<object[]> {
  const { rows } = await app.pool.query<object>(
    'select status, mode, seconds from attendance where registration_id = $1 order by session_id nulls first',
    [registration],
  );
  return rows;
}

describe('Signals', () => {
  it('are answered one by one, in their order', async () => {
    const { id } = (await app.register(event, { attendee: { email: 'one@example.org' } })).body;
    const first = signal({ person: { email: ' ONE@example.org' }, session: 'opening' });
    const answer = await post([
      first,
      first,
      signal({ person: { registration: id } }),
      signal({ person: { email: 'stranger@example.org' } }),
      signal({ type: 'teleported' }),
    ]);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      results: [
        { index: 0, status: 'accepted' },
        { index: 1, status: 'duplicate' },
        { index: 2, status: 'accepted' },
        { index: 3, status: 'unresolved' },
        expect.objectContaining({ index: 4, status: 'rejected', code: 'choice' }),
      ],
    });
  });

  it('may come line by line, and a line that is no JSON spoils no other', async () => {
    const { id } = (await app.register(event)).body;
    const person = { registration: id };
    const lines = [JSON.stringify(signal({ person })), '{"broken', '', JSON.stringify(signal({ person }))];
    const answer = await post(lines.join('\n'), { 'content-type': 'application/x-ndjson' });
    expect(resultsOf(answer)).toMatchObject([
      { index: 0, status: 'accepted' },
      { index: 1, status: 'rejected', code: 'malformed' },
      { index: 2, status: 'accepted' },
    ]);
  });

  it.each([
    ['no object', 5, 'malformed'],
    ['without a source', signal({ source: undefined }), 'line'],
    ['without a person', signal({ person: {} }), 'nobody'],
    ['with an unknown property', signal({ colour: 'red' }), 'unknown-property'],
    ['with an unknown session', signal({ session: 'nowhere' }), 'unknown-session'],
    ['that ends before it begins', signal({ until: '2030-01-01T08:00:00Z' }), 'order-of-times'],
    ['at a time that is none', signal({ at: 'yesterday' }), 'time'],
    ['with a NUL', signal({ sourceId: 'a\u0000b' }), 'control-character'],
    ['with half a character', signal({ data: { note: '\ud800' } }), 'lone-surrogate'],
    ['with too much data', signal({ data: { note: 'x'.repeat(20_000) } }), 'too-long'],
    ['with a badge that is none', signal({ person: { badge: 'b_none' } }), 'no-badge'],
  ])('%s are rejected alone', async (_, wrong, code) => {
    const answer = await post([wrong, signal()]);
    expect(answer.status).toBe(200);
    expect(resultsOf(answer)).toMatchObject([
      { index: 0, status: 'rejected', code },
      { index: 1, status: 'unresolved' },
    ]);
  });

  it('count whoever registers only after them', async () => {
    const early = [
      signal({ type: 'joined', session: 'opening', person: { email: 'late@example.org' } }),
      signal({
        type: 'left',
        session: 'opening',
        person: { email: 'late@example.org' },
        at: '2030-01-01T09:30:00Z',
      }),
    ];
    expect(statusesOf(await post(early))).toEqual(['unresolved', 'unresolved']);
    const { id } = (await app.register(event, { attendee: { email: 'Late@Example.org' } })).body;
    const live = { status: 'attended', mode: 'live', seconds: 1800 };
    expect(await attendanceOf(id)).toEqual([live, live]);
    expect(statusesOf(await post(early))).toEqual(['duplicate', 'duplicate']);
  });

  it('may be many at once, but not more than a thousand', async () => {
    const thousand = Array.from({ length: 1_000 }, () => signal({ data: { note: 'x'.repeat(1_000) } }));
    const answer = await post(thousand);
    expect(answer.status).toBe(200);
    expect(new Set(statusesOf(answer))).toEqual(new Set(['unresolved']));
    const tooMany = await post([...thousand, signal()]);
    expect([tooMany.status, tooMany.body.type]).toEqual([400, '/problems/invalid-request']);
    const tooLarge = await post(thousand.map((one) => ({ ...one, data: { note: 'x'.repeat(5_000) } })));
    expect([tooLarge.status, tooLarge.body.type]).toEqual([413, '/problems/payload-too-large']);
  });

  it('need credentials, an event and a list', async () => {
    const anonymous = await app.call('POST', `/v1/events/${event}/signals`, { body: [] });
    expect(anonymous.status).toBe(401);
    const nowhere = await app.call('POST', '/v1/events/nowhere/signals', { body: [], token: OPERATOR });
    expect(nowhere.status).toBe(404);
    expect((await post(signal())).status).toBe(400);
    expect((await post('[')).status).toBe(400);
    expect((await post('', { 'content-type': 'text/csv' })).status).toBe(415);
    expect((await post([])).body).toEqual({ results: [] });
  });

  it('are the only thing that may come as NDJSON', async () => {
    const answer = await app.call('POST', `/v1/events/${event}/registrations`, {
      raw: '{}',
      headers: { 'content-type': 'application/x-ndjson' },
    });
    expect([answer.status, answer.body.type]).toEqual([415, '/problems/unsupported-media-type']);
    const list = await app.call('POST', `/v1/events/${event}/registrations`, { body: ['\u0000'] });
    expect([list.status, list.body.type]).toEqual([400, '/problems/invalid-request']);
  });
});
