import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readZoomReport } from '../../src/activity/zoom-report.js';
import { runCli } from '../../src/cli/run-cli.js';
import { OPERATOR, TestApp } from '../http/app.js';

const shared = path.resolve(import.meta.dirname, '../../../shared/data/zoom/attendance');
const FILES = ['participants_heroes.csv', 'participants_heroes_full.csv'];
const ZONE = 'America/New_York';

const read = (text: string) => readZoomReport(text, { timeZone: ZONE, place: 'here' });

describe('A report of participants', () => {
  it('is read in the zone that is named, and every fault is told by its row', () => {
    const report = read(
      [
        '\uFEFFName,User Email,Join Time,Leave Time',
        '"Ruiz, ""Ana""",ana@example.org,11/07/2021 12:30:00 AM,11/07/2021 12:45:00 PM',
        'Bo,bo@example.org,2021-07-01 09:00:00,2021-07-01 10:00:00',
        'Nobody,,11/19/2021 09:00:00 AM,11/19/2021 10:00:00 AM',
        'Cy,cy@example.org,13/45/2021 09:00:00 AM,11/19/2021 10:00:00 AM',
        'Di,di@example.org,11/19/2021 11:00:00 AM,11/19/2021 10:00:00 AM',
      ].join('\r\n'),
    );
    expect(report.stays.map(({ person, at, until }) => [person.email, at, until])).toEqual([
      ['ana@example.org', '2021-11-07T04:30:00.000Z', '2021-11-07T17:45:00.000Z'],
      ['bo@example.org', '2021-07-01T13:00:00.000Z', '2021-07-01T14:00:00.000Z'],
    ]);
    expect(report.withoutEmail).toBe(1);
    expect(report.faults.map(({ row }) => row)).toEqual([5, 6]);
    expect(() => read('a,b\n1,2')).toThrow(/no columns/);
  });
});

describe.skipIf(!existsSync(shared))('Real reports (skipped where ../shared/data is absent)', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start();
  });

  afterAll(() => app.stop());

  /** Seconds by person, counted one by one from the file's own lines, sharing nothing with the product. */
  function counted(file: string): Map<string, number> {
    const present = new Map<string, Set<number>>();
    for (const line of readFileSync(path.join(shared, file), 'utf8').split(/\r?\n/)) {
      const [, email, from, to] = line.split(',');
      if (!email?.includes('@') || !from?.includes('/')) continue;
      const seconds = present.get(email) ?? new Set<number>();
      for (let s = Date.parse(`${from} UTC`) / 1000; s < Date.parse(`${to} UTC`) / 1000; s++) seconds.add(s);
      present.set(email, seconds);
    }
    return new Map([...present].map(([email, seconds]) => [email, seconds.size]));
  }

  it.each(FILES)('%s: everyone’s time is the union of their stays', async (file) => {
    const expected = counted(file);
    expect(expected.size).toBeGreaterThan(20);
    const event = await app.openEvent();
    const emails = [...expected.keys()];
    // Half of them register before the report comes in, half after.
    const register = (some: string[]) =>
      Promise.all(some.map((email) => app.register(event, { attendee: { email } })));
    await register(emails.slice(0, 13));
    const run = async (): Promise<Record<string, number>> => {
      let out = '';
      const streams = { stdout: { write: (part: string) => (out += part) }, stderr: { write: () => '' } };
      const where = ['--event', event, '--time-zone', ZONE, '--api', app.url, '--key', OPERATOR];
      const code = await runCli(
        ['import', 'attendance', path.join(shared, file), ...where, '--json'],
        streams,
      );
      expect(code, out).toBe(0);
      return (JSON.parse(out) as { counts: Record<string, number> }).counts;
    };
    const first = await run();
    expect(first).toMatchObject({ duplicate: 0, rejected: 0 });
    expect(first.accepted! + first.unresolved!).toBe(31);
    expect(await run()).toEqual({ accepted: 0, duplicate: 31, unresolved: 0, rejected: 0 });
    await register(emails.slice(13));
    const { rows } = await app.pool.query<{ email: string; seconds: number }>(
      `select p.email, a.seconds from attendance a join persons p on p.id = a.person_id
         join events e on e.id = a.event_id where e.slug = $1 and a.session_id is null`,
      [event],
    );
    expect(new Map(rows.map(({ email, seconds }) => [email, seconds]))).toEqual(expected);
  });
});
