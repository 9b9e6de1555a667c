import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { CachedScript } from '../../scripts/launcher/cached-script.mjs';
import { freshDatabase } from '../support/database.js';
import { freshRedis } from '../support/redis.js';
import { type RunningProgram, startProgram } from '../support/program.js';

const bundle = path.resolve('dist/program.bundle.cjs');
const isBuilt = existsSync(`${bundle}.cache`);
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
  it('starts with the code that was kept of it', () => {
    expect(new CachedScript(bundle).isCached).toBe(true);
  });

  it('says the same of itself as module by module, and prints no line but its log', async () => {
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
  });

  it('names what is wrong with its command', async () => {
    const servers = { databaseUrl: await freshDatabase(), redisUrl: await freshRedis() };
    const started = startProgram({ ...servers, role: 'api', args: ['srve'] });
    await expect(started).rejects.toThrow('There is no command srve: give serve, migrate, seed or none.');
  });
});
