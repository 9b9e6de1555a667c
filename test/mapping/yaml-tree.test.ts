import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { PlainValues } from '../../src/mapping/yaml-plain.js';
import { parseYaml, YamlFault, type YamlNode } from '../../src/mapping/yaml-tree.js';

const FILES = ['mappings', 'mappings/picklists'].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => path.join(folder, name)),
);

/** Each with the text that its last value stands in. */
const PLACES: [text: string, written: string][] = [
  ['a: plain words  # and a comment\n', 'plain words'],
  [`a: 'it''s'\n`, `'it''s'`],
  ['a: "x\\ty"\n', '"x\\ty"'],
  ['a: |\n  one\n  two\n', 'one\n  two\n'],
  ['a: >-\n  one\n  two\n', 'one\n  two\n'],
  ['a: &name 12\n', '12'],
  ['a: &name x\nb: *name\n', '*name'],
  ['a:\n  - 1\n  - [2, 3]\n', '[2, 3'],
  ['\ufeffa: after a mark of the byte order\n', 'after a mark of the byte order'],
  ['a: 😀 b\nc: d\n', 'd'],
];

const FAULTY: [text: string, at: string][] = [
  ['a: [1\n', '\n'],
  ['a: b: c\n', ':'],
  ['a: "\\q"\n', 'q'],
  ['a: *nobody\n', '*nobody'],
  ['a: !ours 1\n', '!ours'],
  ['a: 1\n---\nb: 2\n', '\n'],
  ['a: "unfinished\n', '\n'],
  [`${'['.repeat(500)}\n`, '['],
];

describe('A tree of a YAML text', () => {
  it.each(FILES)('says what another library says: %s', (file) => {
    const text = readFileSync(file, 'utf8');
    expect(plain(text)).toEqual(parse(text, { merge: true, stringKeys: true }));
  });

  it.each([
    [
      'scalars',
      'a: ~\nb: 0x1F\nc: 0o17\nd: -1.5e3\ne: .inf\nf: TRUE\ng: yes\nh: 012\ni: 1_000\nj: 2026-01-01\nk:\n',
    ],
    ['texts by their tag', 'a: !!str 12\nb: ! 12\n'],
    ['keys that are no texts elsewhere', '1: a\ntrue: b\nnull: c\n'],
    ['blocks', 'a: |+\n  x\n\nb: >\n  one\n  two\n\n  three\nc: |2\n    indented\n'],
    ['escapes', 'a: "\\u00e9\\x41\\\n  joined"\n'],
    ['merges', 'a: &a { x: 1 }\nb: &b { x: 2, y: 3 }\nc: { <<: [*a, *b], z: 4 }\nd: { x: 0, <<: *b }\n'],
    ['an anchor that is given twice', 'a: &n 1\nb: *n\nc: &n 2\nd: *n\n'],
    ['nothing', '# only a comment\n'],
  ])('says what another library says of %s', (_what, text) => {
    expect(plain(text)).toEqual(parse(text, { merge: true, stringKeys: true }));
  });

  it('keeps a key named __proto__ a key', () => {
    const value = plain('__proto__: { a: 1 }\n') as object;
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  it.each(PLACES)('knows the place of each value: %j', (text, written) => {
    const [from, to] = last(parseYaml(text)!).range;
    expect(text.slice(from, to)).toBe(written);
  });

  it.each(FAULTY)('says where a text is faulty: %j', (text, at) => {
    const fault = faultOf(text);
    expect(fault?.message).toMatch(/\w/);
    expect(text.slice(...fault!.range).startsWith(at)).toBe(true);
  });

  it('is a tree or a fault, whatever stands in the file', () => {
    const texts = FILES.map((file) => readFileSync(file, 'utf8'));
    const snippet = fc.constantFrom(
      ...Array.from('\t\n "\'{}[]:,&*!|>%@`-?#\\~'),
      '\r\n',
      '<<: *',
      '"\\',
      '\u0000',
      '\ud800',
    );
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.nat(), fc.nat(40), snippet, (text, at, cut, odd) => {
        const place = at % text.length;
        const broken = text.slice(0, place) + odd + text.slice(place + cut);
        const fault = faultOf(broken);
        if (!fault) return;
        const [from, to] = fault.range;
        expect(from).toBeGreaterThanOrEqual(0);
        expect(to).toBeGreaterThan(from);
        expect(from).toBeLessThan(broken.length);
      }),
      { numRuns: 1_000 },
    );
  });
});

function plain(text: string): unknown {
  return new PlainValues().of(parseYaml(text));
}

function last(node: YamlNode): YamlNode {
  if (node.kind === 'map') return last(node.pairs.at(-1)!.value);
  if (node.kind === 'list' && node.items.at(-1)?.kind !== 'scalar') return node.items.at(-1)!;
  return node;
}

/** Null where there is none; anything but a fault of YAML is thrown. */
function faultOf(text: string): YamlFault | null {
  try {
    parseYaml(text);
    return null;
  } catch (error) {
    if (error instanceof YamlFault) return error;
    throw error;
  }
}
