import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const bundle = path.resolve('dist/cli/check.bundle.cjs');
const isBuilt = existsSync(`${bundle}.cache`);
if (!isBuilt) console.warn('Skipped: foyer check is not bundled (dist/cli). Run npm run build.');

/** More than one thread checks alone. */
const MANY = 40;

let folder: string;
let many: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'foyer-check-bundle-'));
  await cp('mappings', folder, { recursive: true });
  const text = await readFile(path.join(folder, 'hubspot.contact.yaml'), 'utf8');
  // A misspelt attribute, a name that two files claim, and a text whose faults another library tells.
  await writeFile(path.join(folder, 'a.yaml'), text.replace('person.firstName', 'person.fristName'));
  await writeFile(path.join(folder, 'b.yaml'), text.replace('fields:', 'fields: [\n'));
  await writeMany(text);
});

afterAll(() => rm(folder, { recursive: true }));

/** Every third file has a fault, and each two claim one name. */
async function writeMany(text: string): Promise<void> {
  many = path.join(folder, 'many');
  await mkdir(many);
  for (const part of ['picklists', 'targets'])
    await cp(path.join('mappings', part), path.join(many, part), { recursive: true });
  for (let i = 0; i < MANY; i++) {
    const named = text.replace(/^mapping: .*$/m, `mapping: hubspot.copy-${i >> 1}`);
    const faulty = named.replace('person.lastName', 'person.lastNmae');
    await writeFile(path.join(many, `copy-${i}.yaml`), i % 3 === 0 ? faulty : named);
  }
}

interface Said {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

async function said(...args: readonly string[]): Promise<Said> {
  try {
    return { ...(await run(process.execPath, args)), code: 0 };
  } catch (error) {
    const { stdout, stderr, code } = error as Said;
    return { stdout, stderr, code };
  }
}

/** Loaded into a process and inherited by its threads: each says that it is there. */
const TELLS_THREAD = `data:text/javascript,${encodeURIComponent(`
  import { writeSync } from 'node:fs';
  import { threadId } from 'node:worker_threads';
  writeSync(2, 'thread ' + threadId + String.fromCharCode(10));`)}`;

async function threadsOf(...args: readonly string[]): Promise<string[]> {
  const { stderr } = await said('--import', TELLS_THREAD, 'scripts/foyer.mjs', ...args);
  return stderr.trim().split('\n').sort();
}

describe.skipIf(!isBuilt)('foyer check from its bundle', () => {
  it.each([
    [[], 1, 'error duplicate-mapping'],
    [['--json'], 1, '"nearest": "firstName"'],
    [['--format', 'github'], 1, 'title=yaml-syntax'],
    [['--help'], 0, 'Exit codes'],
    [['--format', 'xml'], 2, '--format is one of'],
  ])('says the same as without it: %j', async (options, code, part) => {
    const args = ['check', folder, ...options];
    const bundled = await said('scripts/foyer.mjs', ...args);
    expect(bundled).toEqual(await said('dist/cli/main.js', ...args));
    expect(bundled.code).toBe(code);
    expect(bundled.stdout + bundled.stderr).toContain(part);
  });

  it.each([[[]], [['--json']], [['--format', 'github']]])(
    'says of many files, which two threads share, what one says: %j',
    async (options) => {
      const args = ['check', many, ...options];
      const shared = await said('scripts/foyer.mjs', ...args);
      expect(shared).toEqual(await said('dist/cli/main.js', ...args));
      expect(shared.code).toBe(1);
      const count = (code: string): number => shared.stdout.split(code).length - 1;
      expect([count('unknown-attribute'), count('duplicate-mapping')]).toEqual([
        Math.ceil(MANY / 3),
        MANY / 2,
      ]);
    },
  );

  it.skipIf(availableParallelism() === 1)(
    'takes a second thread for many files, and none for few',
    async () => {
      expect(await threadsOf('check', many)).toEqual(['thread 0', 'thread 1']);
      expect(await threadsOf('check', folder)).toEqual(['thread 0']);
    },
  );

  it('starts with the code that was kept of it', async () => {
    const asks = `import { checkScript } from './scripts/launcher/check-script.mjs';
      process.exitCode = checkScript().isCached ? 0 : 1;`;
    expect(await said('--input-type=module', '-e', asks)).toMatchObject({ code: 0 });
  });
});
