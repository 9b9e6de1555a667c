import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run-cli.js';
import { findConnection } from '../../src/platform/config/connection.js';
import { OPERATOR, TestApp } from '../http/app.js';

let app: TestApp;
let folder: string;
let file: string;

beforeAll(async () => {
  app = await TestApp.start();
  folder = mkdtempSync(path.join(tmpdir(), 'foyer-agenda-'));
  file = path.join(folder, 'schedule.json');
});

afterAll(async () => {
  await app.stop();
  rmSync(folder, { recursive: true });
});

function talk(slug: string, title = `Talk ${slug}`): Record<string, unknown> {
  const persons = [{ id: 1, public_name: 'Ada Lovelace' }];
  return { id: 1, slug, title, date: '2030-05-01T10:00:00+02:00', duration: '01:00', type: 'Talk', persons };
}

function write(...talks: object[]): void {
  const conference = { title: 'May', time_zone_name: 'Europe/Berlin', days: [{ rooms: { Hall: talks } }] };
  writeFileSync(file, JSON.stringify({ schedule: { conference: { acronym: 'may', ...conference } } }));
}

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const stdout = { write: (part: string) => (out += part) };
  const stderr = { write: (part: string) => (err += part) };
  const code = await runCli(['import', 'agenda', ...args], { stdout, stderr });
  return { code, out, err };
}

/** To the API of this test, told as JSON. */
async function imported(slug: string, ...args: string[]): Promise<{ event: string; sessions: object }> {
  const asked = [file, '--slug', slug, '--api', app.url, '--key', OPERATOR, '--json', ...args];
  const { code, out, err } = await run(...asked);
  expect(code, err).toBe(0);
  return (JSON.parse(out) as { changes: { event: string; sessions: object } }).changes;
}

const counts = (created: number, changed: number, unchanged: number) => ({ created, changed, unchanged });

