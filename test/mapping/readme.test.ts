import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { compileMapping } from '../../src/mapping/compile-mapping.js';
import { parseMapping } from '../../src/mapping/parse-mapping.js';
import { parsePicklist } from '../../src/mapping/picklist.js';
import { runExamples } from '../../src/mapping/run-examples.js';
import { loadSurroundings, type MappingSurroundings } from '../../src/pipelines/mapping-files.js';

const folder = path.resolve(import.meta.dirname, '../../mappings');
const readme = readFileSync(path.join(folder, 'README.md'), 'utf8');
const snippets = [...readme.matchAll(/^```yaml(.*)\n([^]*?)^```$/gm)].map(([, kind, text]) => ({
  kind: kind!.trim(),
  text: text!,
  line: readme.slice(0, readme.indexOf(text!)).split('\n').length,
}));

let surroundings: MappingSurroundings;
beforeAll(() => {
  surroundings = loadSurroundings(folder);
});

/** A snippet that shows only fields, or a few keys, stands in this frame. */
function framed(text: string): string {
  const isPart = /^(when|fields):/m.test(text);
  const when = /^when:/m.test(text) ? '' : 'when: consent.granted("marketing")\nwhenNot: keep\n';
  const fields = isPart ? text : `fields:\n${text.replace(/^/gm, '  ').trimEnd()}\n`;
  return `mapping: salesforce.lead\nstream: person\ndestination: salesforce\nobject: Lead\noperation: update\n${when}key: { field: Foyer_Person_Id__c, value: person.id }\n${fields}`;
}

function compile(
  text: string,
): ReturnType<typeof compileMapping> & { parsed: ReturnType<typeof parseMapping> } {
  const parsed = parseMapping('README.md', text);
  const target = surroundings.targets.get(`${parsed.destination?.value}.${parsed.object?.value}`) ?? null;
  return { ...compileMapping(parsed, { target, picklists: surroundings.picklists }), parsed };
}

describe('The page about mapping files', () => {
  it('marks every snippet with what it is', () => {
    expect(snippets.length).toBeGreaterThan(12);
    for (const { kind } of snippets) expect(kind).toMatch(/^(mapping|fields|picklist|fault [a-z-]+)$/);
    for (let rule = 1; rule <= 15; rule++) expect(readme).toContain(`**${rule}. `);
  });

  it.each(snippets.map((snippet) => [`line ${snippet.line}: ${snippet.kind}`, snippet] as const))(
    '%s',
    (_title, { kind, text }) => {
      if (kind === 'picklist') {
        expect(parsePicklist('README.md', text)).toMatchObject({
          diagnostics: [],
          picklist: { otherwise: 'Nurturing' },
        });
        return;
      }
      const { diagnostics, mapping, parsed } = compile(kind === 'mapping' ? text : framed(text));
      const expected = kind.startsWith('fault') ? [kind.slice('fault '.length)] : [];
      expect(diagnostics.map(({ code }) => code)).toEqual(expected);
      if (mapping) for (const result of runExamples(mapping, parsed)) expect(result.differences).toEqual([]);
    },
  );
});
