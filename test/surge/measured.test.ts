import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCli } from '../../src/cli/run-cli.js';
import { LobbySettings } from '../../src/lobby/lobby-settings.service.js';
import type { Report } from '../../src/surge/report.js';
import { OPERATOR, TestApp } from '../http/app.js';
import { judge, type Verdict } from '../lobby/judge.js';
import { MAPPING, Rig } from '../pipelines/rig.js';
import { destinationsFor } from '../support/destinations.js';

let rig: Rig;
let app: TestApp;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'foyer-surge-'));
  const mappingsDir = path.join(folder, 'mappings');
  cpSync('mappings', mappingsDir, { recursive: true });
  for (const file of readdirSync(mappingsDir))
    if (file.endsWith('.yaml') && file !== `${MAPPING}.yaml`) rmSync(path.join(mappingsDir, file));
  rig = await Rig.start();
  await rig.startWorker({ mappingsDir });
  const pipelines = { mappingsDir, destinationsFile: destinationsFor({ hubspot: rig.twin.url }) };
  app = await TestApp.start({ databaseUrl: rig.databaseUrl, settings: { pipelines } });
});

afterAll(async () => {
  await app.stop();
  await rig.stop();
  rmSync(folder, { recursive: true });
});

async function foyer(...args: string[]): Promise<{ code: number; err: string }> {
  let err = '';
  const stdout = { write: () => true };
  const stderr = { write: (text: string) => (err += text) };
  const given = ['surge', '--report', path.join(folder, 'report'), '--key', OPERATOR, ...args];
  return { code: await runCli(given, { stdout, stderr }), err };
}

const reported = (): Report => JSON.parse(readFileSync(path.join(folder, 'report.json'), 'utf8')) as Report;

async function countOf(text: string, event: string): Promise<number> {
  const { rows } = await app.pool.query<{ n: number }>(
    `select count(*)::int as n from ${text} and event_id = (select id from events where slug = $1)`,
    [event],
  );
  return rows[0]!.n;
}

async function verdictOn(event: string, log: string): Promise<Verdict> {
  const { rows } = await app.pool.query<{ id: string }>('select id from events where slug = $1', [event]);
  return judge(app.databaseUrl, rows[0]!.id, log);
}

interface LobbyFigures {
  readonly active: number;
  readonly releasedLastMinute: number;
}

const MIX = 'patient=50,client=10,reloader=15,forger=5,copier=10,hammerer=10';
const SMALL = ['--minutes', '0.01', '--form-seconds', '0.3', '--mix', MIX, '--mode', 'always', '--deliver'];

