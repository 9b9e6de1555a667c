import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { FolderLock } from './folder-lock.mjs';
import { inRoot } from './root.mjs';
import { runCommand } from './run-command.mjs';

const SOURCES = ['src', 'web', 'sandbox'];
/** Beside src, which Nest compiles: each to a folder of its own name in dist. */
const BESIDE = ['web', 'sandbox'];
const RECIPE = [
  ...['package-lock.json', 'tsconfig.json', '.swcrc', 'nest-cli.json'],
  ...['bundle', 'bundle-check', 'bundle-program', 'bundles', 'cached-script', 'check-script'].map(
    (name) => `scripts/launcher/${name}.mjs`,
  ),
];
const STAMP = 'dist/.sources';
const LOCK_WAIT_MS = 120_000;

/** @returns {boolean} whether dist was made from the sources as they are now */
export function isBuilt() {
  const stamp = inRoot(STAMP);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint();
}

/**
 * Compiles src to dist, web to dist/web and sandbox to dist/sandbox, and bundles the program and `foyer check`. Two
 * builds at once take turns.
 * @param {{ onLine?: (line: string) => void, unlessCurrent?: boolean }} [options]
 */
export async function build({ onLine, unlessCurrent = false } = {}) {
  mkdirSync(inRoot('var'), { recursive: true });
  const lock = await FolderLock.wait(inRoot('var/build.lock'), LOCK_WAIT_MS);
  try {
    if (unlessCurrent && isBuilt()) return;
    // Taken before: what changes while we compile is built the next time.
    const sources = fingerprint();
    // What stands in dist stays until it is replaced, so that a program started meanwhile, or after a failed build, runs.
    const compile = (args) =>
      runCommand(process.execPath, args, { env: { ...process.env, RUST_BACKTRACE: '0' }, onLine });
    await compile([inRoot('node_modules/@nestjs/cli/bin/nest.js'), 'build']);
    const swc = inRoot('node_modules/@swc/cli/bin/swc.js');
    for (const folder of BESIDE) await compile([swc, folder, '-d', 'dist', '--ignore', '**/*.test.ts']);
    removeOrphans();
    for (const part of ['program', 'check']) await compile([inRoot(`scripts/launcher/bundle-${part}.mjs`)]);
    writeFileSync(inRoot(STAMP), sources);
  } finally {
    lock.release();
  }
}

/** Compiled files whose source is gone. */
function removeOrphans() {
  for (const file of filesIn('dist').filter((name) => /\.js(\.map)?$/.test(name))) {
    const within = path.relative('dist', file).replace(/\.js(\.map)?$/, '');
    const source = BESIDE.some((folder) => within.startsWith(`${folder}${path.sep}`))
      ? within
      : path.join('src', within);
    if (!['.ts', '.tsx', '.js'].some((ending) => existsSync(inRoot(`${source}${ending}`))))
      rmSync(inRoot(file));
  }
}

function fingerprint() {
  const hash = createHash('sha256');
  // The code that is kept of a bundle is code of one version of Node.
  hash.update(process.version);
  const files = SOURCES.flatMap((folder) => filesIn(folder)).sort();
  for (const file of [...RECIPE, ...files]) hash.update(`${file}\0`).update(contentOf(file)).update('\0');
  return hash.digest('hex');
}

function contentOf(file) {
  try {
    return readFileSync(inRoot(file));
  } catch (error) {
    // An editor replaces files while we look; the next look finds the new one.
    if (error.code === 'ENOENT') return '';
    throw error;
  }
}

function filesIn(folder) {
  return readdirSync(inRoot(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(path.relative(inRoot(), entry.parentPath), entry.name));
}
