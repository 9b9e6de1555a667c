import { encode } from 'uqr';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { badgeCode, readBadgeCode } from '../../src/identity/badge-code.js';
import { type Answer, type AnswerBody, OPERATOR, TestApp } from '../http/app.js';

let app: TestApp;

beforeAll(async () => {
  app = await TestApp.start();
});

afterAll(() => app.stop());

const NEW = { email: 'grace@example.org', firstName: 'Grace', lastName: 'Hopper' };

function on(
  { id, manageToken }: AnswerBody,
  method: string,
  rest: string,
  more: object = {},
): Promise<Answer> {
  return app.call(method, `/v1/registrations/${id}${rest}`, { token: manageToken, ...more });
}

async function registered(event: string, attendee: object = {}): Promise<AnswerBody> {
  return (await app.register(event, { attendee })).body;
}

describe('A place', () => {
  it('can be given on: the new holder has it, the old one no longer', async () => {
    const event = await app.openEvent();
    const consents = [{ purpose: 'marketing', granted: true }];
    const { body: old } = await app.register(event, { consents, source: { utm_source: 'mail' } });
    const email = `grace-${old.id}@example.org`;
    const given = await on(old, 'POST', '/transfer', { body: { attendee: { ...NEW, email } } });
    expect([given.status, given.headers.get('etag')]).toEqual([200, '"2"']);
    expect(given.body).toMatchObject({
      id: old.id,
      status: 'confirmed',
      attendee: { email },
      consents: [],
      answers: {},
    });
    expect((await on(old, 'GET', '')).status, 'the old token').toBe(404);
    expect((await on(given.body, 'GET', '')).body.attendee).toEqual({ ...NEW, email });
    const { rows } = await app.pool.query<{
      stream: string;
      topic: string;
      who: string | null;
      many: number;
    }>(
      `select stream, topic, snapshot #>> '{person,firstName}' as who,
              coalesce(json_array_length(snapshot -> 'registrations'), 0) as many
         from changes order by seq desc limit 3`,
    );
    expect(rows).toMatchObject([
      { stream: 'person', who: 'Grace', many: 1 },
      { stream: 'registration', topic: 'registration.transferred' },
      { stream: 'person', who: 'Ada', many: 0 },
    ]);
    expect((await read(event)).placesLeft).toBe(99);
  });

  it('is given on once, however often the request is sent', async () => {
    const event = await app.openEvent();
    const old = await registered(event);
    const body = { attendee: { ...NEW, email: `once-${old.id}@example.org` } };
    const headers = { 'idempotency-key': 'give-on' };
    const first = await on(old, 'POST', '/transfer', { body, headers });
    const again = await on(old, 'POST', '/transfer', { body, headers });
    expect(again.body).toEqual(first.body);
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
    const other = await on(old, 'POST', '/transfer', { body: { attendee: NEW }, headers });
    expect(other.body.type).toBe('/problems/idempotency-key-reused');
    const stranger = await app.call('POST', `/v1/registrations/${old.id}/transfer`, {
      token: 'fm_wrong',
      body,
      headers,
    });
    expect(stranger.status).toBe(404);
  });

  it('cannot be given to somebody who has one, nor when it is cancelled, used, or read as another version', async () => {
    const event = await app.openEvent();
    const [one, two, three] = [await registered(event), await registered(event), await registered(event)];
    const transfer = async (of: AnswerBody, attendee: object, headers = {}): Promise<unknown> =>
      (await on(of, 'POST', '/transfer', { body: { attendee }, headers })).body.type;
    expect(await transfer(one, two.attendee)).toBe('/problems/already-registered');
    expect(await transfer(one, NEW, { 'if-match': '"7"' })).toBe('/problems/precondition-failed');
    expect(await transfer(one, { ...NEW, email: 'no' })).toBe('/problems/invalid-request');
    await on(two, 'DELETE', '');
    expect(await transfer(two, NEW)).toBe('/problems/conflict');
    const signal = { source: 't', sourceId: three.id, type: 'checkedIn', at: '2030-01-01T00:00:00Z' };
    await app.call('POST', `/v1/events/${event}/signals`, {
      token: OPERATOR,
      body: [{ ...signal, person: { registration: three.id } }],
    });
    expect(await transfer(three, NEW)).toBe('/problems/conflict');
  });

  async function read(event: string): Promise<AnswerBody> {
    return (await app.call('GET', `/v1/events/${event}`)).body;
  }
});

