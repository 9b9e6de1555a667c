import { execFile } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

/** Nobody's account on every system that has one; any number without rights would do. */
const NOBODY = 65_534;
const IS_ROOT = process.getuid?.() === 0;
const LAUNCHER = path.resolve('scripts/launcher');

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'foyer-ordinary-'));
  mkdirSync(path.join(folder, 'var'), { mode: 0o700 });
  if (!IS_ROOT) return;
  chownSync(folder, NOBODY, NOBODY);
  chownSync(path.join(folder, 'var'), NOBODY, NOBODY);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs as somebody without rights: as root, by becoming one; else as who runs the tests. */
async function asOrdinaryUser(program: string): Promise<unknown> {
  const who = IS_ROOT ? { uid: NOBODY, gid: NOBODY } : {};
  const env = { PATH: process.env.PATH, HOME: folder, TMPDIR: path.join(folder, 'var') };
  const args = ['--input-type=module', '-e', program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { ...who, env, cwd: folder });
  return JSON.parse(stdout);
}

/** A checkout that only root may enter, as below /root, is of no use to anybody else. */
async function mayRead(): Promise<boolean> {
  const program = `import { readFileSync } from 'node:fs';
    readFileSync(${JSON.stringify(path.join(LAUNCHER, 'postgres.mjs'))}); console.log(true);`;
  return asOrdinaryUser(program).then(
    () => true,
    () => false,
  );
}

const PROGRAM = `
  const { startPostgres } = await import(${JSON.stringify(pathToFileURL(path.join(LAUNCHER, 'postgres.mjs')).href)});
  const { unprivileged } = await import(${JSON.stringify(pathToFileURL(path.join(LAUNCHER, 'unprivileged.mjs')).href)});
  const dataDir = process.env.TMPDIR + '/postgres';
  const { how } = unprivileged({ dataDir, program: process.execPath });
  const server = await startPostgres({ dataDir, port: 0, password: 'a password' });
  const { readFileSync } = await import('node:fs');
  const owner = /^Uid:\\s+(\\d+)/m.exec(readFileSync('/proc/' + server.pid + '/status', 'utf8'))?.[1];
  await server.stop();
  console.log(JSON.stringify({ how, uid: process.getuid(), owner: Number(owner) }));
`;

it.skipIf(process.platform !== 'linux')(
  'an ordinary user starts PostgreSQL as themselves',
  async (context) => {
    if (!(await mayRead())) return context.skip('an ordinary user may not read this checkout');
    const uid = IS_ROOT ? NOBODY : process.getuid!();
    expect(await asOrdinaryUser(PROGRAM)).toEqual({ how: 'user', uid, owner: uid });
    const dataDir = path.join(folder, 'var/postgres');
    expect(statSync(dataDir).uid).toBe(uid);
    expect(statSync(dataDir).mode & 0o077).toBe(0);
    expect(readFileSync(path.join(dataDir, 'PG_VERSION'), 'utf8')).toMatch(/^\d+/);
  },
);
