import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CachedScript } from '../../scripts/launcher/cached-script.mjs';

let folder: string;
let file: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'foyer-cached-script-'));
  file = path.join(folder, 'some.cjs');
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function keep(text: string): void {
  CachedScript.write(file, text);
  const script = new CachedScript(file);
  script.exports();
  script.keepCode();
}

const answer = (): unknown => (new CachedScript(file).exports() as { answer: unknown }).answer;

it('starts with the code that was kept, and finds its place and what is beside it', () => {
  keep("exports.answer = [require('node:path').sep, __filename, __dirname, 'ä'];");
  expect(new CachedScript(file).isCached).toBe(true);
  expect(answer()).toEqual([path.sep, file, folder, 'ä']);
});

it('does not take code of another text of the same length', () => {
  keep('exports.answer = 41;');
  CachedScript.write(file, 'exports.answer = 42;');
  expect(new CachedScript(file).isCached).toBe(false);
  expect(answer()).toBe(42);
});

it.each([
  ['made by something else', (kept: Buffer) => Buffer.concat([kept.subarray(0, 67), Buffer.from('else')])],
  ['cut short', (kept: Buffer) => kept.subarray(0, 30)],
  ['empty', () => Buffer.alloc(0)],
])('is whole without its code, or with code that is %s', (_how, spoil) => {
  keep('exports.answer = 42;');
  writeFileSync(`${file}.cache`, spoil(readFileSync(`${file}.cache`)));
  expect(answer()).toBe(42);
});
