import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type AgendaWishes, type ImportedAgenda, readAgenda } from '../../src/events/agenda-import.js';
import { shiftAgenda } from '../../src/events/shift-agenda.js';

const shared = path.resolve(import.meta.dirname, '../../../shared/data/agenda');

type Change = (document: ReturnType<typeof agendaFile>) => void;

/** An export of our own, with two talks in one room. */
function agendaFile() {
  const talk = (slug: string, date: string) => ({
    ...{ id: 1, guid: `guid-${slug}`, slug, date, duration: '00:45', title: `Talk ${slug}`, type: 'Talk' },
    ...{ room: 'Hall 1', persons: [{ id: 1, public_name: 'Ada Lovelace' }] },
  });
  const talks: Record<string, unknown>[] = [
    talk('AB1', '2027-03-27T09:00:00+01:00'),
    talk('AB2', '2027-03-27T23:30:00+01:00'),
  ];
  const rooms: Record<string, unknown> = { 'Hall 1': talks };
  const conference: Record<string, unknown> = {
    ...{ acronym: 'Spring_2027', title: 'Spring', time_zone_name: 'Europe/Berlin', days: [{ rooms }] },
  };
  return { schedule: { conference } as Record<string, unknown>, conference, rooms, talks };
}

function read(change: Change = () => undefined, wishes: AgendaWishes = {}) {
  const document = agendaFile();
  change(document);
  return readAgenda({ schedule: document.schedule }, wishes);
}

function agenda(change?: Change, wishes?: AgendaWishes): ImportedAgenda {
  const result = read(change, wishes);
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return result.agenda;
}

const TALK = '/schedule/conference/days/0/rooms/Hall 1/0';

describe('An agenda', () => {
  it('becomes an event from its first talk to the end of its last', () => {
    const { event, sessions } = agenda();
    expect(event).toEqual({
      slug: 'spring-2027',
      name: 'Spring',
      startsAt: '2027-03-27T08:00:00.000Z',
      endsAt: '2027-03-27T23:15:00.000Z',
      timeZone: 'Europe/Berlin',
    });
    expect(sessions[0]).toMatchObject({ code: 'AB1', kind: 'talk', speakers: [{ name: 'Ada Lovelace' }] });
  });

  it('with titles over several lines has them in one', () => {
    const { sessions } = agenda(({ talks }) => (talks[0]!.title = ' Of\r\n  engines\t'));
    expect(sessions[0]!.title).toBe('Of engines');
  });

  it('without talks’ codes knows them by their guid', () => {
    const { sessions } = agenda(({ talks }) => (talks[0]!.slug = 'no code: spaces'));
    expect(sessions[0]!.code).toBe('guid-AB1');
  });

  it.each<[what: string, pointer: string, message: string, change: Change]>([
    ['no title', `${TALK}/title`, 'is missing', ({ talks }) => delete talks[0]!.title],
    [
      'a time without a zone',
      `${TALK}/date`,
      'offset',
      ({ talks }) => (talks[0]!.date = '2027-03-27T09:00:00'),
    ],
    [
      'a day that is none',
      `${TALK}/date`,
      'offset',
      ({ talks }) => (talks[0]!.date = '2027-02-30T09:00:00Z'),
    ],
    ['no length', `${TALK}/duration`, 'HH:MM', ({ talks }) => (talks[0]!.duration = '00:00')],
    [
      'a title that does not fit',
      `${TALK}/title`,
      '400 characters',
      ({ talks }) => (talks[0]!.title = 'x'.repeat(400)),
    ],
    ['an id that is no number', `${TALK}/id`, 'whole number', ({ talks }) => (talks[0]!.id = '1')],
    [
      'a nameless speaker',
      `${TALK}/persons/0`,
      'neither a name',
      ({ talks }) => (talks[0]!.persons = [{ id: 2 }]),
    ],
    [
      'a code twice',
      '/schedule/conference/days/0/rooms/Hall 1/1',
      `has the code AB1 of ${TALK}`,
      ({ talks }) => (talks[1]!.slug = 'AB1'),
    ],
    ['a talk that is none', TALK, 'must be an object', ({ talks }) => (talks[0] = null as never)],
    [
      'a room that is no list',
      '/schedule/conference/days/0/rooms/a~1b',
      'must be a list',
      ({ rooms }) => (rooms['a/b'] = 7),
    ],
    ['no talks', '/schedule/conference/days', 'holds no session', ({ conference }) => (conference.days = [])],
    ['no days', '/schedule/conference/days', 'must be a list', ({ conference }) => delete conference.days],
    [
      'a zone that is none',
      '/schedule/conference/time_zone_name',
      'no time zone',
      ({ conference }) => (conference.time_zone_name = 'Europe/Atlantis'),
    ],
    [
      'an acronym without letters',
      '/schedule/conference/acronym',
      'no letter',
      ({ conference }) => (conference.acronym = '!!'),
    ],
    [
      'rooms where none belong',
      '/schedule/rooms',
      'does not belong',
      ({ schedule }) => (schedule.rooms = []),
    ],
    [
      'no conference',
      '/schedule/conference',
      'no schedule.json',
      ({ schedule }) => delete schedule.conference,
    ],
  ])('with %s is refused, with the place', (_, pointer, message, change) => {
    const result = read(change);
    expect(result.ok ? [] : result.faults).toContainEqual({
      pointer,
      message: expect.stringContaining(message) as string,
    });
  });

  it('with many faults is refused with all of them at once', () => {
    const result = read(({ talks, conference }) => {
      delete conference.title;
      for (const talk of talks) Object.assign(talk, { date: 'tomorrow', duration: 'long' });
    });
    expect(result.ok ? 0 : result.faults.length).toBe(5);
  });

  it.each([[null], [[]], ['text'], [{}], [{ schedule: null }]])('that is %j is refused', (document) => {
    expect(readAgenda(document)).toMatchObject({ ok: false });
  });
});

