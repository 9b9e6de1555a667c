import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let root: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(path.join(tmpdir(), 'foyer-command-')));
  cpSync('scripts', path.join(root, 'scripts'), { recursive: true });
  // In place of the command line: tells which settings it was given.
  put(
    'dist/cli/main.js',
    'const { A, DATABASE_URL, FOYER_VAR_DIR } = process.env; console.log(A, DATABASE_URL, FOYER_VAR_DIR);',
  );
  put('package.json', '{ "type": "module" }');
  put('other/environment.json', JSON.stringify({ A: 'running', DATABASE_URL: 'postgres://running' }));
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

function put(file: string, text: string): void {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), text);
}

async function told(env: Record<string, string> = {}): Promise<string> {
  const { DATABASE_URL: _url, FOYER_VAR_DIR: _dir, ...others } = process.env;
  const script = path.join(root, 'scripts/foyer.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [script, 'ledger'], {
    env: { ...others, ...env },
  });
  return stdout.trim();
}

describe('npx foyer', () => {
  it('finds what runs here where .env has moved its folder', async () => {
    put('.env', 'FOYER_VAR_DIR=other\n');
    expect(await told()).toBe('running postgres://running other');
  });

  it('means what runs here also where .env names the database of it', async () => {
    put('.env', 'FOYER_VAR_DIR=other\nDATABASE_URL=postgres://mine\n');
    expect(await told()).toBe('running postgres://mine other');
  });

  it('lets the environment win: a database that it names is meant, with nothing of what runs here', async () => {
    put('.env', 'FOYER_VAR_DIR=other\n');
    expect(await told({ DATABASE_URL: 'postgres://given' })).toBe('undefined postgres://given other');
  });
});
