import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { PROGRAM_BUNDLE } from '../../scripts/launcher/bundles.mjs';
import { freshDatabase } from '../support/database.js';
import { freshRedis } from '../support/redis.js';
import { type RunningProgram, startProgram } from '../support/program.js';

const isBuilt = existsSync(`${PROGRAM_BUNDLE}.cache`);
if (!isBuilt) console.warn('Skipped: the program is not bundled (dist). Run npm run build.');

async function inBothForms<T>(look: (program: RunningProgram) => Promise<T>): Promise<T[]> {
  const servers = { role: 'api', databaseUrl: await freshDatabase(), redisUrl: await freshRedis() } as const;
  const seen: T[] = [];
  for (const script of ['scripts/program.mjs', 'dist/main.js']) {
    const program = await startProgram({ ...servers, script });
    seen.push(await look(program));
    program.kill('SIGKILL');
    await program.stopped;
  }
  return seen;
}

describe.skipIf(!isBuilt)('The program from its bundle', () => {
  it('starts with the code that was kept of it', async () => {
    const asks = `import { CachedScript } from './scripts/launcher/cached-script.mjs';
      console.log(new CachedScript(process.argv[1]).isCached);`;
    // In a process of its own: V8 refuses the code where somebody has changed its flags.
    const args = ['--input-type=module', '-e', asks, PROGRAM_BUNDLE];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(stdout).toBe('true\n');
  });

  it(
    'says the same of itself as module by module, and prints no line but its log',
    { timeout: 90_000 },
    async () => {
      const [bundled, whole] = await inBothForms(async ({ url, logs }) => ({
        contract: (await (await fetch(`${url}/openapi.json`)).json()) as { paths: object },
        docs: (await fetch(`${url}/docs/`)).status,
        problem: await (await fetch(`${url}/problems/not-found`)).text(),
        refused: await (await fetch(`${url}/v1/events/none/registrations`, { method: 'POST' })).text(),
        strangeLines: logs.filter((line) => !line.startsWith('{')),
      }));
      expect(bundled).toEqual(whole);
      expect(bundled).toMatchObject({ docs: 200, strangeLines: [] });
      expect(Object.keys(bundled!.contract.paths).length).toBeGreaterThan(30);
    },
  );

  it('names what is wrong with its command', async () => {
    const servers = { databaseUrl: await freshDatabase(), redisUrl: await freshRedis() };
    const started = startProgram({ ...servers, role: 'api', args: ['srve'] });
    await expect(started).rejects.toThrow('There is no command srve: give serve, migrate, seed or none.');
  });
});
