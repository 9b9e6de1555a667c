import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pg from 'pg';
import { latestSlot } from '../../src/platform/scheduler/schedule.js';
import { renderCsv, renderJson } from '../../src/reports/render.js';
import { freshDatabase } from '../support/database.js';
import { destinationsFor } from '../support/destinations.js';
import { People } from '../support/people.js';
import { type RunningProgram, startProgram } from '../support/program.js';
import { freshRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';

const KEY = 'fk_reports-reports-reports-reports-reports';
const RUNS = '/v1/reports/registrations-and-ledger/runs';

interface Run {
  id: string;
  state: string;
  slot?: string;
  links: { csv: string; json: string };
}

describe('The hourly report', () => {
  let pool: pg.Pool;
  let programs: RunningProgram[];
  let api: RunningProgram;

  beforeAll(async () => {
    const databaseUrl = await freshDatabase();
    pool = new pg.Pool({ connectionString: databaseUrl });
    const people = new People(pool);
    await people.register(await people.event('summit'), ['a@example.com', 'b@example.com', 'c@example.com']);
    const env = { FOYER_OPERATOR_KEY: KEY, FOYER_PIPELINES_DESTINATIONS_FILE: destinationsFor({}) };
    const servers = { databaseUrl, redisUrl: await freshRedis(), env };
    programs = await Promise.all([
      startProgram({ role: 'api', ...servers }),
      startProgram({ role: 'worker', ...servers }),
      startProgram({ role: 'worker', ...servers }),
    ]);
    api = programs[0]!;
  });

  afterAll(async () => {
    for (const program of programs) program.kill();
    await Promise.all(programs.map(({ stopped }) => stopped));
    await pool.end();
  });

  async function call(where: string, init: RequestInit = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
    return fetch(`${api.url}${where}`, { headers, ...init });
  }

  async function runs(): Promise<Run[]> {
    return ((await (await call(RUNS)).json()) as { items: Run[] }).items;
  }

  it('is made good at start for the slot that nobody ran, once though two workers run', async () => {
    const found = await waitFor(runs, (seen) => seen.some(({ state }) => state === 'done'));
    expect(found).toHaveLength(1);
    expect(found[0]!.slot).toMatch(/:00:00\.000Z$/);
    const { rows } = await pool.query('select 1 from report_runs');
    expect(rows).toHaveLength(1);
  });

  it('holds what the tables hold, as CSV and as JSON', async () => {
    const made = (await (await call(RUNS, { method: 'POST', body: '{"format":"csv"}' })).json()) as Run;
    expect(made.state).toBe('done');
    const csv = await call(made.links.csv);
    expect(csv.headers.get('content-type')).toContain('text/csv');
    expect(csv.headers.get('content-disposition')).toContain('.csv"');
    const lines = (await csv.text()).split('\r\n');
    expect(lines[0]).toBe('section,name,measure,value');
    expect(lines).toContain('registrations,summit,confirmed,3');
    expect(lines).toContain('ledger,hubspot.contact,records,3');
    expect(lines).toContain('ledger,hubspot.contact,unaccounted,0');
    const rows = (await (await call(made.links.json)).json()) as {
      name: string;
      measure: string;
      value: number;
    }[];
    expect(rows).toContainEqual({ section: 'registrations', name: 'summit', measure: 'confirmed', value: 3 });
  });

  it('is listed with its latest run, and so is what runs when', async () => {
    const reports = (await (await call('/v1/reports')).json()) as {
      items: { report: string; latest: Run }[];
    };
    expect(reports.items[0]).toMatchObject({ report: 'registrations-and-ledger', latest: { state: 'done' } });
    const schedules = (await (await call('/v1/schedules')).json()) as { items: { cron: string }[] };
    expect(schedules.items[0]).toMatchObject({ cron: '0 * * * *', timeZone: 'UTC' });
  });

  it.each([
    ['a report that is not there', '/v1/reports/nonsense/runs', 'POST', '{"format":"csv"}', 404],
    ['a format that is not there', RUNS, 'POST', '{"format":"pdf"}', 400],
    ['an event that is not there', RUNS, 'POST', '{"format":"csv","event":"nonsense"}', 400],
    ['a run that is not there', `${RUNS}/01890000-0000-7000-8000-000000000000`, 'GET', undefined, 404],
    ['a run that can be none', `${RUNS}/nonsense`, 'GET', undefined, 404],
  ])('says what is wrong: %s', async (_name, where, method, body, status) => {
    const answer = await call(where, { method, ...(body === undefined ? {} : { body }) });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
  });
});

describe('A rendering', () => {
  const table = {
    columns: ['name', 'value'],
    rows: [
      ['=cmd()', 1],
      ['a,"b"', null],
      ['-2', -2],
    ] as [string, number | null][],
  };

  it('keeps a spreadsheet from running what it holds', () => {
    expect(renderCsv(table)).toBe('name,value\r\n\'=cmd(),1\r\n"a,""b""",\r\n\'-2,-2\r\n');
  });

  it('is an object a row in JSON', () => {
    expect(JSON.parse(renderJson(table))).toContainEqual({ name: 'a,"b"', value: null });
  });
});

describe('A schedule', () => {
  it.each([
    ['0 * * * *', 'UTC', '2027-03-28T10:17:05Z', '2027-03-28T10:00:00.000Z'],
    ['0 * * * *', 'UTC', '2027-03-28T10:00:00Z', '2027-03-28T10:00:00.000Z'],
    ['30 6 * * *', 'Europe/Berlin', '2027-03-28T10:00:00Z', '2027-03-28T04:30:00.000Z'],
    ['0 0 1 * *', 'UTC', '2027-03-28T10:00:00Z', '2027-03-01T00:00:00.000Z'],
  ])('%s in %s struck last before %s at %s', (cron, timeZone, now, slot) => {
    expect(latestSlot({ cron, timeZone }, new Date(now)).toISOString()).toBe(slot);
  });
});
