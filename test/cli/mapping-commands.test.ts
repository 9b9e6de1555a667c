import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands.js';
import { runCli } from '../../src/cli/run-cli.js';

const mappings = path.resolve(import.meta.dirname, '../../mappings');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'foyer-cli-'));
  await cp(mappings, folder, { recursive: true });
});

afterAll(() => rm(folder, { recursive: true }));

async function foyer(
  args: string[],
  isTerminal = false,
): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const stream = { isTTY: isTerminal, hasColors: () => true };
  const stdout = { ...stream, write: (text: string) => (out += text) };
  const stderr = { ...stream, write: (text: string) => (err += text) };
  const code = await runCli(args, { stdout, stderr });
  return { code, out, err };
}

async function broken(from: string, to: string): Promise<string> {
  const text = await readFile(path.join(folder, 'hubspot.contact.yaml'), 'utf8');
  expect(text).toContain(from);
  const file = path.join(folder, 'hubspot.broken.yaml');
  await writeFile(
    file,
    text.replace('mapping: hubspot.contact', 'mapping: hubspot.broken').replace(from, to),
  );
  return file;
}

describe('foyer check', () => {
  it('says 0 where all is well', async () => {
    const files = (await readdir(mappings)).filter((name) => name.endsWith('.yaml'));
    expect(await foyer(['check', mappings])).toEqual({
      code: 0,
      out: `${files.length} mapping files, 0 errors, 0 warnings\n`,
      err: '',
    });
  });

  it('says 1 where something must be put right, and where it stands', async () => {
    const file = await broken('person.firstName', 'person.fristName');
    const { code, out } = await foyer(['check', file]);
    expect(code).toBe(1);
    expect(out).toContain(`${file}:17:21 error unknown-attribute`);
    expect(out).toContain('fix       write firstName');
    expect(out).toContain('1 mapping file, 1 error, 0 warnings');
  });

  it('says the same as JSON and as GitHub annotations', async () => {
    const file = await broken('person.firstName', 'person.fristName');
    const { code, out } = await foyer(['check', '--json', file]);
    const told = JSON.parse(out) as { ok: boolean; diagnostics: object[] };
    expect([code, told.ok]).toEqual([1, false]);
    expect(told.diagnostics).toMatchObject([
      {
        code: 'unknown-attribute',
        severity: 'error',
        file,
        line: 17,
        column: 21,
        length: 9,
        nearest: 'firstName',
      },
    ]);
    const annotated = await foyer(['check', '--format', 'github', file]);
    expect(annotated.out).toBe(
      `::error file=${file},line=17,col=21,title=unknown-attribute::Person has no attribute fristName. Fix: write firstName\n`,
    );
  });

  it('says 1 for a name that two files claim', async () => {
    const file = await broken('limits:', 'limits:');
    await writeFile(file, (await readFile(file, 'utf8')).replace('hubspot.broken', 'hubspot.contact'));
    const { code, out } = await foyer(['check', folder]);
    expect(code).toBe(1);
    expect(out).toContain('duplicate-mapping');
    await rm(file);
  });

  it('says 2 where it was called wrongly', async () => {
    const calls = [
      [],
      ['chekc'],
      ['check', '--formt', 'json'],
      ['check', '--format', 'xml'],
      ['check', 'not-there.yaml'],
      ['check', import.meta.dirname],
    ];
    for (const args of calls) {
      const { code, out, err } = await foyer(args);
      expect([args, code, out]).toEqual([args, 2, '']);
      expect(err).not.toBe('');
    }
    expect((await foyer(['chekc'])).err).toContain('did you mean check?');
  });

  it('colours for a terminal only', async () => {
    expect((await foyer(['check', mappings], true)).out).toContain('\u001b[');
    expect((await foyer(['check', mappings])).out).not.toContain('\u001b[');
  });
});

describe('foyer test', () => {
  it('runs every example and says 0 where they hold', async () => {
    const { code, out } = await foyer(['test', mappings]);
    expect(code).toBe(0);
    expect(out).toMatch(/(\d+) of \1 examples hold/);
  });

  it('says 1 and shows the difference where one does not', async () => {
    const file = await broken('lastname: Ruiz', 'lastname: Roiz');
    const { code, out } = await foyer(['test', file]);
    expect(code).toBe(1);
    expect(out).toContain('- lastname: "Roiz"');
    expect(out).toContain('+ lastname: "Ruiz"');
    const annotated = await foyer(['test', '--format=github', file]);
    expect(annotated.out).toContain('%0A+ lastname: "Ruiz"');
  });
});

describe('foyer help', () => {
  it('names every command and the exit codes', async () => {
    const { code, out } = await foyer(['help']);
    expect(code).toBe(0);
    for (const word of ['check', 'test', 'Exit codes: 0']) expect(out).toContain(word);
    expect((await foyer(['help', 'check'])).out).toContain('foyer check [files or folders…]');
    expect((await foyer(['check', '--help'])).out).toContain('Exit codes');
  });

  it.each(commands)('says of $name which exit codes it has, and that it answers in JSON', async (entry) => {
    const { options, help } = await entry.load();
    expect(options['json']).toEqual({ type: 'boolean' });
    const { code, out } = await foyer(['help', ...entry.name.split(' ')]);
    expect([code, out]).toEqual([0, expect.stringContaining(help)]);
    expect(help).toMatch(/Exit codes: 0 .+ · 1 .+ · 2 /s);
  });
});
