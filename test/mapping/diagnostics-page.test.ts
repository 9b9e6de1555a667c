import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const page = readFileSync('docs/diagnostics.md', 'utf8');
const explained = new Set([...page.matchAll(/`([a-z]+(?:-[a-z]+)+|unreadable)`/g)].map(([, code]) => code!));

/** Codes stand in the sources as literals of these shapes. */
const shapes = [
  /\bcode: '([a-z-]+)'/g,
  /(?:NotInLanguage|ValueFault)\(\s*'([a-z-]+)'/g,
  /\bnote\(\s*[\w.]+,\s*'([a-z-]+)'/g,
  /const (?:repeatedName|targetMissing) = '([a-z-]+)'/g,
  /\? '(constant-condition|missing-fields|duplicate-field|duplicate-key)'/g,
];

function codesIn(folder: string): Set<string> {
  const texts = readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(`${folder}/${name}`, 'utf8'));
  return new Set(
    texts.flatMap((text) => shapes.flatMap((shape) => [...text.matchAll(shape)].map(([, code]) => code!))),
  );
}

describe('The page about diagnostics', () => {
  const codes = new Set([...codesIn('src/mapping')].filter((code) => code.includes('-')));

  it('explains every code there is', () => {
    expect(codes.size).toBeGreaterThan(50);
    expect([...codes].filter((code) => !explained.has(code)).sort()).toEqual([]);
  });
});