describe('foyer import agenda', () => {
  it('makes the event, and again changes nothing', async () => {
    write(talk('A'), talk('B'));
    expect(await imported('first')).toMatchObject({ event: 'created', sessions: counts(2, 0, 0) });
    const before = await app.pool.query(`select version, updated_at from events where slug = 'first'`);
    expect(await imported('first')).toMatchObject({ event: 'unchanged', sessions: counts(0, 0, 2) });
    const after = await app.pool.query(`select version, updated_at from events where slug = 'first'`);
    expect(after.rows).toEqual(before.rows);
  });

  it('takes over what changed, keeps seats that were set, and names what the file no longer has', async () => {
    write(talk('A'), talk('B'), talk('C'));
    await imported('changing');
    const { items } = (await app.operator('GET', '/v1/events/changing/sessions')).body;
    const { links: _, seatsLeft: __, code, ...session } = items[0] as unknown as Record<string, unknown>;
    expect(code).toBe('A');
    await app.operator('PUT', '/v1/events/changing/sessions/A', { ...session, capacity: 30 });
    write(talk('A', 'A new title'), talk('B'));
    expect(await imported('changing', '--capacity', '7')).toEqual({
      event: 'changed',
      sessions: counts(0, 1, 1),
      notInFile: ['C'],
    });
    const found = (await app.operator('GET', '/v1/events/changing/sessions')).body.items;
    expect(found[0]).toMatchObject({ code: 'A', title: 'A new title', capacity: 30 });
    expect((await app.operator('GET', '/v1/events/changing')).body).toMatchObject({ capacity: 7 });
  });

  it('opens the event when asked to', async () => {
    write(talk('A'));
    await imported('opened', '--open');
    expect((await app.register('opened')).status).toBe(201);
    expect(await imported('opened', '--open')).toMatchObject({ event: 'unchanged' });
  });

  it('opens nothing that is over, and says how to move it', async () => {
    write({ ...talk('A'), date: '2020-12-27T10:00:00+01:00' });
    const asked = [file, '--slug', 'over', '--api', app.url, '--key', OPERATOR, '--open'];
    const { code, err } = await run(...asked);
    expect([code, err]).toEqual([1, expect.stringContaining('--shift-to')]);
    expect((await app.call('GET', '/v1/events/over', { token: OPERATOR })).status).toBe(404);
    await imported('over', '--open', '--shift-to', '2031-02-03');
    const { body } = await app.call('GET', '/v1/events/over');
    expect(body).toMatchObject({ state: 'open', startsAt: '2031-02-03T09:00:00.000Z' });
  });

  it('writes nothing in a dry run', async () => {
    write(talk('A'));
    expect(await imported('dry', '--dry-run')).toMatchObject({ event: 'created', sessions: counts(1, 0, 0) });
    expect((await app.call('GET', '/v1/events/dry', { token: OPERATOR })).status).toBe(404);
  });

  it('says every fault of the file by its place, and writes nothing', async () => {
    write(talk('A'), { ...talk('B'), title: '', date: 'soon' });
    const asked = [file, '--slug', 'faulty', '--api', app.url, '--key', OPERATOR];
    const { code, out, err } = await run(...asked);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('schedule.json#/schedule/conference/days/0/rooms/Hall/1/title is missing');
    expect(err).toContain('/days/0/rooms/Hall/1/date must be a time with its offset');
    expect(err).toContain('2 faults; nothing was imported');
    expect((await app.call('GET', '/v1/events/faulty', { token: OPERATOR })).status).toBe(404);
  });

  it.each([
    ['nobody answers', () => ['--api', 'http://127.0.0.1:1', '--key', OPERATOR], 1, 'no answer from'],
    ['the key is wrong', () => ['--api', app.url, '--key', 'fk_wrong'], 1, 'does not know the key'],
    ['the address is none', () => ['--api', 'nowhere', '--key', OPERATOR], 2, 'is no address'],
    ['the zone is none', () => ['--time-zone', 'Mars/Olympus'], 2, '--time-zone'],
    ['the day is none', () => ['--shift-to', '2027-02-30'], 2, '--shift-to'],
    ['an option is unknown', () => ['--colour'], 2, '--colour'],
  ])('says what to do where %s', async (_, args, expected, message) => {
    write(talk('A'));
    const { code, err } = await run(file, ...args());
    expect([code, err]).toEqual([expected, expect.stringContaining(message)]);
    expect(err).not.toMatch(/\n\s+at /);
  });

  it('says so where there is no file, or one that is no JSON', async () => {
    writeFileSync(path.join(folder, 'broken.json'), '{');
    const to = ['--api', app.url, '--key', OPERATOR];
    expect(await run(path.join(folder, 'broken.json'), ...to)).toMatchObject({ code: 2 });
    expect(await run(path.join(folder, 'absent.json'), ...to)).toMatchObject({ code: 2 });
    expect(await run()).toMatchObject({ code: 2 });
  });
});

describe('Which Foyer a command speaks to', () => {
  const running = (): string => {
    const runFile = path.join(folder, 'run.json');
    writeFileSync(runFile, JSON.stringify({ api: 'http://127.0.0.1:3000', operatorKey: 'fk_running' }));
    return runFile;
  };

  it('is what was given, else the environment’s, else what runs here', () => {
    const environment = { FOYER_API_URL: 'https://foyer.example/', FOYER_OPERATOR_KEY: 'fk_environment' };
    const given = { api: 'https://given.example', key: 'fk_given' };
    expect(findConnection(given, environment, running())).toEqual(given);
    expect(findConnection({}, environment, running())).toEqual({
      api: 'https://foyer.example',
      key: 'fk_environment',
    });
    expect(findConnection({}, {}, running())).toEqual({ api: 'http://127.0.0.1:3000', key: 'fk_running' });
    expect(findConnection({}, {}, path.join(folder, 'absent.json'))).toEqual({});
  });

  it('decides about the key: that of what runs here goes nowhere else', () => {
    const elsewhere = { api: 'https://elsewhere.example' };
    expect(findConnection(elsewhere, {}, running())).toEqual(elsewhere);
    expect(findConnection(elsewhere, { FOYER_OPERATOR_KEY: 'fk_running' }, running())).toEqual(elsewhere);
    const here = { api: 'http://localhost:3000' };
    expect(findConnection(here, {}, running())).toEqual({ ...here, key: 'fk_running' });
  });
});