describe('The calendar', () => {
  it('has the event and the chosen sessions in the event’s zone, folded, with the zone’s rules', async () => {
    const long =
      'Ein sehr langer Name mit Umlauten: äöü, Semikolon; und noch viel mehr, damit gefaltet wird 🙂';
    const event = await app.openEvent({
      name: long,
      timeZone: 'Europe/Berlin',
      startsAt: '2030-10-26T08:00:00Z',
      endsAt: '2030-10-27T17:00:00Z',
    });
    await app.operator('PUT', `/v1/events/${event}/sessions/late`, {
      title: 'After the change',
      startsAt: '2030-10-27T08:00:00Z',
      endsAt: '2030-10-27T09:00:00Z',
      room: 'Hall 1',
      kind: 'talk',
      speakers: [],
    });
    const { body } = await app.register(event, { sessions: ['late'] });
    const answer = await on(body, 'GET', '/calendar.ics');
    expect(answer.headers.get('content-type')).toBe('text/calendar; charset=utf-8');
    const lines = answer.text.split('\r\n');
    expect(lines.pop()).toBe('');
    for (const line of lines) expect(Buffer.byteLength(line), line).toBeLessThanOrEqual(75);
    expect(answer.text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    const unfolded = answer.text.replaceAll('\r\n ', '').split('\r\n');
    expect(unfolded).toContain(`SUMMARY:${long.replace(/[,;]/g, '\\$&')}`);
    expect(unfolded).toContain('DTSTART;TZID=Europe/Berlin:20301026T100000');
    expect(unfolded).toContain('DTEND;TZID=Europe/Berlin:20301027T180000');
    expect(unfolded).toContain('DTSTART;TZID=Europe/Berlin:20301027T090000');
    expect(unfolded).toContain('LOCATION:Hall 1');
    expect(unfolded).toContain('STATUS:CONFIRMED');
    const rules = unfolded.slice(unfolded.indexOf('BEGIN:VTIMEZONE'), unfolded.indexOf('END:VTIMEZONE'));
    expect(rules.filter((line) => !line.startsWith('TZNAME'))).toEqual([
      'BEGIN:VTIMEZONE',
      'TZID:Europe/Berlin',
      'BEGIN:DAYLIGHT',
      'DTSTART:20300331T020000',
      'TZOFFSETFROM:+0100',
      'TZOFFSETTO:+0200',
      'END:DAYLIGHT',
      'BEGIN:STANDARD',
      'DTSTART:20301027T030000',
      'TZOFFSETFROM:+0200',
      'TZOFFSETTO:+0100',
      'END:STANDARD',
    ]);
    await on(body, 'DELETE', '');
    expect((await on(body, 'GET', '/calendar.ics')).text).toContain('STATUS:CANCELLED\r\nSEQUENCE:2');
  });

  it('of a zone without summer time and of UTC is right too', async () => {
    const times = { startsAt: '2030-01-01T08:00:00Z', endsAt: '2030-01-01T17:00:00Z' };
    const india = await registered(await app.openEvent({ ...times, timeZone: 'Asia/Kolkata' }));
    const text = (await on(india, 'GET', '/calendar.ics')).text;
    expect(text).toContain('DTSTART;TZID=Asia/Kolkata:20300101T133000');
    expect(text).toContain('TZOFFSETTO:+0530');
    const utc = await registered(await app.openEvent({ ...times, timeZone: 'UTC' }));
    const plain = (await on(utc, 'GET', '/calendar.ics')).text;
    expect(plain).toContain('DTSTART:20300101T080000Z');
    expect(plain).not.toContain('VTIMEZONE');
  });
});

describe('The badge', () => {
  it('shows who it is, and its code checks in', async () => {
    const event = await app.openEvent();
    const body = await registered(event, { lastName: '<b>"Löwe" & Söhne', company: 'A & B' });
    const answer = await on(body, 'GET', '/badge.svg');
    expect(answer.headers.get('content-type')).toBe('image/svg+xml; charset=utf-8');
    expect(answer.text).toContain('Ada &#60;b&#62;&#34;Löwe&#34; &#38; Söhne');
    const code = badgeCode(body.id, 0);
    expect(readBadgeCode(code)).toEqual({ registrationId: body.id, generation: 0 });
    const dark = encode(code, { ecc: 'M', border: 2 }).data.flat().filter(Boolean).length;
    expect(answer.text.match(/h1v1h-1z/g)).toHaveLength(dark);
    const checkIn = { source: 'door', sourceId: body.id, type: 'checkedIn', at: '2030-01-01T00:00:00Z' };
    const signals = await app.call('POST', `/v1/events/${event}/signals`, {
      token: OPERATOR,
      body: [{ ...checkIn, person: { badge: code } }],
    });
    expect(signals.body.results).toEqual([{ index: 0, status: 'accepted' }]);
  });

  it('is for those with a place, and ends with a transfer', async () => {
    const event = await app.openEvent({ capacity: 1 });
    const first = await registered(event);
    const waiting = await registered(event);
    expect((await on(waiting, 'GET', '/badge.svg')).status).toBe(409);
    await on(first, 'POST', '/transfer', {
      body: { attendee: { ...NEW, email: `b-${first.id}@example.org` } },
    });
    const checkIn = { source: 'door', sourceId: first.id, type: 'checkedIn', at: '2030-01-01T00:00:00Z' };
    const signals = await app.call('POST', `/v1/events/${event}/signals`, {
      token: OPERATOR,
      body: [{ ...checkIn, person: { badge: badgeCode(first.id, 0) } }],
    });
    expect(signals.body.results).toEqual([{ index: 0, status: 'unresolved' }]);
  });
});

describe('The export', () => {
  it('holds everything about the person, at every event, and nothing of others', async () => {
    const [here, there] = [await app.openEvent(), await app.openEvent()];
    const email = `export-${here}@example.org`;
    const mine = await registered(here, { email, company: 'Engines' });
    await registered(there, { email });
    const other = await registered(here);
    await app.call('POST', `/v1/events/${here}/signals`, {
      token: OPERATOR,
      body: [
        { source: 't', sourceId: `x${here}`, type: 'asked', at: '2030-01-01T00:00:00Z', person: { email } },
        {
          source: 't',
          sourceId: `y${here}`,
          type: 'checkedIn',
          at: '2030-01-01T00:00:00Z',
          person: { email },
        },
      ],
    });
    const { status, body, text } = await on(mine, 'GET', '/export');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      person: { email, company: 'Engines' },
      registrations: [{ event: { slug: here } }, { event: { slug: there } }],
      attendance: [{ status: 'attended' }],
      interactions: [{ type: 'asked' }],
      signals: [{ type: 'asked' }, { type: 'checkedIn' }],
    });
    expect(text).not.toContain(other.attendee.email);
    expect((await on({ ...mine, manageToken: other.manageToken }, 'GET', '/export')).status).toBe(404);
  });
});
