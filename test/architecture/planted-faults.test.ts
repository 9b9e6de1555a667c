import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { FAULTS } from '../mutants/faults.mjs';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** `npm run test:mutants` plants them; it takes long, so a text that is found no longer must not wait for it. */
describe('Each fault that is planted to try the suite', () => {
  it.each(FAULTS.map((fault) => [fault.name, fault] as const))('%s', (_, { edits, tests }) => {
    for (const { file, old } of edits) {
      expect(readFileSync(path.join(ROOT, file), 'utf8'), `${file} has the text to change`).toContain(old);
    }
    expect(tests.length).toBeGreaterThan(0);
  });
});
