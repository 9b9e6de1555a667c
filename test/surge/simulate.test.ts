import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run-cli.js';
import type { Report } from '../../src/surge/report.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'foyer-surge-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function foyer(...args: string[]): Promise<Said> {
  let [out, err] = ['', ''];
  const stdout = { write: (text: string) => (out += text) };
  const stderr = { write: (text: string) => (err += text) };
  const report = path.join(folder, 'report');
  const code = await runCli(['surge', '--report', report, ...args], { stdout, stderr });
  return { code, out, err };
}

const RUSH = [
  '--simulate',
  '--visitors',
  '2000',
  '--minutes',
  '8',
  '--max-active',
  '150',
  '--max-per-minute',
  '220',
];

async function rush(...args: string[]): Promise<{ text: string; report: Report }> {
  const { code, err } = await foyer(...RUSH, ...args);
  expect([code, err]).toEqual([0, '']);
  const text = readFileSync(path.join(folder, 'report.json'), 'utf8');
  return { text, report: JSON.parse(text) as Report };
}

describe('foyer surge --simulate', () => {
  it('never lets in more than allowed, nobody past another, and cheats nowhere', async () => {
    const { report } = await rush();
    const { visitors, overshoot, order, cheats, ledger } = report;
    expect(report).toMatchObject({ held: true, broken: [], errors: [] });
    // It was a rush: both budgets were used up, and most had to wait.
    expect(overshoot).toMatchObject({ activeMax: 150, perMinuteMax: 220, over: 0 });
    expect(overshoot.holdersMax).toBeGreaterThan(100);
    expect(visitors.inLine).toBeGreaterThan(1_500);
    expect(Object.values(visitors.fates).reduce((sum, n) => sum + n, 0)).toBe(2_000);
    expect(visitors.fates.registered).toBeGreaterThan(1_700);
    expect(order).toMatchObject({ overtaken: 0, numbersOutOfOrder: 0, placesLost: 0 });
    expect(order.judged).toBeGreaterThan(1_000);
    expect(order.placesShown).toBeGreaterThan(100);
    expect(report.fairness.pairs).toBeGreaterThan(500_000);
    expect(report.fairness.inOrderShare).toBeGreaterThan(0.99);
    for (const { tries, refused, gained } of Object.values(cheats)) {
      expect(tries).toBeGreaterThan(20);
      expect([refused, gained]).toEqual([tries, 0]);
    }
    expect(ledger).toEqual({
      acknowledged: visitors.fates.registered,
      registered: visitors.fates.registered,
      others: [],
    });
    expect(report.use).toBeGreaterThan(0.99);
  });

  it('is the same to the byte for a seed, and another for another', async () => {
    const first = await rush();
    expect((await rush()).text).toBe(first.text);
    expect((await rush('--seed', '2')).text).not.toBe(first.text);
  });

  it('recommends what then lets everyone in within the wait that was asked for', async () => {
    const { advice, waitSeconds } = (await rush('--wait-minutes', '2')).report;
    expect(waitSeconds!.max).toBeGreaterThan(150);
    const set = ['--max-active', String(advice.maxActive), '--max-per-minute', String(advice.maxPerMinute)];
    const again = (await rush('--wait-minutes', '2', ...set)).report;
    // A tenth above for what is random in it.
    expect(again.waitSeconds!.max).toBeLessThan(2 * 60 * 1.1);
    expect(again.order.overtaken).toBe(0);
  });

  it('lets nobody in before the opening, and everybody who came before by turn', async () => {
    const { report } = await rush('--visitors', '500', '--opens-after-minutes', '4', '--mode', 'always');
    const { atSeconds, admitted, waiting } = report.series;
    const last = atSeconds.findLastIndex((seconds) => seconds < 240);
    expect(admitted[last]).toBe(0);
    expect(waiting[last]).toBeGreaterThan(300);
    expect(report.overshoot.activeMax).toBe(150);
    expect(report.order).toMatchObject({ overtaken: 0, numbersOutOfOrder: 0 });
    expect(report.use).toBeGreaterThan(0.99);
  });

  it('follows a recorded profile', async () => {
    const file = path.join(folder, 'door.csv');
    writeFileSync(file, 'seconds,people\n0,300\n10,0\n60,100\n70,0\n');
    const { report } = await rush('--arrivals', file, '--visitors', '400', '--minutes', '1.3333333');
    const { atSeconds, arrived } = report.series;
    const at = (seconds: number): number => arrived[atSeconds.findIndex((s) => s >= seconds)]!;
    expect(at(12)).toBe(at(58));
    expect(at(12)).toBeGreaterThan(260);
    expect(arrived.at(-1)).toBe(400);
    expect(report.scenario.arrivals).toBe('door.csv');
  });

  it('writes a report that needs nothing else', async () => {
    await rush();
    const page = readFileSync(path.join(folder, 'report.html'), 'utf8');
    expect(page.match(/<svg /g)).toHaveLength(4);
    expect(page).not.toMatch(/https?:|src=|href=|<script|NaN|undefined|Infinity/);
    expect(page).toContain('Every promise held.');
  });

  it.each([
    [['--visitors', '0'], '--visitors takes a number from 1 to 1000000, not "0"'],
    [['--visitors', '1.5'], '--visitors takes a whole number'],
    [['--minutes', '9999'], '--minutes takes a number from 0.01 to 1440'],
    [['--arrivals', 'flood'], 'not "flood"'],
    [['--arrivals', 'nowhere.csv'], 'nowhere.csv cannot be read'],
    [['--mix', 'patient=1,thief=2'], 'there are no visitors "thief"'],
    [['--mix', 'patient=0'], 'somebody must come'],
    [['--mode', 'off'], '--mode takes auto or always'],
    [['--max-active', 'many'], 'not "many"'],
    [['tomorrow'], 'what is tomorrow?'],
  ])('refuses %j', async (args, said) => {
    const { code, err } = await foyer('--simulate', ...args);
    expect([code, err]).toEqual([2, expect.stringContaining(said) as string]);
  });

  it.each([
    ['0,5\n0,7\n', 'row 2'],
    ['0,-5\n1,7\n', 'row 1: people'],
    ['seconds,people\n', 'has no rows'],
    ['0,0\n', 'nobody comes'],
    ['0,much\n', 'row 1: people'],
  ])('names what is wrong with a profile: %j', async (content, said) => {
    const file = path.join(folder, 'wrong.csv');
    writeFileSync(file, content);
    const { code, err } = await foyer('--simulate', '--arrivals', file);
    expect([code, err]).toEqual([2, expect.stringContaining(said) as string]);
  });
});