describe('The time zone of an agenda that names none', () => {
  const at =
    (...offsets: string[]): Change =>
    ({ conference, talks }) => {
      delete conference.time_zone_name;
      talks.forEach((talk, i) => (talk.date = `2027-03-27T09:0${i}:00${offsets[i]}`));
    };

  it.each([
    ['+01:00', 'Etc/GMT-1'],
    ['-05:00', 'Etc/GMT+5'],
    ['Z', 'UTC'],
  ])('is that of the offset %s which all its times share: %s', (offset, zone) => {
    const { event, timeZoneFrom } = agenda(at(offset, offset));
    expect([event.timeZone, timeZoneFrom]).toEqual([zone, 'offsets']);
  });

  it.each([
    ['differ', '+01:00', '+02:00'],
    ['are no whole hours', '+05:30', '+05:30'],
  ])('is asked for where the offsets %s', (_, ...offsets) => {
    expect(read(at(...offsets))).toMatchObject({
      ok: false,
      faults: [{ pointer: '/schedule/conference/time_zone_name' }],
    });
    const { event } = agenda(at(...offsets), { timeZone: 'Asia/Kolkata' });
    expect(event.timeZone).toBe('Asia/Kolkata');
  });
});

describe('An agenda that is moved', () => {
  it('begins on that day and keeps its times of day, though summer time begins in between', () => {
    const moved = shiftAgenda(agenda(), '2027-07-01');
    expect(moved.sessions.map(({ startsAt }) => startsAt)).toEqual([
      '2027-07-01T07:00:00.000Z',
      '2027-07-01T21:30:00.000Z',
    ]);
    expect(moved.event).toMatchObject({
      startsAt: '2027-07-01T07:00:00.000Z',
      endsAt: '2027-07-01T22:15:00.000Z',
    });
  });

  it('back and forth is as it was', () => {
    const original = agenda();
    expect(shiftAgenda(shiftAgenda(original, '2031-08-15'), '2027-03-27')).toEqual(original);
  });

  it('counts the day in its own zone, not in UTC', () => {
    const early = agenda(({ talks }) => (talks[0]!.date = '2027-03-27T00:30:00+01:00'));
    expect(shiftAgenda(early, '2027-03-28').sessions[0]!.startsAt).toBe('2027-03-27T23:30:00.000Z');
  });
});

describe.skipIf(!existsSync(shared))('Real exports (skipped where ../shared/data is absent)', () => {
  const file = (name: string, wishes?: AgendaWishes) =>
    readAgenda(JSON.parse(readFileSync(path.join(shared, name), 'utf8')), wishes);

  it('of rC3, which names no zone, are in that of their offset', () => {
    const result = file('pretalx-rc3.json');
    expect(result).toMatchObject({ ok: true, agenda: { event: { timeZone: 'Etc/GMT-1' } } });
    expect(result.ok && result.agenda.sessions.length).toBe(48);
  });

  it('of DemoCon are in the zone that they name', () => {
    const result = file('pretalx-democon.json');
    expect(result).toMatchObject({ ok: true, agenda: { event: { slug: 'democon', timeZone: 'UTC' } } });
    expect(result.ok && result.agenda.sessions.length).toBe(36);
  });

  it('that break the schema where Foyer reads them are refused, each place named', () => {
    const result = file('invalid-example.json');
    const talk = '/schedule/conference/days/0/rooms/Winterchaos/0';
    expect(result.ok ? [] : result.faults.map(({ pointer }) => pointer)).toEqual([
      '/schedule/rooms',
      `${talk}/id`,
      `${talk}/persons/0/id`,
    ]);
  });
});