describe('foyer surge', () => {
  it('reports of a running instance what its own ledgers say', async () => {
    const figures = vi.spyOn(app.nest.get(LobbySettings), 'figures');
    const { code, err } = await foyer(
      ...SMALL,
      '--api',
      app.url,
      '--visitors',
      '48',
      '--max-active',
      '12',
      // Those told before the front moved look again after as long as it takes at this pace: all of them soon.
      '--max-per-minute',
      '6000',
      '--keep',
      '--notes',
      path.join(folder, 'notes'),
    );
    const { held, broken, errors, visitors, overshoot, order, cheats, ledger, target, downstream, series } =
      reported();
    expect({ held, broken, errors, code }).toEqual({ held: true, broken: [], errors: [], code: 0 });
    expect(err).toContain('48 visitors in 0.01 min');
    const event = target!.event;
    const registered = await countOf('registrations where true', event);
    expect(visitors).toMatchObject({ arrived: 48, inLine: 48, fates: { registered: 48 } });
    expect(ledger).toEqual({ acknowledged: registered, registered, others: [] });
    expect(series.registered.at(-1)).toBe(registered);
    // Everyone by a pass of their own, which was spent once; and the limit was reached, not passed.
    expect(await countOf(`lobby_calls where ending = 'registered'`, event)).toBe(48);
    // The report has the most that the lobby told it, twice a second; the ledger below has every moment.
    const told = figures.mock.settledResults.map(({ value }) => value as LobbyFigures);
    expect(overshoot).toMatchObject({
      over: 0,
      activeMax: Math.max(...told.map(({ active }) => active)),
      perMinuteMax: Math.max(...told.map(({ releasedLastMinute }) => releasedLastMinute)),
    });
    expect(overshoot.activeMax).toBeGreaterThan(0);
    expect(order).toMatchObject({ overtaken: 0, numbersOutOfOrder: 0, placesLost: 0 });
    for (const { gained } of Object.values(cheats)) expect(gained).toBe(0);
    expect(cheats.copier.refused).toBeGreaterThan(0);
    const { verified, unaccounted, changes, settled, lagMs } = downstream.find(
      ({ mapping }) => mapping === MAPPING,
    )!;
    expect({ verified, unaccounted, changes, settled }).toEqual({
      verified: 48,
      unaccounted: 0,
      changes: 48,
      settled: 48,
    });
    expect(lagMs!.max).toBeGreaterThan(0);
    expect(await rig.contacts()).toHaveLength(48);
    // The oracle shares no code with either side, and reads the lobby's tables beside what the visitors noted.
    const verdict = await verdictOn(event, path.join(folder, 'notes'));
    expect(verdict).toMatchObject({ violations: [], acknowledged: 48, registered: 48, activeMax: 12 });
  }, 60_000);

  it('leaves nobody behind', async () => {
    const { code, err } = await foyer(...SMALL, '--api', app.url, '--visitors', '5', '--mix', 'patient=1');
    expect([code, err]).toEqual([
      0,
      expect.stringContaining('5 people erased, the event is a draft again') as string,
    ]);
    const event = reported().target!.event;
    expect(await countOf(`registrations where status <> 'erased'`, event)).toBe(0);
    expect((await app.call('GET', `/v1/events/${event}`)).status).toBe(404);
  }, 60_000);

  it('erases nobody but its own people, whoever registers meanwhile', async () => {
    const slug = await app.openEvent();
    await app.operator('PUT', `/v1/events/${slug}/lobby`, { mode: 'off', maxActive: 50, maxPerMinute: 6000 });
    vi.restoreAllMocks(); // Another test watches the same figures.
    const figures = app.nest.get(LobbySettings);
    const original = figures.figures.bind(figures);
    const spy = vi.spyOn(figures, 'figures');
    let calls = 0;
    let stranger: Promise<{ status: number; body: { id: string } }> | undefined;
    spy.mockImplementation((...asked: Parameters<typeof original>) => {
      // The first look takes the venue, which must be empty; from the second on the run is under way.
      if (++calls === 2) stranger = app.register(slug);
      return original(...asked);
    });
    const mix = ['--mix', 'patient=1', '--minutes', '0.02', '--form-seconds', '0.1', '--deliver'];
    const { code, err } = await foyer(...mix, '--api', app.url, '--visitors', '5', '--event', slug);
    spy.mockRestore();
    const { status, body } = (await stranger)!;
    expect(status).toBe(201);
    expect(err).toContain('5 people erased');
    expect(err).toContain(`1 registrations that are not this run's were left: ${body.id}`);
    expect(code).toBe(0);
    expect(reported().ledger).toEqual({ acknowledged: 5, registered: 5, others: [body.id] });
    const standing = await app.operator('GET', `/v1/registrations/${body.id}`);
    expect(standing.body.status).toBe('confirmed');
    expect(await countOf(`registrations where status = 'erased'`, slug)).toBe(5);
  }, 60_000);

  it('takes an event as it is only where it is open, empty and has a lobby', async () => {
    const slug = await app.draftEvent();
    const surge = (...args: string[]) => foyer('--api', app.url, '--deliver', '--event', slug, ...args);
    expect((await surge()).err).toContain(`${slug} is draft: open it`);
    await app.operator('PATCH', `/v1/events/${slug}`, { state: 'open' });
    expect((await surge()).err).toContain(`${slug} has no lobby`);
    expect((await surge('--max-active', '5')).err).toContain('--max-active is for an event of its own');
    await app.register(slug);
    expect((await surge()).err).toContain(`somebody is registered for ${slug}`);
    expect((await foyer('--api', app.url, '--deliver', '--event', 'no-such')).err).toContain(
      'no event no-such',
    );
  });

  it('goes nowhere but to this machine unless its operator says so', async () => {
    const away = ['--api', 'https://events.example.com'];
    const refused = await foyer(...away);
    expect([refused.code, refused.err]).toEqual([
      2,
      expect.stringContaining('--i-operate events.example.com') as string,
    ]);
    const wrong = await foyer(...away, '--i-operate', 'example.com');
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('names example.com') as string]);
    for (const host of ['127.0.0.1.example.com', 'localhost.example.com', '10.0.0.1', '[::2]'])
      expect((await foyer('--api', `http://${host}`)).code, host).toBe(2);
  });

  it('delivers to nobody who was not meant to have its people', async () => {
    const { code, err } = await foyer('--api', app.url);
    expect([code, err]).toEqual([2, expect.stringContaining('would reach hubspot, salesforce') as string]);
  });
});
